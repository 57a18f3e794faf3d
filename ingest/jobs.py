"""What workers do with imports: run them, write missing receipts, find what was left behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, exists, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import OPEN_STATES, Import, JobRow, Partner
from gateway.db.session import is_partner_free
from gateway.domain.partners.homes import Home
from gateway.errors import NotFound, Transient
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind, enqueue
from ingest import running

LEFT_BEHIND = timedelta(minutes=1)  # an import at which nobody has been for so long is taken up

_LOOK_SECONDS = 2.0  # between looks at an import of which nothing was heard
_AT_ONCE = 1_000  # imports that a sweep takes up


def run(handling: Handling) -> None:
    """Take an import to its end, receipts included; the files of an archive have jobs of their own, one for each.

    Each import's transaction ends with the fence. The job is done when the receipts are written: a worker killed
    between commit and receipt leaves a job that is claimed again, finds the import done, and writes them.
    """
    home = _home_of(handling)
    running.finish(
        handling.office,
        home,
        _import_id(handling),
        lambda rows, position, size: handling.tell(rows=rows, position=position, size=size),
        fence=handling.hold,
        heirs=lambda session, import_ids: _queue_runs(session, home, import_ids),
        last_resort=handling.job.worker_died,
    )
    _see_receipt(handling)


def write_receipts(handling: Handling) -> None:
    """Write the receipts of a partner that a killed process left out."""
    running.write_receipts(handling.office, _home_of(handling))
    _see_receipt(handling)


def sweep(handling: Handling) -> None:
    """Make jobs for open imports and missing receipts that no job will see to, such as a killed command's."""
    with handling.transaction() as session:
        for home, import_id in _left_behind(session, Import.state.in_(OPEN_STATES), RUN, Import.received_at):
            if is_partner_free(session, home.partner_id):  # else a command is at it right now
                queue_run(session, home, import_id)
        ended = and_(Import.state.not_in(OPEN_STATES), Import.receipt_at.is_(None))
        for home, import_id in _left_behind(session, ended, RECEIPTS, Import.finished_at):
            queue_receipts(session, home, import_id)


RUN = Kind("ingest.run", "ingest", run)
RECEIPTS = Kind("ingest.receipts", "ingest", write_receipts)
SWEEP = Kind("ingest.sweep", "normal", sweep, clockwork=Clockwork("open imports", "* * * * *"))
KINDS = (RUN, RECEIPTS, SWEEP)


def queue_run(session: Session, home: Home, import_id: UUID) -> None:
    """Have a worker take this import to its end. A second job for it finds nothing left to do."""
    _queue(session, RUN, home, import_id)


def queue_receipts(session: Session, home: Home, import_id: UUID) -> None:
    """Have a worker write the partner's missing receipts, of this import among them."""
    _queue(session, RECEIPTS, home, import_id)


def _queue_runs(session: Session, home: Home, import_ids: list[UUID]) -> None:
    for one in import_ids:
        queue_run(session, home, one)


def _queue(session: Session, kind: Kind, home: Home, import_id: UUID) -> None:
    """One at a time for a partner: its files are taken in order, and two must not write the same receipt at once."""
    payload = {"import_id": import_id}
    enqueue(session, kind, payload, firm_id=home.firm_id, lane=str(home.partner_id), about=import_id)


# ---------------------------------------------------------------- helpers


def _see_receipt(handling: Handling) -> None:
    """A receipt that cannot be written is tried again, and in the end stands as a dead job for somebody to see."""
    with handling.office.db.system() as session:
        written = session.scalar(select(Import.receipt_at).where(Import.id == _import_id(handling)))
    if written is None:
        raise Transient("receipt_missing", "The import is done, but its receipt cannot be written; the log says why.")


def _import_id(handling: Handling) -> UUID:
    return UUID(handling.job.payload["import_id"])


def _home_of(handling: Handling) -> Home:
    """Where the import's partner belongs.

    Raises:
        NotFound: the import is gone.
    """
    with handling.office.db.system() as session:
        found = session.scalar(
            select(Partner).join(Import, Import.partner_id == Partner.id).where(Import.id == _import_id(handling))
        )
        if found is None or found.firm_id != handling.job.firm_id:
            raise NotFound("import", str(_import_id(handling)))
        return Home.of(found)


def _left_behind(
    session: Session, which: ColumnElement[bool], kind: Kind, since: SQLColumnExpression[Any]
) -> list[tuple[Home, UUID]]:
    """Imports at which nobody has been for a while, the oldest first; dead jobs are seen to by a person."""
    has_job = exists().where(JobRow.about == Import.id, JobRow.state != "done", JobRow.kind.in_({kind.name, RUN.name}))
    found: Select[UUID, Partner] = (
        select(Import.id, Partner)
        .join(Partner, Partner.id == Import.partner_id)
        .where(which, since < clock.now() - LEFT_BEHIND, ~has_job)
        .order_by(Import.id)
        .limit(_AT_ONCE)
    )
    return [(Home.of(partner), import_id) for import_id, partner in session.execute(found)]
