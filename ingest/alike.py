"""Problems of an import that are alike: counted once, when it ends, for whoever looks at them later."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Row, Select, and_, cast, delete, func, lateral, select, text, true
from sqlalchemy.orm import Session

from gateway.db.models import Import, ProblemGroup, ReturnedRow, RowError
from gateway.db.session import driver
from gateway.domain.links import returned

# of the staged problems, of which those of `row_errors` are a copy
_COUNT = """
INSERT INTO problem_groups
    (firm_id, import_id, severity, code, column_name, value, problems, first_place, message, fix)
SELECT %(firm)s, %(import)s, severity, code, column_name, value, count(*), min(place), min(message), min(fix)
FROM stage_problems GROUP BY severity, code, column_name, value
"""
_WRONG = "SELECT count(DISTINCT place) FROM stage_problems WHERE severity = 'error'"


class Alike(NamedTuple):
    """Cells that are wrong in the same way, and what was said of them."""

    column: str
    code: str
    value: str | None
    rows: int
    message: str
    fix: str


def count_staged(session: Session, arrival: Import) -> None:
    """Count the problems of an import that ends, while they are staged."""
    driver(session).execute(_COUNT, {"firm": arrival.firm_id, "import": arrival.id})
    arrival.wrong_rows = session.scalar(text(_WRONG)) or 0


def forget(session: Session, imports: Collection[Import]) -> None:
    """Forget what was counted."""
    session.execute(delete(ProblemGroup).where(ProblemGroup.import_id.in_([one.id for one in imports])))
    for one in imports:
        one.wrong_rows = 0


def kinds_of(session: Session, import_id: UUID) -> Sequence[Row[*tuple[Any, ...]]]:
    """Problems by what and where, the most frequent first: code, severity, column, how many, and of the first of them
    its row, sheet and fix, and that row in the file that was first sent, if it came back.
    """
    number, place = func.sum(ProblemGroup.problems).label("number"), func.min(ProblemGroup.first_place).label("place")
    kind = ProblemGroup.code, ProblemGroup.severity, ProblemGroup.column_name
    kinds = select(*kind, number, place).where(ProblemGroup.import_id == import_id).group_by(*kind).subquery()
    first = lateral(
        select(RowError.row, RowError.sheet, RowError.fix)
        .where(RowError.import_id == import_id, RowError.place == kinds.c.place)
        .where(RowError.code == kinds.c.code, RowError.severity == kinds.c.severity)
        .where(RowError.column_name.is_not_distinct_from(kinds.c.column_name))
        .order_by(RowError.id)
        .limit(1)
    )
    back = and_(ReturnedRow.import_id == import_id, ReturnedRow.place == kinds.c.place)
    told = (kinds.c.code, kinds.c.severity, kinds.c.column_name, cast(kinds.c.number, Integer))
    found = select(*told, first.c.row, first.c.sheet, first.c.fix, ReturnedRow.origin)
    found = found.select_from(kinds).join(first, true()).outerjoin(ReturnedRow, back)
    return session.execute(found.order_by(kinds.c.number.desc(), kinds.c.code)).all()


def ways_left(session: Session, import_id: UUID, most: int) -> list[Alike]:
    """The ways in which cells of rows are wrong that have not come back, those of most rows first."""
    gone = _gone(import_id).subquery()
    left = (ProblemGroup.problems - func.coalesce(gone.c.number, 0)).label("left")
    way = ProblemGroup.column_name, ProblemGroup.code, ProblemGroup.value
    same = and_(
        gone.c.column_name == ProblemGroup.column_name,
        gone.c.code == ProblemGroup.code,
        gone.c.value.is_not_distinct_from(ProblemGroup.value),
    )
    found = (
        select(*way, left, ProblemGroup.message, ProblemGroup.fix)
        .outerjoin(gone, same)
        .where(ProblemGroup.import_id == import_id, ProblemGroup.severity == "error")
        .where(ProblemGroup.column_name.is_not(None), left > 0)
        .order_by(left.desc(), *way)
        .limit(most)
    )
    return [
        Alike(column or "", code, value, rows, message, fix)  # those without a column were left out
        for column, code, value, rows, message, fix in session.execute(found)
    ]


def _gone(import_id: UUID) -> Select[*tuple[Any, ...]]:
    """How many cells are wrong in each way, of rows that have come back."""
    way = RowError.column_name, RowError.code, RowError.value
    return (
        select(*way, func.count().label("number"))
        .where(RowError.import_id == import_id, RowError.severity == "error")
        .where(returned.has_any(import_id), ~returned.is_left())
        .group_by(*way)
    )
