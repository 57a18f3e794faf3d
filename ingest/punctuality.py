"""When files of a feed are due, and what it owes: plain reckoning, without a database.

A file is due at a time of the partner's day. What comes in the twelve hours after it, or up to half of the time to the
next one where that is shorter, is that day's file, late; what comes later is the next day's, early.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from ingest.feed import WEEKDAYS, Expected

USUAL = 10  # files that say how many rows are usual ...
LEAST = 3  # ... and without so many, nothing does

Span = tuple[datetime, datetime]  # the first and the last instant

_LATE = timedelta(hours=12)
_WEEK = timedelta(days=8)  # in which a file is due at least once, whatever the clocks do


class Due(NamedTuple):
    """A day on which a file is due, and the instant after which it is late."""

    day: date
    at: datetime


class Window(NamedTuple):
    """A due day, and between which instants a file is that day's: after `opens`, until `closes`."""

    due: Due
    opens: datetime
    closes: datetime


class Owed(NamedTuple):
    """The file that a feed owes: `late` until the next one is due, from then on it is `missing`."""

    kind: Literal["late", "missing"]
    due: Due


def owed(expected: Expected, zone: str, last: datetime, now: datetime, *, came: bool = True) -> Owed | None:
    """What a feed owes at an instant. A silence is one thing that is owed, however many days it lasts.

    Args:
        expected: what was promised.
        zone: the partner's.
        last: when the last file came, or the feed itself.
        now: the instant.
        came: it was a file.
    """
    days = due_between(expected, zone, last - _WEEK, last + 3 * _WEEK)
    for (before, one), (_, after) in pairwise(pairwise(days)):
        if last <= (_opens(before, one) if came else one.at):
            return Owed("missing" if after.at < now else "late", one) if one.at < now else None
    raise AssertionError("a file is due in every week")


def next_due(expected: Expected, zone: str, last: datetime | None, now: datetime) -> Due:
    """The file that is awaited next: of those due from now on the first that has not come early.

    Args:
        expected: what was promised.
        zone: the partner's.
        last: when the last file came; None where none has.
        now: the instant.
    """
    days = due_between(expected, zone, now - _WEEK, now + 3 * _WEEK)
    for before, one in pairwise(days):
        if one.at >= now and (last is None or last <= _opens(before, one)):
            return one
    raise AssertionError("a file is due in every week")


def windows(expected: Expected, zone: str, since: datetime, now: datetime) -> list[Window]:
    """The files that were due after one instant and before another, the first one first."""
    days = due_between(expected, zone, since - _WEEK, now + _WEEK)
    threes = pairwise(pairwise(days))
    found = [Window(one, _opens(before, one), _opens(one, after)) for (before, one), (_, after) in threes]
    return [one for one in found if since < one.due.at < now]


def unkept(due: Sequence[Window], came: Sequence[Span]) -> list[Due]:
    """Those of the windows in which no file came.

    Args:
        due: the first one first.
        came: when files came: first and last of as many as stand together; spans that do not overlap.
    """
    spans, found = deque(sorted(came)), []
    for one in due:
        while spans and spans[0][1] <= one.opens:
            spans.popleft()
        if not spans or spans[0][0] > one.closes:
            found.append(one.due)
    return found


def _opens(before: Due, one: Due) -> datetime:
    """From when on a file is no longer the former's, late, but this one's, early."""
    return before.at + min(_LATE, (one.at - before.at) / 2)


def due_between(expected: Expected, zone: str, first: datetime, last: datetime) -> list[Due]:
    """The due days whose instants lie in (first, last].

    A time that the clocks leave out is meant as what they show then, an hour later; of one that comes twice, the first.
    """
    day = first.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    found = []
    while day <= last.astimezone(ZoneInfo(zone)).date():
        at = datetime.combine(day, time.fromisoformat(expected.by), ZoneInfo(zone)).astimezone(UTC)
        if WEEKDAYS[day.weekday()] in expected.weekdays and first < at <= last:
            found.append(Due(day, at))
        day += timedelta(days=1)
    return found


def is_short(rows: int, before: Sequence[int], percent: float) -> bool:
    """Whether a file has far fewer rows than those before it, the newest of which count."""
    usual = before[-USUAL:]
    return len(usual) >= LEAST and rows < median(usual) * percent / 100
