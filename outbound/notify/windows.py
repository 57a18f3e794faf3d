"""When digests leave: at eight in the morning of a day on which the recipient works, by the recipient's clock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from gateway.domain.preferences.quiet import USUAL

Rhythm = Literal["daily", "weekly"]

AT = time(8)


def following(rhythm: Rhythm, zone: str, now: datetime, working: Collection[int] = USUAL.working_days) -> datetime:
    """The next window after an instant: daily ones on each working day, weekly ones on the first from Monday on.

    Eight o'clock is never skipped or doubled when clocks change, for they do so at night.

    Args:
        rhythm: of the digest.
        zone: of the recipient.
        now: the instant.
        working: days on which the recipient works, by ISO number; at least one.
    """
    days = {min(working)} if rhythm == "weekly" else set(working)
    day = now.astimezone(ZoneInfo(zone)).date()
    while True:
        begins = datetime.combine(day, AT, ZoneInfo(zone)).astimezone(UTC)
        if day.isoweekday() in days and begins > now:
            return begins
        day += timedelta(days=1)


@cache
def zones() -> frozenset[str]:
    """All that there are. To find them reads thousands of files, which takes as long as telling somebody."""
    return frozenset(available_timezones())
