"""Whether an HRIS may be asked now: its budgets, the time that it asked for, and the breaker.

A call is counted, in a transaction of its own, before it is made: whoever is killed in between has spent it. Minutes
are counted whole, so any 60 minutes hold at most what an hour allows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import RestSource, RestSpent
from gateway.errors import Busy
from gateway.logging import get_logger
from gateway.office import Office
from ingest.arrivals.rest.sources import Source
from ingest.arrivals.rest.spec import PERSONS

For = Literal["poll", "person", "history"]  # polls come first: they tell of everybody, and of what notices missed

IN_A_ROW = 10  # failures that open the breaker
WITHIN, AT_LEAST, PERCENT = (
    timedelta(minutes=5),
    10,
    50,
)  # or such a share of the calls in this time, if they are so many
REST = timedelta(minutes=5)  # until one call is tried

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_MOST_SAID = 500  # characters of a sentence that is kept

log = get_logger(__name__)


class NotNow(Busy):
    """The HRIS is left alone for now."""


def take_turn(office: Office, source: Source, purpose: For) -> datetime:
    """Count a call that is about to be made; the instant at which it is.

    Raises:
        NotNow: `not_now`.
    """
    now = clock.now()
    with office.db.firm(source.home.firm_id) as session:
        row = session.get_one(RestSource, source.key, with_for_update=True)
        if why := _refusal(session, source, row, purpose, now):
            raise NotNow("not_now", f"The HRIS of {source.home.slug}/{source.feed} is not asked now: {why}.")
        if row.opened_at is not None:
            row.opened_at = now  # this is the one call that is tried; others wait for what becomes of it
        _count(session, source, now, calls=1)
    return now


def succeeded(session: Session, source: Source) -> None:
    """Note, in the transaction that puts an answer on record, that the HRIS answers."""
    row = session.get_one(RestSource, source.key, with_for_update=True)
    row.failures, row.opened_at, row.last_problem = 0, None, None


def failed(office: Office, source: Source, sentence: str) -> None:
    """Note that a call failed; the breaker opens when too many do."""
    now = clock.now()
    with office.db.firm(source.home.firm_id) as session:
        row = session.get_one(RestSource, source.key, with_for_update=True)
        row.failures, row.last_problem = row.failures + 1, sentence[:_MOST_SAID]
        _count(session, source, now, failures=1)
        if row.opened_at is not None or row.failures >= IN_A_ROW or _is_shaky(session, source, now):
            row.opened_at = now
        is_open = row.opened_at is not None
    log.warning("an HRIS failed", partner=source.home.slug, feed=source.feed, reason=sentence, is_open=is_open)


def pause(office: Office, source: Source, until: datetime, sentence: str) -> None:
    """Leave an HRIS alone as long as it asks."""
    with office.db.firm(source.home.firm_id) as session:
        row = session.get_one(RestSource, source.key, with_for_update=True)
        row.paused_until, row.last_problem = until, sentence[:_MOST_SAID]


def spent(session: Session, source: Source, since: datetime) -> int:
    """Calls since an instant, those of its whole minute included."""
    asked = select(func.coalesce(func.sum(RestSpent.calls), 0)).where(RestSpent.feed_id == source.feed_id)
    return session.scalars(asked.where(RestSpent.minute > since - _MINUTE)).one()


# ------------------------------------------------------------------------------------------------ helpers


def _refusal(session: Session, source: Source, row: RestSource, purpose: For, now: datetime) -> str | None:
    """Why not, in words."""
    if row.disconnected_at is not None:
        return "it is disconnected"
    if row.paused_until is not None and row.paused_until > now:
        return f"it asked not to be asked before {row.paused_until:%Y-%m-%d %H:%M:%S} UTC"
    if row.opened_at is not None and row.opened_at + REST > now:
        return f"too many calls failed; one is tried from {row.opened_at + REST:%H:%M} UTC on"
    shares: dict[For, int] = {"poll": 100, "person": PERSONS, "history": source.arrival.history.share}
    budget, share = source.arrival.budget, shares[purpose]
    for most, span, word in ((budget.hour, _HOUR, "hour"), (budget.day, _DAY, "day")):
        if most is not None and spent(session, source, now - span) >= max(1, most * share // 100):
            return f"{share} % of its budget of {most:,} calls an {word} are spent"
    return None


def _is_shaky(session: Session, source: Source, now: datetime) -> bool:
    recent = select(func.sum(RestSpent.calls), func.sum(RestSpent.failures)).where(
        RestSpent.feed_id == source.feed_id, RestSpent.minute > now - WITHIN
    )
    calls, failures = session.execute(recent).one()
    return (calls or 0) >= AT_LEAST and failures * 100 >= calls * PERCENT


def _count(session: Session, source: Source, now: datetime, *, calls: int = 0, failures: int = 0) -> None:
    firm_id, feed_id = source.key
    minute = now.replace(second=0, microsecond=0)
    made = insert(RestSpent).values(firm_id=firm_id, feed_id=feed_id, minute=minute, calls=calls, failures=failures)
    more = {"calls": RestSpent.calls + calls, "failures": RestSpent.failures + failures}
    session.execute(made.on_conflict_do_update(index_elements=["firm_id", "feed_id", "minute"], set_=more))
    session.execute(delete(RestSpent).where(RestSpent.feed_id == feed_id, RestSpent.minute < now - 2 * _DAY))
