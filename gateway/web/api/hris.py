"""How far the HRIS of a partner's feed is read, for staff; leaving it alone, and going on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from gateway.domain.partners import homes
from gateway.office import Acting
from gateway.web.api.partners import FeedName, Slug
from gateway.web.calls import Call, may
from gateway.web.texts import ByPartner
from ingest.arrivals.rest import control
from ingest.arrivals.rest.control import AccountStanding, Standing
from ingest.arrivals.rest.sources import Source


class HrisStanding(Struct, frozen=True, kw_only=True):
    """How far an HRIS is read, what that cost, and why it is left alone, if it is.

    Attributes:
        polled_at: when it was last asked who changed, to the last page.
        changed_until: the latest change that was seen.
        history_until: the past is read back to here; all of it since history_done_at.
        account: with which it is asked, its budget and its breaker.
        opened_at: since when, or since which try, the feed is left alone for answers that are not as agreed.
        people_waiting: of whom a webhook spoke, and about whom it was not asked yet.
    """

    url: Annotated[str, Meta(examples=["https://api.hooli.example"])]
    connected_at: datetime
    disconnected_at: datetime | None
    polled_at: datetime | None
    changed_until: datetime | None
    history_until: datetime | None
    history_done_at: datetime | None
    account: AccountStanding
    opened_at: datetime | None
    failures: int
    last_problem: Annotated[str | None, Meta(examples=["The HRIS answered 500."])]
    people_waiting: int

    @classmethod
    def of(cls, source: Source, found: Standing) -> HrisStanding:
        """As staff see it."""
        row = found.row
        return cls(
            url=source.arrival.url,
            connected_at=row.connected_at,
            disconnected_at=row.disconnected_at,
            polled_at=row.polled_at,
            changed_until=row.changed_until,
            history_until=row.history_until,
            history_done_at=row.history_done_at,
            account=found.account,
            opened_at=row.opened_at,
            failures=row.failures,
            last_problem=row.last_problem,
            people_waiting=found.waiting,
        )


class Accounts(Struct, frozen=True, kw_only=True):
    """All of the firm's partners, or of one."""

    data: list[AccountStanding]


@get("/", sync_to_thread=True, **may("partners.read"))
def list_accounts(call: NamedDependency[Call], partner: ByPartner = None) -> Accounts:
    """List the accounts with which partners' HRIS systems are asked: budgets, what is left of them, breakers."""
    with call.acting() as acting:
        return Accounts(data=control.accounts(acting, partner))


@get("/", sync_to_thread=True, **may("partners.read"))
def show_hris(slug: FromPath[Slug], feed: FromPath[FeedName], call: NamedDependency[Call]) -> HrisStanding:
    """Tell how far the HRIS of a feed is read; 404 where none is agreed."""
    return _done(call, slug, feed, control.standing)


@post("/disconnections", sync_to_thread=True, status_code=200, **may("partners.configure"))
def disconnect_hris(slug: FromPath[Slug], feed: FromPath[FeedName], call: NamedDependency[Call]) -> HrisStanding:
    """Ask an HRIS no more until it is reconnected; what was read stays, and notices are kept."""
    return _done(call, slug, feed, control.disconnect)


@post("/reconnections", sync_to_thread=True, status_code=200, **may("partners.configure"))
def reconnect_hris(slug: FromPath[Slug], feed: FromPath[FeedName], call: NamedDependency[Call]) -> HrisStanding:
    """Ask an HRIS again, about all that changed since it was left alone."""
    return _done(call, slug, feed, control.reconnect)


def _done(call: Call, slug: str, feed: str, act: Callable[[Acting, Source], Standing]) -> HrisStanding:
    with call.acting() as acting:
        source = control.find(acting.office, homes.home_of(acting, slug), feed)
        return HrisStanding.of(source, act(acting, source))


accounts = Router("/hris/accounts", route_handlers=[list_accounts], tags=["partners"])
router = Router(
    "/partners/{slug:str}/feeds/{feed:str}/hris",
    route_handlers=[show_hris, disconnect_hris, reconnect_hris],
    tags=["partners"],
)
