"""How often partners may call: what is left to one of them, and what an admin sets for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request, Router, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from gateway.db.paging import Found
from gateway.domain.access import tiers
from gateway.domain.partners import homes
from gateway.limits import Standing, Window
from gateway.web.calls import Call, may
from gateway.web.limiting import standing
from gateway.web.pages import Cursor, Limit, Page, page_of, paging

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


class PartnerRate(Struct, frozen=True, kw_only=True):
    """How a partner stands to its limits: the windows of its tier, and of the files that it sends."""

    partner: Annotated[str, Meta(examples=["acme"])]
    name: Annotated[str, Meta(examples=["ACME Manufacturing, Inc."])]
    tier: Annotated[str, Meta(examples=["standard"])]
    windows: list[WindowView]

    @classmethod
    def of(cls, rate: tiers.Rate) -> PartnerRate:
        """As admins see it."""
        one = rate.partner
        windows = [window_view(standing) for standing in rate.standings]
        return cls(partner=one.slug, name=one.name, tier=one.rate_tier, windows=windows)


class Tier(Struct, frozen=True):
    """The windows of a tier, as they hold for the firm and as they usually are: name and calls."""

    tier: str
    windows: dict[str, int]
    usual: dict[str, int]


class TierChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Windows to set; null gives one back to what is usual."""

    windows: Annotated[dict[str, Most | None], Meta(min_length=1, max_length=10, examples=[{"minute": 2000}])]


@get("/rate-limit/status", sync_to_thread=True, tags=["limits"], **may("limits.read"))
def status(request: Request[Any, Any, Any], call: NamedDependency[Call]) -> LimitStatus:
    """Tell how many requests, and files, are left to the caller; asking counts as a request."""
    windows = [one for tier in (call.who.rate_tier, tiers.FILES) for one in tiers.windows_of(tier, call.who.limits)]
    found = standing(request.app.state.counter, call.who, windows)
    return LimitStatus(call.who.rate_tier, [window_view(one) for one in found])


@get("/rate-limit/partners", sync_to_thread=True, tags=["limits"], **may("limits.manage"))
def list_rates(
    request: Request[Any, Any, Any], call: NamedDependency[Call], cursor: Cursor = None, limit: Limit = 50
) -> Page[PartnerRate]:
    """List the firm's partners, the newest first: what each may, and what is left to it; asking counts nothing.

    Without Redis each process counts for itself, and this one tells what it has counted.
    """
    with call.acting() as acting:
        found = homes.listed(acting, paging(cursor, limit))
        rates = tiers.rates(acting, request.app.state.counter, found.rows)
        return page_of(Found(rates, found.following, found.total), PartnerRate.of, limit)


@get("/", sync_to_thread=True, **may("limits.manage"))
def list_tiers(call: NamedDependency[Call]) -> list[Tier]:
    """List the tiers as they hold for the firm.

    `firm` is the ceiling of all its partners together, `files` how many files each of them may send.
    """
    with call.acting() as acting:
        return [tier_view(tier, windows) for tier, windows in tiers.listed(acting).items()]


@put("/{tier:str}", sync_to_thread=True, **may("limits.manage"))
def change_tier(tier: FromPath[str], data: JSONBody[TierChange], call: NamedDependency[Call]) -> Tier:
    """Set windows of a tier for the firm; from its partners' next request on."""
    with call.acting() as acting:
        return tier_view(tier, tiers.change(acting, tier, data.windows))


def window_view(one: Standing) -> WindowView:
    """A window and how somebody stands to it."""
    return WindowView(
        window=one.window.name, limit=one.window.most, remaining=one.remaining, reset_seconds=int(one.reset) + 1
    )


def tier_view(tier: str, windows: Sequence[Window]) -> Tier:
    """A tier as it holds for the firm, beside what is usual."""
    usual = {window.name: window.most for window in tiers.TIERS[tier]}
    return Tier(tier, {window.name: window.most for window in windows}, usual)


router = Router("/rate-limits", route_handlers=[list_tiers, change_tier], tags=["limits"])
