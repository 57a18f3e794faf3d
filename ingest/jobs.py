"""What workers do with imports: run them, write missing receipts, find what was left behind; and how to follow one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, exists, or_, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import OPEN_STATES, Import, JobRow, Partner
from gateway.db.session import Database, is_partner_free
from gateway.domain.partners import Home
from gateway.errors import NotFound, Transient
from gateway.jobs.broker.listening import Bulletin
from gateway.jobs.handling import Handling
from gateway.storage import Store
from ingest import imports
from ingest.office import Office
from ingest.queueing import queue_receipts, queue_run

LEFT_BEHIND = timedelta(minutes=1)  # an import at which nobody has been for so long is taken up

_LOOK_SECONDS = 2.0  # between looks at an import of which nothing was heard
_AT_ONCE = 1_000  # imports that a sweep takes up


def run(handling: Handling) -> None:
    """Take an import to its end, receipts included.

    Each import's transaction ends with the fence. The job is done when the receipts are written: a worker killed
    between commit and receipt leaves a job that is claimed again, finds the import done, and writes them.
    """
    office, home = _surroundings(handling)
    imports.finish(
        office,
        home,
        _import_id(handling),
        lambda rows, position, size: handling.tell(rows=rows, position=position, size=size),
        fence=handling.hold,
        last_resort=handling.job.worker_died,
    )
    _see_receipt(handling)


def write_receipts(handling: Handling) -> None:
    """Write the receipts of a partner that a killed process left out."""
    office, home = _surroundings(handling)
    imports.write_receipts(office, home)
    _see_receipt(handling)


def sweep(handling: Handling) -> None:
    """Make jobs for open imports and missing receipts that no job will see to, such as a killed command's."""
    with handling.transaction() as session:
        for home, import_id in _left_behind(session, Import.state.in_(OPEN_STATES), "ingest.run", Import.received_at):
            if is_partner_free(session, home.partner_id):  # else a command is at it right now
                queue_run(session, home, import_id)
        ended = and_(Import.state.not_in(OPEN_STATES), Import.receipt_at.is_(None))
        for home, import_id in _left_behind(session, ended, "ingest.receipts", Import.finished_at):
            queue_receipts(session, home, import_id)


# ---------------------------------------------------------------- following


class Standing(Struct, frozen=True):
    """How far an import is.

    Attributes:
        state: of the import.
        rows: read so far, of a job that runs.
        position, size: bytes of the file, read so far and in all.
    """

    state: str
    rows: int | None = None
    position: int | None = None
    size: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is more to come."""
        return self.state in OPEN_STATES


def standing(session: Session, import_id: UUID) -> Standing:
    """How far an import is, in a session of its firm.

    Raises:
        NotFound: there is none in this session's sight.
    """
    state = session.scalar(select(Import.state).where(Import.id == import_id))
    if state is None:
        raise NotFound("import", str(import_id))
    newest = select(JobRow.progress).where(JobRow.about == import_id).order_by(JobRow.id.desc()).limit(1)
    told: dict[str, Any] = session.scalar(newest) or {}
    return Standing(state, told.get("rows"), told.get("position"), told.get("size"))


def follow(
    db: Database, bulletin: Bulletin, firm_id: UUID, import_id: UUID, stop: threading.Event | None = None
) -> Iterator[Standing]:
    """How far an import is now, and again whenever that has changed, until it is at its end or `stop` is set.

    Between notifications it looks every two seconds, so a command that runs the import without a job is followed as
    well.

    Args:
        db: where the import is.
        bulletin: of PROGRESS, shared by all who follow.
        firm_id: whose import.
        import_id: which one.
        stop: ends it, after the look that goes on.

    Raises:
        NotFound: there is no such import of this firm.
    """
    with bulletin.news() as news:
        last: Standing | None = None
        while (last is None or last.is_open) and not (stop and stop.is_set()):
            news.clear()
            with db.firm(firm_id) as session:
                now = standing(session, import_id)
            if now != last:
                yield now
            last = now
            if now.is_open:
                news.wait(_LOOK_SECONDS)


# ---------------------------------------------------------------- helpers


def _see_receipt(handling: Handling) -> None:
    """A receipt that cannot be written is tried again, and in the end stands as a dead job for somebody to see."""
    with handling.db.system() as session:
        written = session.scalar(select(Import.receipt_at).where(Import.id == _import_id(handling)))
    if written is None:
        raise Transient("receipt_missing", "The import is done, but its receipt cannot be written; the log says why.")


def _import_id(handling: Handling) -> UUID:
    return UUID(handling.job.payload["import_id"])


def _surroundings(handling: Handling) -> tuple[Office, Home]:
    """The office, and where the import's partner belongs.

    Raises:
        NotFound: the import is gone.
    """
    office = Office(handling.db, Store.of(handling.settings), handling.settings)
    with handling.db.system() as session:
        found = session.scalar(
            select(Partner).join(Import, Import.partner_id == Partner.id).where(Import.id == _import_id(handling))
        )
        if found is None or found.firm_id != handling.job.firm_id:
            raise NotFound("import", str(_import_id(handling)))
        return office, _home(found)


def _home(partner: Partner) -> Home:
    return Home(partner.firm_id, partner.id, partner.slug, partner.time_zone)


def _left_behind(
    session: Session, which: ColumnElement[bool], kind: str, since: SQLColumnExpression[Any]
) -> list[tuple[Home, UUID]]:
    """Imports at which nobody has been for a while, the oldest first; dead jobs are seen to by a person."""
    has_job = exists().where(
        JobRow.about == Import.id, JobRow.state != "done", or_(JobRow.kind == kind, JobRow.kind == "ingest.run")
    )
    found: Select[UUID, Partner] = (
        select(Import.id, Partner)
        .join(Partner, Partner.id == Import.partner_id)
        .where(which, since < clock.now() - LEFT_BEHIND, ~has_job)
        .order_by(Import.id)
        .limit(_AT_ONCE)
    )
    return [(_home(partner), import_id) for import_id, partner in session.execute(found)]
