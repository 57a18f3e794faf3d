"""Takes a file that is on record to its end: run, recorded, told.

Every arrival ends in `reception.receive`, every worker in `finish`. A partner's files are taken in the order in which
they came, whoever takes them: a process that was killed leaves its file open, and the next one to come along finishes
it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.engine import retrying
from gateway.db.models import LOADED_STATES, OPEN_STATES, FeedRow, File, Import, RowError
from gateway.db.session import driver, lock_partner
from gateway.domain.links import returned
from gateway.domain.partners.homes import Home
from gateway.errors import Problem
from gateway.events import ImportEnded
from gateway.logging import about, get_logger
from gateway.metrics import IMPORTS, ROWS
from gateway.office import Office
from gateway.tracing import span
from ingest import acceptances, alike, pipeline, receipts
from ingest.arrival import Asked, open_imports
from ingest.formats.base import Source
from ingest.load.outcomes import OUTCOMES
from ingest.load.stage import PROBLEM_COLUMNS
from ingest.opening import Heirs, opened
from ingest.originals import recall_from
from ingest.pipeline import FileOutcome, Job, Progress, unwatched
from ingest.rows import VIA

Fence = Callable[[Session], None]  # the last statement of an import's transaction: raises when it must not commit

MOST_ATTEMPTS = 3  # a file that brought down its process this often is set aside as failed

log = get_logger(__name__)


def _open_to_all(_session: Session) -> None:
    """The fence of whoever needs none: a person at the command line, who is nobody's successor."""


def _left_open(_session: Session, _import_ids: list[UUID]) -> None:
    """What becomes of an archive's files where the caller takes them as well."""


def finish(
    office: Office,
    home: Home,
    import_id: UUID,
    progress: Progress = unwatched,
    *,
    fence: Fence = _open_to_all,
    heirs: Heirs = _left_open,
    last_resort: bool = False,
) -> None:
    """Take this import to its end, and before it every earlier one of the partner that a killed process left open.

    An archive is at its end when its files are imports. They came when it came: earlier than what came after it.

    Args:
        office: the surroundings.
        home: the partner's.
        import_id: recorded by `reception.receive`, or released.
        progress: told how far this import is.
        fence: ends the transaction of each import.
        heirs: called in the transaction that opens an archive, with its files' imports.
        last_resort: set this import aside as failed when it has brought down too many processes, as is always done
            with earlier ones.

    Raises:
        Transient: the database is busy or away; the file stays open for the next one to come along.
        Problem: what the fence raises.
    """
    taken: set[UUID] = set()
    while (one := _next(office, home, import_id, taken)) is not None:
        taken.add(one)
        is_this = one == import_id
        turn = _Turn(one, progress if is_this else unwatched, fence, heirs, last_resort or not is_this)
        _take(office, home, turn)
    write_receipts(office, home)


def write_receipts(office: Office, home: Home) -> None:
    """Write the partner's receipts that are missing: of a file just done, and where a process was killed before."""
    with office.db.firm(home.firm_id) as session:
        unwritten = session.scalars(
            select(Import.id)
            .where(Import.partner_id == home.partner_id, Import.receipt_at.is_(None))
            .where(Import.state.not_in(OPEN_STATES))
        ).all()
    for one in unwritten:
        _write_receipts(office, home, one)


def run(office: Office, session: Session, home: Home, arrival: Import, progress: Progress) -> FileOutcome:
    """Take an arrival to its end, and record that, in the caller's transaction, which holds the partner's lock.

    Raises:
        Transient: try the whole transaction again.
    """
    outcome = pipeline.run(session, _job(office, session, home, arrival), progress)
    _conclude(office, session, home, arrival, outcome)
    return outcome


def dry_run(
    office: Office, home: Home, source: Source, sha256: str, asked: Asked, progress: Progress = unwatched
) -> FileOutcome:
    """What a file would do, told by doing all of it but the writing; leaves nothing behind."""
    with office.db.firm(home.firm_id) as session:
        lock_partner(session, home.partner_id)
        job = Job(
            home=home,
            import_id=uuid4(),
            source=source,
            sha256=sha256,
            received_at=clock.now(),
            cipher=office.cipher(session, home.firm_id),
            recall=recall_from(office),
            feed=asked.feed,
            as_of=asked.as_of,
            forced=asked.forced,
            dry_run=True,
        )
        return tried(session, job, progress)


