"""The HRIS of a feed: where it is, and how far it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import ConfigError, read
from gateway.db.models import FeedRow, Firm, Partner, PartnerConfig, RestAccount, RestSource
from gateway.domain.partners.homes import Home
from gateway.office import Actor, Office
from ingest.arrivals.rest.accounts import budgets_of
from ingest.arrivals.rest.spec import Budget, RestArrival
from ingest.feeds import FEEDS
from ingest.formats.json import JsonFormat

VIA = "rest"


class Source(NamedTuple):
    """An HRIS that is asked for a feed.

    Attributes:
        firm: the slug of the firm, whose secrets count.
        records: the way to the records in an answer, such as data.employees; None where the answer is the list.
        budget: of the account that it asks with, all feeds that share it together.
    """

    home: Home
    firm: str
    feed: str
    feed_id: UUID
    arrival: RestArrival
    records: str | None
    budget: Budget

    @property
    def account(self) -> tuple[UUID, UUID, str]:
        """The key of its account at the provider."""
        return self.home.firm_id, self.home.partner_id, self.arrival.provider

    @property
    def key(self) -> tuple[UUID, UUID]:
        """Of its rows."""
        return self.home.firm_id, self.feed_id

    @property
    def actor(self) -> Actor:
        """Who goes on record for what is pulled."""
        return Actor("system", VIA, origin=self.arrival.url)


def all_sources(session: Session) -> Iterator[Source]:
    """Those of all firms, in a session of the system; whoever is deactivated has none."""
    found = (
        select(FeedRow, Partner, Firm.slug, PartnerConfig.source)
        .join(Partner, Partner.id == FeedRow.partner_id)
        .join(Firm, Firm.id == Partner.firm_id)
        .join(PartnerConfig, (PartnerConfig.partner_id == Partner.id) & PartnerConfig.active)
        .where(Partner.status == "active", Firm.status == "active")
        .where(PartnerConfig.source.contains(VIA))
        .order_by(FeedRow.id)
    )
    for feed, partner, firm, text in session.execute(found):
        if agreed := _agreed(text).get(feed.name):
            yield Source(Home.of(partner), firm, feed.name, feed.id, *agreed)


def source_of(office: Office, feed_id: UUID) -> Source | None:
    """The one of a feed; None where none is agreed any more."""
    with office.db.system() as session:
        return next((one for one in all_sources(session) if one.feed_id == feed_id), None)


def ensure(session: Session, source: Source) -> RestSource:
    """Its row, which is made when it is first seen: what changed before is history. Settings may give it an account."""
    now = clock.now()
    firm_id, feed_id = source.key
    made = insert(RestSource).values(
        firm_id=firm_id,
        feed_id=feed_id,
        connected_at=now,
        changed_until=now,
        history_until=now,
        account=source.arrival.provider,
    )
    moved = made.on_conflict_do_update(
        index_elements=["firm_id", "feed_id"],
        set_={"account": made.excluded.account},
        where=RestSource.account.is_distinct_from(made.excluded.account),
    )
    session.execute(moved)
    return session.get_one(RestSource, source.key, populate_existing=True)


def account_of(session: Session, source: Source) -> RestAccount:
    """The row of its account, made when it is first seen, and locked: whoever changes both has it before the feed's."""
    firm_id, partner_id, account = source.account
    budget = {"hourly": source.budget.hour, "daily": source.budget.day}
    made = insert(RestAccount).values(firm_id=firm_id, partner_id=partner_id, account=account, **budget)
    told = made.on_conflict_do_update(
        index_elements=["firm_id", "partner_id", "account"],
        set_=budget,
        where=or_(*(getattr(RestAccount, name).is_distinct_from(value) for name, value in budget.items())),
    )
    session.execute(told)
    return session.get_one(RestAccount, source.account, with_for_update=True)


def sharing(source: Source) -> Select[UUID]:
    """The feeds of the partner that ask with the same account, also those whose settings are gone."""
    _, partner_id, account = source.account
    return (
        select(RestSource.feed_id)
        .join(FeedRow, (FeedRow.firm_id == RestSource.firm_id) & (FeedRow.id == RestSource.feed_id))
        .where(FeedRow.partner_id == partner_id, RestSource.account == account)
    )


@lru_cache(maxsize=256)
def _agreed(text: str) -> Mapping[str, tuple[RestArrival, str | None, Budget]]:
    """By feed, as it was checked when it was applied; nothing of settings that cannot be read any more."""
    try:
        feeds = FEEDS.decoded(read(text))
    except ConfigError:
        return {}
    asked = {
        name: (arrival, feed.format.records)
        for name, feed in feeds.items()
        for arrival in feed.arrivals
        if isinstance(arrival, RestArrival) and isinstance(feed.format, JsonFormat)
    }
    budgets = budgets_of({name: arrival for name, (arrival, _) in asked.items()})
    return {name: (arrival, records, budgets[arrival.provider]) for name, (arrival, records) in asked.items()}
