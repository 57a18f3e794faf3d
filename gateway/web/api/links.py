"""Short links over the API: made, listed, looked at with how often they were followed, disabled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from gateway.db.models import ShortLink
from gateway.domain.links import links
from gateway.domain.links.targets import MOST_CHARACTERS
from gateway.office import Acting
from gateway.settings import Settings
from gateway.web.calls import Call, may
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.texts import NO_NUL

Target = Annotated[
    str,
    Meta(min_length=1, max_length=MOST_CHARACTERS, pattern=NO_NUL, examples=["https://firm.example/intake?year=2026"]),
]
Alias = Annotated[
    str, Meta(max_length=50, pattern=NO_NUL, description="3 to 50 of a-z, 0-9 and dashes.", examples=["intake-2026"])
]
Until = Annotated[datetime, Meta(tz=True, description="When it ends by itself.", examples=["2027-01-01T00:00:00Z"])]
Days = Annotated[int, QueryParameter(ge=1, le=400, description="Of the last so many days, today included.")]


class NewLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it leads, and if so wanted how it is called and when it ends."""

    target: Target
    alias: Alias | None = None
    expires_at: Until | None = None


class LinkView(Struct, frozen=True, kw_only=True):
    """A short link; `url` is what people are given."""

    id: UUID
    code: Annotated[str, Meta(examples=["intake-2026"])]
    url: Annotated[str, Meta(examples=["https://gateway.example/l/intake-2026"])]
    target: Annotated[str, Meta(examples=["https://firm.example/intake?year=2026"])]
    is_live: bool
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    disabled_at: datetime | None

    @classmethod
    def of(cls, settings: Settings, link: ShortLink) -> LinkView:
        """A link as its makers see it."""
        own = ("id", "code", "target", "created_by", "created_at", "expires_at", "disabled_at")
        values = {name: getattr(link, name) for name in own}
        return cls(url=links.address_of(settings, link.code), is_live=links.is_live(link), **values)


class ClicksView(Struct, frozen=True, kw_only=True):
    """How often a link was followed on a day of the firm's, by people as far as can be told, and by programs."""

    day: date
    person: int
    bot: int
    scanner: int
    prefetch: int
    head: int

    @classmethod
    def of(cls, day: date, kinds: Mapping[str, int]) -> ClicksView:
        """A day on which it was followed."""
        names = [name for name in cls.__struct_fields__ if name != "day"]
        return cls(day=day, **{name: kinds.get(name, 0) for name in names})


class Analytics(Struct, frozen=True, kw_only=True):
    """How often a link was followed, the newest day first; `clicks` are those of people."""

    code: Annotated[str, Meta(examples=["intake-2026"])]
    clicks: int
    days: list[ClicksView]


@get("/", sync_to_thread=True, **may("links.manage"))
def list_links(call: NamedDependency[Call], cursor: Cursor = None, limit: Limit = 50) -> Page[LinkView]:
    """List short links, ended ones included, the newest first; partners see their own."""
    with call.acting() as acting:
        found = links.look_through(acting, paging(cursor, limit))
        return page_of(found, lambda one: LinkView.of(call.office.settings, one), limit)


@post("/", sync_to_thread=True, **may("links.manage"))
def make_link(data: JSONBody[NewLink], call: NamedDependency[Call]) -> Response[LinkView]:
    """Make a short link to an https address, under a random code or an alias that nobody has."""
    with call.acting() as acting:
        return once(acting, call, data, lambda: _made(acting, data))


@get("/{code:str}", sync_to_thread=True, **may("links.manage"))
def get_link(code: FromPath[str], call: NamedDependency[Call]) -> LinkView:
    """Show one."""
    with call.acting() as acting:
        return LinkView.of(call.office.settings, links.show(acting, code))


@get("/{code:str}/analytics", sync_to_thread=True, **may("links.manage"))
def count_clicks(code: FromPath[str], call: NamedDependency[Call], days: Days = 90) -> Analytics:
    """Tell how often one was followed, by day and by what followed it; it takes seconds until a click counts here."""
    with call.acting() as acting:
        found = [ClicksView.of(*one) for one in links.clicks(acting, code, days)]
    return Analytics(code=code, clicks=sum(one.person for one in found), days=found)


@post("/{code:str}/disable", sync_to_thread=True, status_code=200, **may("links.manage"))
def disable_link(code: FromPath[str], call: NamedDependency[Call]) -> LinkView:
    """Let one lead nowhere from now on; again changes nothing."""
    with call.acting() as acting:
        return LinkView.of(call.office.settings, links.disable(acting, code))


def _made(acting: Acting, data: NewLink) -> Response[LinkView]:
    link = links.shorten(acting, data.target, data.alias, data.expires_at)
    view = LinkView.of(acting.office.settings, link)
    return Response(view, headers={"Location": f"/v1/links/{link.code}"})


router = Router("/links", route_handlers=[list_links, make_link, get_link, count_clicks, disable_link], tags=["links"])