def rehearse(
    office: Office, session: Session, home: Home, arrival: Import, progress: Progress = unwatched
) -> FileOutcome:
    """What an arrival would come to as it stands in the caller's transaction, which holds the partner's lock; nothing
    is written.
    """
    return tried(session, replace(_job(office, session, home, arrival), dry_run=True), progress)


def tried(session: Session, job: Job, progress: Progress = unwatched) -> FileOutcome:
    """What a job for a dry run comes to, with its problems; the caller's transaction holds the partner's lock."""
    outcome = pipeline.run(session, job, progress)
    outcome.problems = _staged_problems(session) if outcome.rows and outcome.state != "no_change" else []
    return outcome


def count(home: Home, outcome: FileOutcome) -> None:
    """Count and log an import that has come to a state; after the commit, for only then has it."""
    IMPORTS.add(home.slug, outcome.state)
    for name in OUTCOMES if outcome.state in LOADED_STATES else ():
        ROWS.add(home.slug, name, by=outcome.rows[name])
    log.info("import ended", partner=home.slug, state=outcome.state, code=outcome.code, rows=outcome.rows.get("read"))


# ------------------------------------------------------------------------------------------------ running


class _Turn(NamedTuple):
    """One import that is taken; see `finish`."""

    import_id: UUID
    progress: Progress
    fence: Fence
    heirs: Heirs
    last_resort: bool


def _next(office: Office, home: Home, import_id: UUID, taken: set[UUID]) -> UUID | None:
    """The first that is open of those that came before an import, and itself; asked anew, for archives have files."""
    came = tuple_(Import.received_at, Import.id)
    this = select(Import.received_at, Import.id).where(Import.id == import_id).scalar_subquery()
    with office.db.firm(home.firm_id) as session:
        return session.scalar(open_imports(home).where(came <= this, Import.id.not_in(taken)).limit(1))


def _take(office: Office, home: Home, turn: _Turn) -> None:
    """Run one import unless somebody else has; what is our fault is recorded as `failed`, not thrown at a person."""
    with about(import_id=turn.import_id), span("import", import_id=str(turn.import_id), partner=home.slug):
        try:
            retrying(lambda: _run_once(office, home, turn))
        except Problem:
            raise
        except Exception:
            log.exception("import failed")
            _fail(office, home, turn.import_id, turn.fence)


def _run_once(office: Office, home: Home, turn: _Turn) -> None:
    begun = perf_counter()
    with _counting(office, home, turn.import_id) as attempt, office.db.firm(home.firm_id) as session:
        lock_partner(session, home.partner_id)
        arrival = session.get_one(Import, (home.firm_id, turn.import_id))
        if arrival.state not in OPEN_STATES:
            return
        if attempt() > MOST_ATTEMPTS and turn.last_resort:
            raise AssertionError(f"import {turn.import_id} was attempted {MOST_ATTEMPTS} times")
        session.refresh(arrival)
        begin = partial(_note_unpacking, office, home, turn.import_id)
        with opened(office, session, home, arrival, turn.heirs, begin) as found:
            outcome = found or pipeline.run(session, _job(office, session, home, arrival), turn.progress)
            _conclude(office, session, home, arrival, outcome)
            arrival.seconds = round(perf_counter() - begun, 3)
            session.flush()
            turn.fence(session)
    count(home, outcome)


def _write_receipts(office: Office, home: Home, import_id: UUID) -> None:
    """Receipts that cannot be written wait for the next file of the partner; what they tell is committed already."""
    with about(import_id=import_id), span("receipts", import_id=str(import_id)):
        try:
            receipts.write(office, home, import_id)
        except Problem:
            raise
        except Exception:
            log.exception("receipts not written")


def _job(office: Office, session: Session, home: Home, arrival: Import) -> Job:
    file = session.get_one(File, (home.firm_id, arrival.file_id))
    cipher = office.cipher(session, home.firm_id)
    released = bool(arrival.waived)
    name = session.scalar(select(FeedRow.name).where(FeedRow.id == arrival.feed_id)) if arrival.feed_id else None
    return Job(
        home=home,
        import_id=arrival.id,
        source=office.store.open(file.storage_key, cipher, name=file.name),
        sha256=file.sha256,
        received_at=arrival.received_at,
        cipher=cipher,
        recall=recall_from(office),
        feed=name,
        as_of=arrival.as_of,
        config_id=arrival.config_id if released else None,
        forced=arrival.forced,
        waived=frozenset(arrival.waived),
        is_rows=file.via == VIA,
        accepted=acceptances.of(arrival),
    )


