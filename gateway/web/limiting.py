"""Counts requests of partners against their limits, and tells callers how they stand.

Header fields as in draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` says what is allowed, `RateLimit` what is
left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection

from gateway.domain.access.tiers import CEILING, FILES, caller_of, windows_of
from gateway.limits import Counter, Decision, Standing, Window
from gateway.web.calls import Identity
from gateway.web.problems import Rejected

STATE = "limit_fields"  # where in the scope the fields wait for the answer


def count(connection: ASGIConnection[Any, Any, Any, Any], who: Identity, *more: str) -> None:
    """Count one request of a partner, against its own windows and its firm's.

    Args:
        connection: the request.
        who: the partner.
        more: tiers besides the partner's own, against whose windows it counts as well.

    Raises:
        Rejected: 429 `too_many_requests`.
    """
    counter: Counter = connection.app.state.counter
    windows = [window for tier in (who.rate_tier, *more) for window in windows_of(tier, who.limits)]
    own = counter.hit(caller_of(who.partner_id), windows)
    firm = counter.hit(f"firm/{who.firm_id}", windows_of(CEILING, who.limits)) if own.allowed else None
    connection.scope["state"][STATE] = fields(own)
    refused = own if not own.allowed else firm if firm and not firm.allowed else None
    if refused:
        raise Rejected(
            429,
            "too_many_requests",
            f"That is more often than agreed: {_words(refused.standings[0].window)}. "
            f"Try again in {refused.retry_after} seconds.",
            headers={"Retry-After": str(refused.retry_after)},
        )


async def count_ahead(connection: ASGIConnection[Any, Any, Any, Any], who: Identity) -> None:
    """`count` from the event loop, which nobody may hold up: in a thread where the counter waits for a server."""
    if connection.app.state.counter.waits:
        await sync_to_thread(count, connection, who)
    else:
        count(connection, who)


def fields(decision: Decision) -> dict[str, str]:
    """How a caller stands, as header fields."""
    return {
        "RateLimit-Policy": ", ".join(_policy(one.window) for one in decision.standings),
        "RateLimit": ", ".join(_left(one) for one in decision.standings),
    }


def standing(counter: Counter, who: Identity, windows: Sequence[Window]) -> list[Standing]:
    """How a partner stands, without counting."""
    return counter.look(caller_of(who.partner_id), windows).standings


def _policy(window: Window) -> str:
    return f'"{window.name}";q={window.most};w={window.seconds}'


def _left(one: Standing) -> str:
    return f'"{one.window.name}";r={one.remaining};t={int(one.reset) + 1}'


def _words(window: Window) -> str:
    what, period = ("files", "hour") if window.name == FILES else ("requests", window.name)
    return f"{window.most:,} {what} {'an' if period == 'hour' else 'a'} {period}"
