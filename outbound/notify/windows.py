"""When digests leave: at eight in the morning of a working day, by the recipient's clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

Rhythm = Literal["daily", "weekly"]

AT = time(8)
_SATURDAY = 5  # Monday is 0


def following(rhythm: Rhythm, zone: str, now: datetime) -> datetime:
    """The next window after an instant: daily ones from Monday to Friday, weekly ones on Mondays.

    Eight o'clock is never skipped or doubled when clocks change, for they do so at night.
    """
    day = now.astimezone(ZoneInfo(zone)).date()
    while True:
        begins = datetime.combine(day, AT, ZoneInfo(zone)).astimezone(UTC)
        is_one = day.weekday() == 0 if rhythm == "weekly" else day.weekday() < _SATURDAY
        if is_one and begins > now:
            return begins
        day += timedelta(days=1)


@cache
def zones() -> frozenset[str]:
    """All that there are. To find them reads thousands of files, which takes as long as telling somebody."""
    return frozenset(available_timezones())
