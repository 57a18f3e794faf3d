"""Two checks of one person side by side: what is known differently, how each score moved, and by which entries.

What is unknown stays unknown: a score that cannot be determined moves by no number, and no part of it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from gateway.domain.eligibility import attributing, differences
from gateway.domain.eligibility.attributing import Step, Weighing
from gateway.domain.eligibility.differences import EntryMove
from gateway.domain.eligibility.reasons import Reasons
from gateway.domain.eligibility.terms import GateState, Profile, Recommendation
from gateway.domain.rules.criteria import VISAS, visa_on


class Side(Struct, frozen=True, kw_only=True):
    """A check, as far as it is compared.

    Attributes:
        told: what it said, by visa.
        rules: digest of the criteria by which it was scored.
    """

    profile: Profile
    told: Mapping[str, Recommendation]
    rules: str


class Standing(Struct, frozen=True, kw_only=True):
    """Where a check stands on a visa; only what is `scored` has a score."""

    state: Literal["scored", "undetermined", "not_checked"]
    score: float | None = None


class PartMove(Struct, frozen=True, kw_only=True):
    """A part of a score, and what holds it down as the part `cap`; None is not known, or not there."""

    name: str
    before: float | None
    after: float | None
    points: float | None


class GateMove(Struct, frozen=True, kw_only=True):
    """A gate that stands otherwise than it did; None: that check's law has no such gate."""

    gate: str
    before: GateState | None
    after: GateState | None
    sentence: str


class CriterionMove(Struct, frozen=True, kw_only=True):
    """A criterion that is shown otherwise, or counts otherwise; None: that check's law has no such criterion.

    Attributes:
        entries: refs of those by which it moved.
        points: of the score before it is held down; None where a score is unknown.
    """

    criterion: str
    before: float | None
    after: float | None
    points: float | None
    entries: Sequence[str]
    sentence: str


class VisaMove(Struct, frozen=True, kw_only=True):
    """A visa in both checks.

    Attributes:
        points: by which the score moved, the sum of the points of all parts; None where it is unknown on a side.
        parts: all of them; what holds a score down is the part `cap`, of no or of less than no points.
        why: sentences, one for each change that counts, in the order in which their points are reckoned.
    """

    visa: str
    before: Standing
    after: Standing
    points: float | None
    parts: Sequence[PartMove] = ()
    gates: Sequence[GateMove] = ()
    criteria: Sequence[CriterionMove] = ()
    why: Sequence[str] = ()


class Law(Struct, frozen=True, kw_only=True):
    """By the law of which days the checks were made, and whether the criteria are others."""

    before: date
    after: date
    is_changed: bool
    sentence: str


class Comparison(Struct, frozen=True, kw_only=True):
    """All that lies between two checks."""

    law: Law
    profile: Sequence[EntryMove]
    visas: Sequence[VisaMove]


def compare(before: Side, after: Side) -> Comparison:
    """What lies between two checks of one person, the earlier one first."""
    moved = differences.between(before.profile, after.profile)
    asked = [one for one in VISAS if one in before.told or one in after.told]
    return Comparison(law=_law(before, after), profile=moved, visas=[_visa(one, before, after, moved) for one in asked])


def _law(before: Side, after: Side) -> Law:
    days, is_changed = (before.profile.as_of, after.profile.as_of), before.rules != after.rules
    said = "the criteria are others" if is_changed else "the criteria are the same"
    sentence = f"By the law as of {days[0]} and of {days[1]}: {said}."
    return Law(before=days[0], after=days[1], is_changed=is_changed, sentence=sentence)


def _visa(name: str, before: Side, after: Side, moved: Sequence[EntryMove]) -> VisaMove:
    one, other = before.told.get(name), after.told.get(name)
    stands = _standing(one), _standing(other)
    if one is None or other is None:
        when = "later" if one is None else "earlier"
        why = f"Only the {when} check was asked about {name}."
        return VisaMove(visa=name, before=stands[0], after=stands[1], points=None, why=[why])
    sides = tuple(
        Weighing(visa=visa_on(name, told.law_as_of), profile=side.profile, told=told)
        for side, told in ((before, one), (after, other))
    )
    return _both(sides, stands, Reasons(before=sides[0], after=sides[1], moved=moved))


def _standing(told: Recommendation | None) -> Standing:
    if told is None:
        return Standing(state="not_checked")
    return Standing(state="undetermined" if told.score is None else "scored", score=told.score)


def _both(sides: tuple[Weighing, ...], stands: tuple[Standing, Standing], reasons: Reasons) -> VisaMove:
    before, after = sides
    steps = {one.name: one for one in attributing.steps(before, after)}
    gates, criteria = _gates(reasons), _criteria(reasons, steps)
    why = [
        *reasons.of_law(steps),
        *(one.sentence for one in gates),
        *reasons.of_knowledge(steps),
        *(one.sentence for one in criteria),
        *reasons.of_score(),
    ]
    points = _difference(before.told.score, after.told.score)
    parts = _parts(before.told, after.told)
    return VisaMove(
        visa=before.told.visa,
        before=stands[0],
        after=stands[1],
        points=points,
        parts=parts,
        gates=gates,
        criteria=criteria,
        why=why,
    )


# ------------------------------------------------------------------------------------------------ parts


def _parts(before: Recommendation, after: Recommendation) -> list[PartMove]:
    sides = _points(before), _points(after)
    is_known = before.score is not None and after.score is not None
    names = dict.fromkeys([*sides[0], *sides[1]])
    return [_part(name, sides[0].get(name), sides[1].get(name), is_known=is_known) for name in names]


def _part(name: str, before: float | None, after: float | None, *, is_known: bool) -> PartMove:
    points = round((after or 0.0) - (before or 0.0), 1) if is_known else None
    return PartMove(name=name, before=before, after=after, points=points)


def _points(told: Recommendation) -> dict[str, float]:
    """By part, and what holds the score down as one of them; none where the score is unknown."""
    if told.score is None:
        return {}
    parts = dict(attributing.points_of(told.parts))
    return {**parts, "cap": round(told.score - sum(parts.values()), 1) + 0.0}


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else round(after - before, 1)


# ------------------------------------------------------------------------------------------------ gates and criteria


def _gates(reasons: Reasons) -> list[GateMove]:
    one, other = ({gate.gate: gate for gate in side.told.gates} for side in (reasons.before, reasons.after))
    states = {
        name: (one[name].state if name in one else None, other[name].state if name in other else None)
        for name in dict.fromkeys([*other, *one])
    }
    return [
        GateMove(gate=name, before=before, after=after, sentence=reasons.of_gate(name, before, after))
        for name, (before, after) in states.items()
        if before != after
    ]


def _criteria(reasons: Reasons, steps: Mapping[str, Step]) -> list[CriterionMove]:
    one, other = ({each.criterion: each for each in side.told.findings} for side in (reasons.before, reasons.after))
    strengths = {
        name: (one[name].strength if name in one else None, other[name].strength if name in other else None)
        for name in dict.fromkeys([*other, *one])
    }
    return [
        _criterion(reasons, name, strength, steps.get(name))
        for name, strength in strengths.items()
        if strength[0] != strength[1] or name in steps
    ]


def _criterion(
    reasons: Reasons, name: str, strength: tuple[float | None, float | None], step: Step | None
) -> CriterionMove:
    return CriterionMove(
        criterion=name,
        before=strength[0],
        after=strength[1],
        points=(step.points if step else 0.0) if reasons.is_known else None,
        entries=[one.ref for one in reasons.entries_of(name)],
        sentence=reasons.of_criterion(name, *strength, step),
    )
