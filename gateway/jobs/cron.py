"""When a cron expression is due, in its time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

_LOOK_BACK = timedelta(days=1)  # enough for what is due every day; only for the rest is all of the past looked at


def due_since(cron: str, time_zone: str, last: datetime, now: datetime) -> datetime | None:
    """The latest instant of an expression after `last` and not after `now`: many missed runs are caught up as one.

    Around a change of the clocks as Debian's cron does it: what falls into the gap runs right after it, what would
    come twice runs once; expressions by the minute or hour follow the time that passes. The answer is in UTC.
    """
    zone = ZoneInfo(time_zone)
    for start in sorted({max(last, now - _LOOK_BACK), last}, reverse=True):
        found = None
        for local in CronSim(cron, start.astimezone(zone)):
            instant = local.astimezone(UTC)  # in a zone, Python compares what the clocks show
            if instant > now:
                break
            if instant > start:  # an hour that comes twice starts before the second time
                found = instant
        if found:
            return found
    return None
