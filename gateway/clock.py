"""The one seam of time in Python; `gateway_now()` is its twin in SQL.

Both read a setting first, so that a journey can put the whole system on a chosen day:
`GATEWAY_NOW` here, `app.now` in the database session (set from here, see `gateway.db.session`).
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LATEST = datetime(9999, 12, 30, tzinfo=UTC)  # what is later may lie beyond the calendar in another zone


def now() -> datetime:
    """The current instant in UTC, or the one that `GATEWAY_NOW` (ISO 8601 with offset) pretends."""
    pretended = os.environ.get("GATEWAY_NOW")
    if pretended:
        return datetime.fromisoformat(pretended).astimezone(UTC)
    return datetime.now(UTC)  # noqa: TID251 - this is the seam


def is_pretended() -> bool:
    """Whether the clock is set by hand, so that the database must be told."""
    return bool(os.environ.get("GATEWAY_NOW"))


def day_in(zone: str, instant: datetime) -> date:
    """The calendar day of an instant in an IANA zone: what `today` means to a partner there."""
    return instant.astimezone(ZoneInfo(zone)).date()


def days_later(day: date, days: int) -> date:
    """The day so many days later, or earlier; the calendar's last or first one where it would lie outside of it."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def years_later(day: date, years: int) -> date:
    """The same day so many years later; of a leap day, the first of March. The calendar's last one where it ends."""
    year = day.year + years
    if year > date.max.year:
        return date.max
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
