"""What every method gives, and how far what it needs to know is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.domain.eligibility.terms import STRENGTHS, Entry, Part, Profile
from gateway.domain.rules.criteria import Criterion, Way

# what is only asserted meets no burden of proof: Matter of Chawathe, 25 I&N Dec. 369
MET: Final = STRENGTHS["documented"]
COMPLETE: Final = 15.0


class Weighed(NamedTuple):
    """Points by parts, and how many criteria are met of how many that are needed."""

    parts: Sequence[Part]
    met: int
    needed: int


def mean(numbers: Sequence[float]) -> float:
    """Of at least one."""
    return sum(numbers) / len(numbers)


def shown(numbers: Sequence[float]) -> str:
    """Numbers as a sum in brackets."""
    return f"({' + '.join(f'{one:.2g}' for one in numbers)})"


def completeness(criteria: Sequence[Criterion], profile: Profile, count: int) -> Part:
    """How much of what criteria look at is known, by those of which the most is."""
    known = sorted((_known(one, profile) for one in criteria), reverse=True)[:count]
    working = f"{COMPLETE:g} x {shown(known)} / {count}: known, of the fields that the criteria look at"
    return Part(name="completeness", points=round(COMPLETE * sum(known) / count, 1), most=COMPLETE, working=working)


def _known(criterion: Criterion, profile: Profile) -> float:
    """Of the fields at which a criterion looks, the share that the entry knows of which the most is known."""
    shares = [_share(way, entry) for way in criterion.ways for entry in profile.of(way.kind)]
    return max(shares, default=0.0)


def _share(way: Way, entry: Entry) -> float:
    fields = [field for kind, field in way.places() if kind == way.kind]
    return sum(one in entry.facts for one in fields) / len(fields) if fields else 1.0
