"""When somebody is not to be told, by their own clock, and when that ends, over changes of the clock too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo

from msgspec import Struct


class Quiet(Struct, frozen=True, kw_only=True):
    """When somebody is not to be told: outside these hours of these days, by their own clock.

    Attributes:
        begins, ends: of the quiet time, which may go over midnight; equal ones are no quiet time.
        working_days: ISO numbers, Monday is 1; at least one.
    """

    zone: ZoneInfo
    begins: time = time(20)
    ends: time = time(8)
    working_days: frozenset[int] = frozenset({1, 2, 3, 4, 5})

    def __post_init__(self) -> None:
        if not self.working_days & set(range(1, 8)):
            raise ValueError("Somebody who works on no day could never be told.")


def is_day_off(quiet: Quiet, instant: datetime) -> bool:
    """Whether it is no working day where they are."""
    return instant.astimezone(quiet.zone).isoweekday() not in quiet.working_days


def is_quiet(quiet: Quiet, instant: datetime) -> bool:
    """Whether it is quiet time by the clock on the wall, whatever the day."""
    wall = instant.astimezone(quiet.zone).time()
    if quiet.begins <= quiet.ends:
        return quiet.begins <= wall < quiet.ends
    return wall >= quiet.begins or wall < quiet.ends


@lru_cache(256)  # of a firm's people most keep the same hours, and all are asked about at one instant
def first_minute(quiet: Quiet, instant: datetime) -> datetime:
    """The first instant from this one on at which they may be told, in UTC.

    Between two of the instants that are tried nothing changes: on each day midnight, both ends of the quiet time, and a
    change of the clock. So the first of them that is free is the first of all. An hour that the clock passes twice is
    quiet twice; one that it leaves out ends with the change.
    """
    first = instant.astimezone(quiet.zone).date() - timedelta(days=1)
    days = (first + timedelta(days=one) for one in count())
    turns = (turn for day in days for turn in sorted(_turns(quiet, day)) if turn > instant)
    return next(one for one in _with(instant.astimezone(UTC), turns) if _is_free(quiet, one))


def next_midnight(zone: ZoneInfo, instant: datetime) -> datetime:
    """When the next day begins in a zone, in UTC."""
    tomorrow = instant.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)


def midnight(zone: ZoneInfo, instant: datetime) -> datetime:
    """When the day of an instant began in a zone, in UTC."""
    return datetime.combine(instant.astimezone(zone).date(), time(), zone).astimezone(UTC)


def _with(instant: datetime, turns: Iterator[datetime]) -> Iterator[datetime]:
    yield instant
    yield from turns


def _is_free(quiet: Quiet, instant: datetime) -> bool:
    return not is_day_off(quiet, instant) and not is_quiet(quiet, instant)


def _turns(quiet: Quiet, day: date) -> set[datetime]:
    """The instants of a day at which quiet may begin or end; an hour that comes twice has its turns twice."""
    walls = [datetime.combine(day, one, quiet.zone) for one in (time(), quiet.begins, quiet.ends)]
    turns = {wall.replace(fold=fold).astimezone(UTC) for wall in walls for fold in (0, 1)}
    return turns | _changes(quiet.zone, day)


def _changes(zone: ZoneInfo, day: date) -> set[datetime]:
    """The instant of a day at which its clock is changed, to the second, found by halving."""
    low, high = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    before = low.astimezone(zone).utcoffset()
    if high.astimezone(zone).utcoffset() == before:
        return set()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return {high}
