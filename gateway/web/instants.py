"""The instants that callers say their data speak of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway import clock
from gateway.web.problems import Rejected

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(minutes=5)


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
