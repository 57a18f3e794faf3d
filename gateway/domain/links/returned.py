"""Which rejected rows came back, as which rows of which import; what is left of an import are the others.

A row that was sent again is not offered again, whatever became of it: one that is still wrong was rejected of the
import in which it came back, and is repaired there. Where that import was refused or failed, nothing came back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, distinct, exists, func, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from gateway.db.models import File, Import, ProblemGroup, ReturnedRow, RowError

_CAME_TO_NOTHING = ("failed", "refused")
_AT_ONCE = 5_000  # rows a statement


class Back(NamedTuple):
    """A row of a corrections file: its place there, and which row of the corrected sheet it is."""

    place: int
    sheet: str | None
    number: int


class Sent(NamedTuple):
    """What of an import came back in one file."""

    import_id: UUID
    file: str
    rows: int


class Corrected(NamedTuple):
    """An import of which another one corrects rows, and how many of its rejected rows are left."""

    import_id: UUID
    file: str
    left: int


@cache
def is_left() -> ColumnElement[bool]:
    """Whether a `RowError` is of a row that has not come back."""
    into = aliased(Import)
    came = exists().where(
        ReturnedRow.firm_id == RowError.firm_id,
        ReturnedRow.corrects_import_id == RowError.import_id,
        ReturnedRow.number == RowError.row,
        ReturnedRow.sheet.is_not_distinct_from(RowError.sheet),
        into.firm_id == ReturnedRow.firm_id,
        into.id == ReturnedRow.import_id,
        into.state.not_in(_CAME_TO_NOTHING),
    )
    return ~came


def has_any(import_id: UUID | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether any row of an import came back at all: of most none has, and then none need be looked at."""
    return exists().where(ReturnedRow.corrects_import_id == import_id)


@cache
def left() -> ColumnElement[int]:
    """How many rejected rows of an `Import` have not come back; none where the reader may see none of its problems."""
    of = RowError.firm_id == Import.firm_id, RowError.import_id == Import.id, RowError.severity == "error"
    back = select(func.count(distinct(RowError.place))).where(*of, has_any(Import.id), ~is_left()).correlate(Import)
    is_seen = exists().where(ProblemGroup.firm_id == Import.firm_id, ProblemGroup.import_id == Import.id)
    return case((is_seen, Import.wrong_rows - back.scalar_subquery()), else_=0)


def number_left(session: Session, import_id: UUID) -> int:
    """How many rejected rows of an import have not come back."""
    return session.scalar(select(left()).where(Import.id == import_id)) or 0


def sent_of(session: Session, import_id: UUID) -> list[Sent]:
    """The files in which rows of an import came back, the oldest first."""
    found = (
        select(Import.id, File.name, func.count())
        .join(ReturnedRow, (ReturnedRow.firm_id == Import.firm_id) & (ReturnedRow.import_id == Import.id))
        .join(File, (File.firm_id == Import.firm_id) & (File.id == Import.file_id))
        .where(ReturnedRow.corrects_import_id == import_id, Import.state.not_in(_CAME_TO_NOTHING))
        .group_by(Import.id, File.name)
        .order_by(Import.id)
    )
    return [Sent(*row) for row in session.execute(found)]


def note(session: Session, firm_id: UUID, import_id: UUID, corrects: UUID, rows: Sequence[Back]) -> None:
    """Put down which rows of an import came back as rows of another, instead of what was known of that."""
    session.execute(delete(ReturnedRow).where(ReturnedRow.import_id == import_id))
    first = origins(session, corrects)
    whole = {"firm_id": firm_id, "import_id": import_id, "corrects_import_id": corrects}
    told = [whole | one._asdict() | {"origin": first.get((one.sheet, one.number), one.number)} for one in rows]
    for begin in range(0, len(told), _AT_ONCE):
        session.execute(insert(ReturnedRow), told[begin : begin + _AT_ONCE])


def origins(session: Session, import_id: UUID) -> Mapping[tuple[str | None, int], int]:
    """Of rejected rows of an import that is a correction itself, by sheet and number: which row was first sent."""
    found = (
        select(RowError.sheet, RowError.row, ReturnedRow.origin)
        .join(
            ReturnedRow,
            (ReturnedRow.firm_id == RowError.firm_id)
            & (ReturnedRow.import_id == RowError.import_id)
            & (ReturnedRow.place == RowError.place),
        )
        .where(RowError.import_id == import_id)
        .distinct()
    )
    return {(sheet, row): origin for sheet, row, origin in session.execute(found)}


def first_file(session: Session, import_id: UUID) -> str | None:
    """The name of the file in which rows were first sent that an import corrects; None of one that corrects nothing."""
    first, above = import_id, _corrected(session, import_id)
    while above is not None:
        first, above = above, _corrected(session, above)
    return None if first == import_id else _name(session, first)


def corrected_by(session: Session, import_id: UUID) -> Corrected | None:
    """What an import corrects; None of one that corrects nothing."""
    corrected = _corrected(session, import_id)
    if corrected is None:
        return None
    return Corrected(corrected, _name(session, corrected), number_left(session, corrected))


def _name(session: Session, import_id: UUID) -> str:
    """Of its file."""
    wanted = select(File.name).join(Import, Import.file_id == File.id).where(Import.id == import_id)
    return session.scalars(wanted).one()


def _corrected(session: Session, import_id: UUID) -> UUID | None:
    return session.scalars(select(Import.corrects_import_id).where(Import.id == import_id)).one()


def forget(session: Session, imports: Collection[UUID]) -> None:
    """Forget which rows of imports came back of which nothing is left to repair."""
    session.execute(delete(ReturnedRow).where(ReturnedRow.corrects_import_id.in_(imports)))
