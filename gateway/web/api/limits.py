"""How often partners may call: what is left to one of them, and what an admin sets for all."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Router, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from gateway.domain.access import tiers
from gateway.limits import Window
from gateway.web.calls import Call, may
from gateway.web.limiting import standing

Most = Annotated[int, Meta(ge=1, le=1_000_000_000, examples=[2_000])]


class WindowView(Struct, frozen=True, kw_only=True):
    """One window of a partner's limit; `reset_seconds` until it is whole again."""

    window: str
    limit: int
    remaining: int
    reset_seconds: int


class LimitStatus(Struct, frozen=True):
    """What is left to the caller."""

    tier: str
    windows: list[WindowView]


class Tier(Struct, frozen=True):
    """The windows of a tier, as they hold for the firm: name and calls."""

    tier: str
    windows: dict[str, int]


class TierChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Windows to set; null gives one back to what is usual."""

    windows: Annotated[dict[str, Most | None], Meta(min_length=1, max_length=10, examples=[{"minute": 2000}])]


@get("/rate-limit/status", sync_to_thread=True, tags=["limits"], **may("limits.read"))
def status(request: Request[Any, Any, Any], call: NamedDependency[Call]) -> LimitStatus:
    """Tell how many requests, and files, are left to the caller; asking counts as a request."""
    windows = [one for tier in (call.who.rate_tier, tiers.FILES) for one in tiers.windows_of(tier, call.who.limits)]
    found = standing(request.app.state.counter, call.who, windows)
    shown = [
        WindowView(
            window=one.window.name,
            limit=one.window.most,
            remaining=one.remaining,
            reset_seconds=int(one.reset) + 1,
        )
        for one in found
    ]
    return LimitStatus(call.who.rate_tier, shown)


@get("/", sync_to_thread=True, **may("limits.manage"))
def list_tiers(call: NamedDependency[Call]) -> list[Tier]:
    """List the tiers as they hold for the firm.

    `firm` is the ceiling of all its partners together, `files` how many files each of them may send.
    """
    with call.acting() as acting:
        return [_view(tier, windows) for tier, windows in tiers.listed(acting).items()]


@put("/{tier:str}", sync_to_thread=True, **may("limits.manage"))
def change_tier(tier: FromPath[str], data: JSONBody[TierChange], call: NamedDependency[Call]) -> Tier:
    """Set windows of a tier for the firm; from its partners' next request on."""
    with call.acting() as acting:
        return _view(tier, tiers.change(acting, tier, data.windows))


def _view(tier: str, windows: list[Window]) -> Tier:
    return Tier(tier, {window.name: window.most for window in windows})


router = Router("/rate-limits", route_handlers=[list_tiers, change_tier], tags=["limits"])
