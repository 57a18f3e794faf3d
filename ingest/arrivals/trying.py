"""Tries every way in of a partner for whoever set it up: its places, its HRIS systems, and the secrets of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select

from gateway import clock
from gateway.config import secret
from gateway.db.models import Firm, PartnerConfig
from gateway.domain.partners.homes import Home, home_of
from gateway.errors import Problem
from gateway.office import Actor, Office
from ingest.arrivals import polling
from ingest.arrivals.polling import Pinged
from ingest.arrivals.rest.answers import page_of
from ingest.arrivals.rest.asking import ask
from ingest.arrivals.rest.sources import Source, all_sources, ensure
from ingest.arrivals.rest.spec import KeyAuth
from ingest.arrivals.webhook import WebhookArrival
from ingest.reading import feeds_of


def ping(office: Office, firm_id: UUID, actor: Actor, partner: str) -> Iterator[Pinged]:
    """Try all of them; nothing is taken, and that somebody tried is on record. An HRIS is asked once, which counts.

    Raises:
        NotFound: there is no such partner in the actor's sight.
    """
    yield from polling.ping(office, firm_id, actor, partner)
    with office.acting(firm_id, actor) as acting:
        home = home_of(acting, partner)
        firm = str(acting.session.scalar(select(Firm.slug).where(Firm.id == firm_id)))
        current = select(PartnerConfig).where(PartnerConfig.partner_id == home.partner_id, PartnerConfig.active)
        config = acting.session.scalar(current)
        feeds = feeds_of(config) if config else {}
    for source in _sources(office, home):
        yield _tried(f"HRIS of the feed {source.feed} ({source.arrival.url})", _asked(office, source))
    for name, feed in feeds.items():
        for one in feed.arrivals:
            if isinstance(one, WebhookArrival):
                yield _tried(f"calls to /v1/webhooks/{home.slug}/{name}", _signed(office, firm, one))


def _sources(office: Office, home: Home) -> list[Source]:
    with office.db.system() as session:
        return [one for one in all_sources(session) if one.home.partner_id == home.partner_id]


def _tried(what: str, steps: Iterator[str]) -> Pinged:
    done: list[str] = []
    try:
        done.extend(steps)
    except Problem as problem:
        return Pinged(what, done, problem)
    return Pinged(what, done, None)


def _asked(office: Office, source: Source) -> Iterator[str]:
    """Who changed since now: nobody, where all is well; a failure counts into the breaker as any does."""
    arrival = source.arrival
    with office.db.firm(source.home.firm_id) as session:
        if ensure(session, source).disconnected_at:
            yield "It is left alone until somebody reconnects it (gateway hris reconnect), and was not asked."
            return
    secret(arrival.auth.secret, office.settings, firm=source.firm)
    yield f"The secret {arrival.auth.secret} is there."
    asked = {**arrival.list.query, arrival.since.parameter: arrival.written(clock.now())}
    told = ask(office, source, arrival.list.path, asked, "poll")
    host = urlsplit(arrival.url).netloc
    way = "takes the key" if isinstance(arrival.auth, KeyAuth) else "takes the token that was fetched for it"
    yield f"{host} was reached, and {way}."
    found = page_of(told.body, arrival.list, arrival.since, source.records, None)
    yield f"Its answer can be read: {len(found.records)} changed since now."


def _signed(office: Office, firm: str, arrival: WebhookArrival) -> Iterator[str]:
    for name in arrival.secrets:
        known = secret(name, office.settings, firm=firm)
        arrival.proof.sign("ping", b"{}", known, clock.now(), arrival.id)
        yield f"The secret {name} is there, and proves calls as agreed."
