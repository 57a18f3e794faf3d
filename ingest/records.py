"""Takes rows sent as JSON to their end while the caller waits: the same mapping, checks and outcomes as a file's.

One transaction puts them on record, loads them and keeps the answer: a call that was not answered has done nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from time import perf_counter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.config import nearest
from gateway.db.engine import translating
from gateway.db.models import Import
from gateway.db.session import driver, lock_partner, moment
from gateway.domain.partners.homes import Home
from gateway.domain.partners.names import feed_id
from gateway.domain.partners.versions import active_config
from gateway.errors import Busy, Invalid, Missing, Transient
from gateway.logging import about, get_logger
from gateway.office import Actor, Office
from ingest import running
from ingest.account import problems_of
from ingest.arrival import Asked, open_imports
from ingest.jobs import queue_receipts
from ingest.load.outcomes import by_row
from ingest.pipeline import FileOutcome, unwatched
from ingest.reading import feeds_of
from ingest.recording import Reception
from ingest.rows import VIA, takes_rows

MOST_ROWS = 1_000
MOST_PROBLEMS = 10_000  # told in one answer; the import's own errors hold them all
PATIENCE_SECONDS = 2  # for another import of the partner

log = get_logger(__name__)


class Sent(NamedTuple):
    """What became of rows that were sent.

    Attributes:
        outcomes: of each row, in order; where the feed explodes a list, of each element of it.
        problems: as in errors.json; `row` counts as `outcomes` do, from 1.
    """

    import_id: UUID
    outcome: FileOutcome
    outcomes: list[str]
    problems: list[dict[str, object]]


def send(
    office: Office,
    home: Home,
    feed: str,
    rows: Sequence[bytes],
    as_of: datetime | None,
    by: Actor,
    note: Callable[[Session, Sent], None],
) -> None:
    """Load rows as changes: whoever is not among them is none of their business, whatever the feed's files are.

    The same rows again are no mistake: they come out as unchanged.

    Args:
        office: the surroundings.
        home: the partner's.
        feed: whose mapping they take.
        rows: JSON objects, each without a line break.
        as_of: the instant of which they speak; None is now.
        by: who sent them, for the audit log.
        note: called in the transaction that loads them; what it raises undoes it.

    Raises:
        Permanent: `unknown_feed`; `rows_not_taken`, the feed cannot be read row by row, or these rows cannot at all.
        Transient: `import_running`, other files or rows of the partner are not done yet; `conflict`.
    """
    with office.db.firm(home.firm_id) as session:
        _check_feed(session, home, feed)
        asked, cipher = Asked(feed=feed, as_of=as_of), office.cipher(session, home.firm_id)
        reception = Reception(office, home, cipher, VIA, by, feed_id(session, home.partner_id, feed), asked)
    try:
        with office.db.firm(home.firm_id) as session:
            _wait_for_turn(session, home)
            sent = _loaded(office, session, home, reception, f"{feed}.jsonl", b"\n".join(rows))
            note(session, sent)
            session.flush()
            reception.settle()
        with about(import_id=sent.import_id):
            running.count(home, sent.outcome)
    finally:
        reception.discard()


def _check_feed(session: Session, home: Home, name: str) -> None:
    config = active_config(session, home.partner_id)
    feeds = feeds_of(config, f"{home.slug} version {config.version}")
    if name not in feeds:
        hint = nearest(name, feeds)
        known = ", ".join(feeds) or "none yet"
        asked = f" Did you mean {hint!r}?" if hint else ""
        raise Missing("unknown_feed", f"You have no feed {name!r}; there are {known}.{asked}")
    if not takes_rows(feeds[name]):
        raise Invalid("rows_not_taken", f"The feed {name!r} cannot be read row by row; send it as a file.")


def _wait_for_turn(session: Session, home: Home) -> None:
    """Take the partner's lock unless somebody holds it for long; whatever waits for a worker came earlier."""
    session.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'"))
    try:
        with translating():
            lock_partner(session, home.partner_id)
    except Transient as busy:
        if busy.code != "locked":
            raise
        raise _busy() from busy
    if session.scalar(open_imports(home).limit(1)):
        raise _busy()


def _busy() -> Busy:
    return Busy("import_running", "Another import of yours is not done yet; send the rows again in a moment.")


def _loaded(office: Office, session: Session, home: Home, reception: Reception, name: str, content: bytes) -> Sent:
    begun = perf_counter()
    import_id = reception.record(session, reception.put(name, [content]))
    arrival = session.get_one(Import, (home.firm_id, import_id))
    arrival.received_at = moment(session)  # not when the wait began: what was loaded meanwhile came earlier
    outcome = running.run(office, session, home, arrival, unwatched)
    arrival.seconds = round(perf_counter() - begun, 3)
    queue_receipts(session, home, arrival.id)  # nobody waits for them: the answer says as much
    if not outcome.staged:
        raise Invalid(outcome.code or "rows_not_taken", " ".join(filter(None, (outcome.reason, outcome.fix))))
    outcomes = by_row(driver(session), outcome.rows["read"])
    return Sent(arrival.id, outcome, outcomes, problems_of(session, arrival.id, MOST_PROBLEMS))
