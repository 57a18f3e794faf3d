"""How much somebody works: hours a week by day, and what part of a capacity that leaves."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor

from gateway.config import nearest
from gateway.errors import Invalid

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FULL_TIME = 40  # hours a week; who works more holds no more
_DAY = 24


def prorated(capacity: int, availability: Mapping[str, float]) -> int:
    """Active cases that may be held by whoever works these hours; nothing said is full time.

    Part time takes its part off, rounded down; whoever works at all and has a capacity may hold one.
    """
    hours = sum(availability.values()) if availability else FULL_TIME
    if capacity < 1 or hours <= 0:
        return 0
    return max(1, floor(capacity * min(1, hours / FULL_TIME)))


def week_of(given: Mapping[str, float]) -> dict[str, float]:
    """Hours by day as they are kept, Monday first.

    Raises:
        Invalid: `attorney_wrong`, a day that there is not, or hours that no day has.
    """
    for day, hours in given.items():
        if day not in DAYS:
            meant = nearest(day[:3], DAYS)
            told = f' Did you mean "{meant}"?' if meant else f" There are {', '.join(DAYS)}."
            raise Invalid("attorney_wrong", f'availability: there is no day "{day}".{told}')
        if not 0 <= hours <= _DAY:
            raise Invalid("attorney_wrong", f"availability: {day} has 0 to {_DAY} hours, not {hours:g}.")
    return {day: given[day] for day in DAYS if day in given}
