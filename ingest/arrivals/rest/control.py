"""What a person sees of an HRIS that is asked, and may do: leave it alone, and go on where that was left off."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from gateway import clock
from gateway.db.models import RestSource
from gateway.domain.audit import Action, Change, record
from gateway.domain.partners.homes import Home
from gateway.errors import NotFound
from gateway.office import Acting, Office
from ingest.arrivals.rest import notices, turns
from ingest.arrivals.rest.sources import Source, all_sources, ensure


class Standing(NamedTuple):
    """How far an HRIS is read, and what that has cost.

    Attributes:
        row: see there.
        hour, day: calls of the last 60 minutes, and of the last 24 hours.
        waiting: people of whom notices spoke, and about whom it has not been asked yet.
    """

    row: RestSource
    hour: int
    day: int
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
    session, now = acting.session, clock.now()
    row = ensure(session, source)
    hour, day = (turns.spent(session, source, now - span) for span in (timedelta(hours=1), timedelta(days=1)))
    return Standing(row, hour, day, notices.waiting(session, source))


def disconnect(acting: Acting, source: Source) -> Standing:
    """Ask it no more until somebody says so; what was read stays, and notices are kept."""
    found = standing(acting, source)
    if found.row.disconnected_at is None:
        found.row.disconnected_at = clock.now()
        _note(acting, source, "arrival.disconnect")
    return found


def reconnect(acting: Acting, source: Source) -> Standing:
    """Ask it again, about all that changed meanwhile; what it failed at before is forgotten."""
    found = standing(acting, source)
    row = found.row
    if row.disconnected_at is not None:
        row.disconnected_at = row.opened_at = row.paused_until = row.last_problem = None
        row.failures = 0
        _note(acting, source, "arrival.reconnect")
    return found


def _note(acting: Acting, source: Source, action: Action) -> None:
    word = action.partition(".")[2]
    record(acting, action, changes=[Change("feed", source.feed_id, word, new={"via": "rest", "feed": source.feed})])
