"""Whether an HRIS may be asked now: its budgets, the time that it asked for, and the breaker.

All of that is of an account at the provider, which several feeds of a partner may share. A call is counted, in a
transaction of its own that holds the account's row, before it is made: whoever is killed in between has spent it, and
no two workers spend the last one. Minutes are counted whole, so any 60 minutes hold at most what an hour allows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import RestAccount, RestSource, RestSpent
from gateway.errors import Busy
from gateway.logging import get_logger
from gateway.office import Office
from ingest.arrivals.rest.sources import Source, account_of, ensure, sharing
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


def take_turn(office: Office, source: Source, purpose: For, also: Callable[[Session], None] | None = None) -> datetime:
    """Count a call that is about to be made; the instant at which it is.

    Args:
        office: the surroundings.
        source: the HRIS.
        purpose: what the call is for.
        also: counts more in the same transaction, under the account's lock, or refuses.

    Raises:
        NotNow: `not_now`.
    """
    now = clock.now()
    with office.db.firm(source.home.firm_id) as session:
        account = account_of(session, source)
        ensure(session, source)
        row = session.get_one(RestSource, source.key, with_for_update=True)
        if why := _refusal(session, source, account, row, purpose, now):
            raise NotNow("not_now", f"The HRIS of {source.home.slug}/{source.feed} is not asked now: {why}.")
        for one in (account, row):
            if one.opened_at is not None:
                one.opened_at = now  # this is the one call that is tried; others wait for what becomes of it
        _count(session, source, now, calls=1)
        if also is not None:
            also(session)
    return now


def succeeded(session: Session, source: Source, *, is_whole: bool = True) -> None:
    """Note, in the transaction that puts an answer on record, that the HRIS answers as agreed.

    Args:
        session: that transaction.
        source: the HRIS.
        is_whole: the answer is all that was asked for. Of a list that is never whole the first pages may be sound.
    """
    _answered(account_of(session, source))
    row = session.get_one(RestSource, source.key, with_for_update=True)
    row.opened_at = row.last_problem = None
    row.failures = 0 if is_whole else row.failures


def failed(office: Office, source: Source, sentence: str) -> None:
    """Note that a call failed; the account's breaker opens when too many do, of whichever feed."""
    now = clock.now()
    with office.db.firm(source.home.firm_id) as session:
        account = account_of(session, source)
        account.failures += 1
        _count(session, source, now, failures=1)
        if account.opened_at is not None or account.failures >= IN_A_ROW or _is_shaky(session, source, now):
            account.opened_at = now
        _note(session, source, sentence)
        is_open = account.opened_at is not None
    log.warning("an HRIS failed", partner=source.home.slug, feed=source.feed, reason=sentence, is_open=is_open)


def not_as_agreed(office: Office, source: Source, sentence: str) -> None:
    """Note that an answer is of no use to this feed. The HRIS does answer: other feeds of the account go on."""
    now = clock.now()
    with office.db.firm(source.home.firm_id) as session:
        _answered(account_of(session, source))
        row = _note(session, source, sentence)
        row.failures += 1
        if row.opened_at is not None or row.failures >= IN_A_ROW:
            row.opened_at = now
        is_open = row.opened_at is not None
    log.warning("an HRIS is odd", partner=source.home.slug, feed=source.feed, reason=sentence, is_open=is_open)


def pause(office: Office, source: Source, until: datetime, sentence: str) -> None:
    """Leave an HRIS alone as long as it asks, whichever feed it is asked for."""
    with office.db.firm(source.home.firm_id) as session:
        account_of(session, source).paused_until = until
        _note(session, source, sentence)


def breaker(opened_at: datetime | None, now: datetime) -> Literal["closed", "open", "trying"]:
    """How a breaker stands that opened then, or was tried then."""
    if opened_at is None:
        return "closed"
    return "open" if opened_at + REST > now else "trying"


def spent(session: Session, source: Source, since: datetime) -> int:
    """Calls of all feeds of the account since an instant, those of its whole minute included."""
    asked = select(func.coalesce(func.sum(RestSpent.calls), 0)).where(RestSpent.feed_id.in_(sharing(source)))
    return session.scalars(asked.where(RestSpent.minute > since - _MINUTE)).one()


# ------------------------------------------------------------------------------------------------ helpers


def _answered(account: RestAccount) -> None:
    account.failures, account.opened_at = 0, None


def _note(session: Session, source: Source, sentence: str) -> RestSource:
    ensure(session, source)
    row = session.get_one(RestSource, source.key, with_for_update=True)
    row.last_problem = sentence[:_MOST_SAID]
    return row


def _refusal(
    session: Session, source: Source, account: RestAccount, row: RestSource, purpose: For, now: datetime
) -> str | None:
    """Why not, in words."""
    if row.disconnected_at is not None:
        return "it is disconnected"
    if account.paused_until is not None and account.paused_until > now:
        return f"it asked not to be asked before {account.paused_until:%Y-%m-%d %H:%M:%S} UTC"
    for opened_at, what in ((account.opened_at, "calls failed"), (row.opened_at, "answers were not as agreed")):
        if opened_at is not None and breaker(opened_at, now) == "open":
            return f"too many {what}; one is tried from {opened_at + REST:%H:%M} UTC on"
    return _overspent(session, source, purpose, now)


def _overspent(session: Session, source: Source, purpose: For, now: datetime) -> str | None:
    shares: dict[For, int] = {"poll": 100, "person": PERSONS, "history": source.arrival.history.share}
    budget, share = source.budget, shares[purpose]
    for most, span, word in ((budget.hour, _HOUR, "hour"), (budget.day, _DAY, "day")):
        if most is not None and spent(session, source, now - span) >= max(1, most * share // 100):
            return f"{share} % of its budget of {most:,} calls an {word} are spent"
    return None


def _is_shaky(session: Session, source: Source, now: datetime) -> bool:
    recent = select(func.sum(RestSpent.calls), func.sum(RestSpent.failures)).where(
        RestSpent.feed_id.in_(sharing(source)), RestSpent.minute > now - WITHIN
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
