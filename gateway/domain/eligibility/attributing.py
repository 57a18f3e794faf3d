"""What each change between two checks is worth in points: changes are let happen one after another, each is weighed.

First the law, then what is known and the day, then the criteria in their order; so the points of all of them come to
the movement of the parts, whatever the method. A criterion that stands later may be worth less than if it came first:
where three count, a fourth moves the score only as far as it is stronger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from gateway.domain.eligibility import methods
from gateway.domain.eligibility.terms import Finding, Part, Profile, Recommendation
from gateway.domain.rules.criteria import Visa

LAW: Final = "law"
KNOWN: Final = "known"
WEIGHING: Final = "weighing"  # what is weighed otherwise today than it was then, by the same day's law

Parts = Mapping[str, float]  # points by the name of the part


class Weighing(Struct, frozen=True, kw_only=True):
    """What a check weighed, and what it said of it; the criteria are those of its day."""

    visa: Visa
    profile: Profile
    told: Recommendation


class Step(Struct, frozen=True, kw_only=True):
    """A change, and the points that it moved, by part; parts that it did not move are left out.

    Attributes:
        name: `LAW`, `KNOWN`, `WEIGHING`, or the id of a criterion, none of which is in small letters.
    """

    name: str
    parts: Parts

    @property
    def points(self) -> float:
        """Of all parts together."""
        return round(sum(self.parts.values()), 1)


def steps(before: Weighing, after: Weighing) -> list[Step]:
    """The changes that moved points, in the order in which they are let happen; none where a score is unknown."""
    if before.told.score is None or after.told.score is None:
        return []
    moved: dict[str, Parts] = {}
    for (_, one), (name, other) in pairwise(_stations(before, after)):
        moved[name] = moves({}, _together(moved.get(name, {}), moves(one, other)))
    return [Step(name=name, parts=parts) for name, parts in moved.items() if parts]


def moves(before: Parts, after: Parts) -> Parts:
    """What parts moved by; a part that is not there counted nothing."""
    names = dict.fromkeys([*before, *after])
    found = {name: round(after.get(name, 0.0) - before.get(name, 0.0), 1) for name in names}
    return {name: points for name, points in found.items() if points}


def points_of(parts: Sequence[Part]) -> Parts:
    """By their names."""
    return {one.name: one.points for one in parts}


def _together(one: Parts, other: Parts) -> Parts:
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in dict.fromkeys([*one, *other])}


def _stations(before: Weighing, after: Weighing) -> Iterator[tuple[str, Parts]]:
    """Where the parts stand after each change, from what the first check said to what the second one said."""
    held = {one.criterion: one for one in before.told.findings}
    yield "", points_of(before.told.parts)
    yield WEIGHING, _weighed(before.visa, before.profile, held)
    yield LAW, _weighed(after.visa, before.profile, held)
    yield KNOWN, _weighed(after.visa, after.profile, held)
    for one in after.told.findings:
        held = {**held, one.criterion: one}
        yield one.criterion, _weighed(after.visa, after.profile, held)
    yield WEIGHING, points_of(after.told.parts)


def _weighed(visa: Visa, profile: Profile, held: Mapping[str, Finding]) -> Parts:
    findings = [held.get(one.id) or _nothing(one.id) for one in visa.criteria]
    return points_of(methods.weigh(visa, profile, findings).parts)


def _nothing(criterion: str) -> Finding:
    return Finding(criterion=criterion, strength=0.0, is_met=False, sentence="", source="")
