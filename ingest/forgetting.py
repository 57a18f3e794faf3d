"""How what was kept of a file goes: its bytes, its receipts, and what was told of its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import (
    LOADED_STATES,
    OPEN_STATES,
    File,
    Import,
    ImportPreview,
    Repair,
    RepairCell,
    RepairRule,
    RowError,
)
from gateway.db.models.base import blanks
from gateway.domain.links import returned
from gateway.domain.partners.homes import Home
from gateway.domain.people.holdings import forget_answers
from gateway.office import Office
from ingest import alike, receipts

WAITING = (*OPEN_STATES, "held")  # for a worker, or for somebody's decision: such files keep their bytes

_NAMED = "Its original and its receipts were destroyed when a person whom it named was erased."


def forget(session: Session, imports: Collection[Import], remark: str) -> None:
    """Take the problems out of ended imports, and what was typed to repair them; the caller destroys their receipts."""
    for one in imports:
        one.problem_count, one.remarks = 0, [*one.remarks, remark]
    named = [one.id for one in imports]
    session.execute(delete(RowError).where(RowError.import_id.in_(named)))
    alike.forget(session, imports)
    returned.forget(session, named)
    forget_previews(session, named)
    drafts = select(Repair.id).where(Repair.import_id.in_(named)).scalar_subquery()
    for kind in (RepairCell, RepairRule):
        session.execute(delete(kind).where(kind.repair_id.in_(drafts)))
    session.execute(update(Repair).where(Repair.import_id.in_(named), Repair.state == "open").values(state="dropped"))


def forget_previews(session: Session, imports: Collection[UUID]) -> None:
    """Destroy what was told of decisions about imports that are made now, or never will be."""
    session.execute(delete(ImportPreview).where(ImportPreview.import_id.in_(imports)))


def forget_person(session: Session, imports: Collection[Import]) -> None:
    """The same for a person who was on them, with all that may quote a row; the caller destroys their receipts.

    The header of a file that was never loaded may be a row itself. That of a loaded one names columns, and the next
    file is held against it.
    """
    forget(session, imports, _NAMED)
    for one in imports:
        forget_answers(session, one.firm_id, [one.id])
        for name, value in blanks(Import).items():
            if name != "header" or one.state not in LOADED_STATES:
                setattr(one, name, value)


def condemn(session: Session, imports: Collection[UUID]) -> None:
    """Have the files of imports that wait destroyed once they have ended, with the archives in which they came."""
    ends = update(File).where(File.id.in_(_with_archives(session, imports)), File.condemned_at.is_(None))
    session.execute(ends.values(condemned_at=clock.now()))


def give_up(session: Session, imports: Collection[UUID], others: Iterable[UUID] = ()) -> Sequence[str]:
    """Put on record that files are gone: of imports, with the archives in which they came, and others.

    Returns:
        The keys under which they are stored; the caller deletes them.
    """
    files = [*_with_archives(session, imports), *others]
    gone = update(File).where(File.id.in_(files), File.destroyed_at.is_(None)).values(destroyed_at=clock.now())
    return session.scalars(gone.returning(File.storage_key)).all()


def destroy(office: Office, home: Home, imports: Iterable[UUID], keys: Iterable[str]) -> None:
    """Delete stored files, and receipts of imports; what is gone already is fine."""
    for key in keys:
        office.store.delete(key)
    for import_id in imports:
        receipts.destroy(office.settings, home, import_id)


def _with_archives(session: Session, imports: Collection[UUID]) -> list[UUID]:
    read = select(Import.file_id).where(Import.id.in_(imports))
    files = session.execute(select(File.id, File.archive_id).where(File.id.in_(read))).all()
    return [one for pair in files for one in pair if one is not None]
