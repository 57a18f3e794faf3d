"""What a person sees of an HRIS that is asked, and may do: leave it alone, and go on where that was left off."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from gateway import clock
from gateway.db.models import RestSource
from gateway.domain.audit import Action, Change, record
from gateway.domain.partners.homes import Home, find_home, home_of
from gateway.errors import NotFound
from gateway.office import Acting, Actor, Office
from ingest.arrivals.rest import notices, turns
from ingest.arrivals.rest.sources import Source, account_of, all_sources, ensure

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class AccountStanding(Struct, frozen=True, kw_only=True):
    """How an account at a provider of HRIS systems stands.

    Attributes:
        feeds: of the partner that ask with it.
        budget_hour, budget_day: calls that it allows; None where settings say nothing.
        left_hour, left_day: of them, now.
        breaker: `open` while it is left alone for its failures, `trying` when one call is to try.
        paused_until: it asked not to be asked before.
    """

    partner: str
    account: str
    feeds: list[str]
    budget_hour: int | None
    left_hour: int | None
    budget_day: int | None
    left_day: int | None
    calls_last_hour: int
    calls_last_day: int
    breaker: Literal["closed", "open", "trying"]
    failures: int
    opened_at: datetime | None
    paused_until: datetime | None


class Standing(NamedTuple):
    """How far an HRIS is read, and what that has cost.

    Attributes:
        row: see there.
        account: which it is asked with; see there.
        waiting: people of whom notices spoke, and about whom it has not been asked yet.
    """

    row: RestSource
    account: AccountStanding
    waiting: int


def find(office: Office, home: Home, feed: str) -> Source:
    """The HRIS that is agreed for a feed.

    Raises:
        NotFound: none is.
    """
    with office.db.system() as session:
        for one in all_sources(session):
            if (one.home.partner_id, one.feed) == (home.partner_id, feed):
                return one
    raise NotFound("HRIS of the feed", f"{home.slug}/{feed}")


def standing(acting: Acting, source: Source) -> Standing:
    """How far it is read."""
    with acting.office.db.system() as session:
        sharing = [one for one in all_sources(session) if one.account == source.account]
    account, row = _account(acting, sharing), ensure(acting.session, source)
    return Standing(row, account, notices.waiting(acting.session, source))


def accounts(acting: Acting, partner: str | None = None) -> list[AccountStanding]:
    """The accounts with which the firm's partners are asked, or one partner's.

    Raises:
        NotFound: there is no such partner.
    """
    only = home_of(acting, partner).partner_id if partner else None
    feeds = defaultdict[tuple[UUID, UUID, str], list[Source]](list)
    with acting.office.db.system() as session:
        for one in all_sources(session):
            if one.home.firm_id == acting.firm_id and only in {None, one.home.partner_id}:
                feeds[one.account].append(one)
    told = [_account(acting, sharing) for sharing in feeds.values()]
    return sorted(told, key=lambda one: (one.partner, one.account))


def accounts_anywhere(office: Office, actor: Actor, partner: str | None = None) -> list[AccountStanding]:
    """Those of all firms, for an operator.

    Raises:
        NotFound: there is no such partner.
    """
    if partner:
        with office.acting(find_home(office, partner).firm_id, actor) as acting:
            return accounts(acting, partner)
    with office.db.system() as session:
        firms = sorted({one.home.firm_id for one in all_sources(session)})
    found = []
    for firm_id in firms:
        with office.acting(firm_id, actor) as acting:
            found += accounts(acting)
    return found


def disconnect(acting: Acting, source: Source) -> Standing:
    """Ask it no more until somebody says so; what was read stays, and notices are kept."""
    row = ensure(acting.session, source)
    if row.disconnected_at is None:
        row.disconnected_at = clock.now()
        _note(acting, source, "arrival.disconnect")
    return standing(acting, source)


def reconnect(acting: Acting, source: Source) -> Standing:
    """Ask it again, about all that changed meanwhile; what it failed at before is forgotten."""
    account, row = account_of(acting.session, source), ensure(acting.session, source)
    if row.disconnected_at is not None:
        row.disconnected_at = row.opened_at = row.last_problem = None
        account.opened_at = account.paused_until = None
        row.failures = account.failures = 0
        acting.session.flush()
        _note(acting, source, "arrival.reconnect")
    return standing(acting, source)


def _account(acting: Acting, sharing: list[Source]) -> AccountStanding:
    one, session, now = sharing[0], acting.session, clock.now()
    for each in sharing:
        ensure(session, each)
    row, budget = account_of(session, one), one.budget
    hour, day = (turns.spent(session, one, now - span) for span in (_HOUR, _DAY))
    return AccountStanding(
        partner=one.home.slug,
        account=one.arrival.provider,
        feeds=sorted(each.feed for each in sharing),
        budget_hour=budget.hour,
        left_hour=_left(budget.hour, hour),
        budget_day=budget.day,
        left_day=_left(budget.day, day),
        calls_last_hour=hour,
        calls_last_day=day,
        breaker=turns.breaker(row.opened_at, now),
        failures=row.failures,
        opened_at=row.opened_at,
        paused_until=row.paused_until if row.paused_until and row.paused_until > now else None,
    )


def _left(budget: int | None, calls: int) -> int | None:
    return None if budget is None else max(0, budget - calls)


def _note(acting: Acting, source: Source, action: Action) -> None:
    word = action.partition(".")[2]
    record(acting, action, changes=[Change("feed", source.feed_id, word, new={"via": "rest", "feed": source.feed})])
