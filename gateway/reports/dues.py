"""When a feed's file was due last, as its `expected` says, and whether it came by then."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple

import yaml
from msgspec import Struct

from gateway.config import ConfigError, Document, decode

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BEFORE = timedelta(hours=12)  # what comes so long before it is due is meant for it


class _Expected(Struct, frozen=True):
    """What is needed of `expected` here; the section is the feed's (`ingest.feed`)."""

    by: str
    days: str | list[str] = "weekdays"


class Due(NamedTuple):
    """The last time at which a file should have been there.

    Attributes:
        by: as agreed, `06:00`.
        at: that time on the last day on which one was due; of the partner's zone.
    """

    by: str
    at: datetime

    def state(self, received_at: datetime | None) -> Literal["on_time", "late", "missing", "never"]:
        """Whether the newest file came for it: since the day began, or half a day before."""
        if received_at is None:
            return "never"
        if received_at < min(self.at.replace(hour=0, minute=0), self.at - _BEFORE):
            return "missing"
        return "on_time" if received_at <= self.at else "late"


def names_of(document: Document | None) -> list[str]:
    """The feeds of settings, in their order."""
    node = document.node(("feeds",)) if document else None
    return [key.value for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []


def due_of(document: Document | None, feed: str, now: datetime) -> Due | None:
    """When the feed's file was due last; None where nobody agreed on a time.

    Args:
        document: the settings.
        feed: of them.
        now: in the partner's zone.
    """
    at = ("feeds", feed, "expected")
    if document is None or document.node(at) is None:
        return None
    try:
        expected = decode(document, _Expected, at)
    except ConfigError:  # of an older version, in which something else was allowed
        return None
    hour, minute = map(int, expected.by.split(":"))
    days = [now.date() - timedelta(days=back) for back in range(8)]
    dues = [datetime.combine(day, time(hour, minute), now.tzinfo) for day in days if _is_due(day.weekday(), expected)]
    return next((Due(expected.by, one) for one in dues if one <= now), None)


def _is_due(weekday: int, expected: _Expected) -> bool:
    named = [expected.days] if isinstance(expected.days, str) else expected.days
    if "weekdays" in named:
        return weekday < _WEEK.index("sat")
    days = {one.casefold()[:3] for one in named}
    return _WEEK[weekday] in days if days <= set(_WEEK) else True
