"""The instants that callers write: of queries and forms, and those that their data speak of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway import clock
from gateway.web.problems import Rejected

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(minutes=5)
Instant = Annotated[str, Meta(max_length=64, extra_json_schema={"format": "date-time"})]  # as queries and forms have it


def instant_of(text: Instant | None, name: str) -> datetime | None:
    """The instant that a query or a form names; the framework would take any number for seconds since 1970.

    Raises:
        Rejected: 400 `invalid_request`, it is none, or lacks its offset.
    """
    if text is None:
        return None
    try:
        instant = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Rejected(400, "invalid_request", f"{name} is an instant with its offset, such as 2026-05-01T00:00:00Z.")
    return instant


def check_as_of(as_of: datetime | None) -> None:
    """Refuse what cannot be told, or cannot be: whatever comes later would count as older.

    Raises:
        Rejected: 400 `invalid_request`, no offset; 422 `as_of_out_of_range`.
    """
    if as_of is None:
        return
    if as_of.tzinfo is None:
        raise Rejected(400, "invalid_request", "as_of lacks its offset: write 2026-05-01T00:00:00Z.")
    if not EARLIEST <= as_of <= clock.now() + CLOCKS_DIFFER:
        raise Rejected(422, "as_of_out_of_range", "as_of is not later than now, and not before 1970.")