def _conclude(office: Office, session: Session, home: Home, arrival: Import, outcome: FileOutcome) -> None:
    _record(office, session, arrival, outcome)
    for told in outcome.told:
        office.heard(session, told)
    _tell_end(office, session, home, arrival)


def _record(office: Office, session: Session, arrival: Import, outcome: FileOutcome) -> None:
    """Everything about the end of an import, in the transaction that wrote its records."""
    arrival.state, arrival.code, arrival.reason, arrival.fix = outcome.state, outcome.code, outcome.reason, outcome.fix
    arrival.guards, arrival.remarks, arrival.header = outcome.guards, outcome.remarks, outcome.header
    arrival.counts = {"rows": outcome.rows, "records": outcome.records}
    if outcome.sequence is not None:
        arrival.counts["sequence"] = outcome.sequence
    arrival.finished_at = clock.now()
    if reading := outcome.reading:
        arrival.config_id, arrival.feed_id, arrival.as_of = reading.config.id, reading.feed_id, reading.as_of
        arrival.corrects_import_id, arrival.reading = reading.corrects, reading.digest
    acceptances.settle(office, session, arrival, outcome.suggestions)
    session.flush()
    session.execute(delete(RowError).where(RowError.import_id == arrival.id))  # of a run before a release
    alike.forget(session, [arrival])
    arrival.problem_count = _keep_problems(session, arrival) if outcome.staged else 0
    if outcome.reading and outcome.reading.corrects and outcome.staged:
        returned.note(session, arrival.firm_id, arrival.id, outcome.reading.corrects, outcome.returned)


_PROBLEM_COLUMNS = ", ".join(PROBLEM_COLUMNS)
_TOLD = [name for name in PROBLEM_COLUMNS if name != "place"]


def _keep_problems(session: Session, arrival: Import) -> int:
    kept = driver(session).execute(
        f"INSERT INTO row_errors (firm_id, import_id, {_PROBLEM_COLUMNS})"
        f" SELECT %s, %s, {_PROBLEM_COLUMNS} FROM stage_problems ORDER BY place, n",
        (arrival.firm_id, arrival.id),
    )
    alike.count_staged(session, arrival)
    return kept.rowcount


def _staged_problems(session: Session) -> list[dict[str, object]]:
    rows = driver(session).execute(f"SELECT {', '.join(_TOLD)} FROM stage_problems ORDER BY place, n")
    return [dict(zip(_TOLD, row, strict=True)) for row in rows]


def _tell_end(office: Office, session: Session, home: Home, arrival: Import) -> None:
    ended = ImportEnded(partner_id=home.partner_id, import_id=arrival.id, state=arrival.state)
    office.tell(session, home.firm_id, ended)


@contextmanager
def _counting(office: Office, home: Home, import_id: UUID) -> Iterator[Callable[[], int]]:
    """Counts an attempt when it is told to, apart: the count must outlive a process that the file brings down.

    An attempt that ends in a problem (a full disk, a database that restarts) brought down nobody and does not count.
    """
    counted = False

    def count() -> int:
        nonlocal counted
        counted = True
        return _count_attempts(office, home, import_id, 1, state="running")

    try:
        yield count
    except Problem:
        if counted:
            _count_attempts(office, home, import_id, -1)
        raise


def _count_attempts(office: Office, home: Home, import_id: UUID, number: int, **also: str) -> int:
    with office.db.firm(home.firm_id) as session:
        counted = update(Import).where(Import.id == import_id).values(attempts=Import.attempts + number, **also)
        return session.scalars(counted.returning(Import.attempts)).one()


def _note_unpacking(office: Office, home: Home, import_id: UUID) -> None:
    with office.db.firm(home.firm_id) as session:
        session.execute(update(Import).where(Import.id == import_id).values(state="unpacking"))


def _fail(office: Office, home: Home, import_id: UUID, fence: Fence) -> None:
    with office.db.firm(home.firm_id) as session:
        failed = session.get_one(Import, (home.firm_id, import_id))
        failed.state, failed.code, failed.reason = "failed", "internal_error", "Internal error"
        failed.fix, failed.finished_at = "Nothing for you to do; we have been told.", clock.now()
        _tell_end(office, session, home, failed)
        fence(session)
    count(home, FileOutcome("failed"))
