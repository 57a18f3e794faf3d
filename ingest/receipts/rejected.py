"""The rejected rows of an import: read again from the stored file, each beside what was wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import Import, RowError
from ingest import corrections
from ingest.formats.base import Part, Table
from ingest.formats.text import presentable
from ingest.numbering import Numbering

FETCH = 2_000  # problems read at a time


class Fault(NamedTuple):
    """One error of a row.

    Attributes:
        column: the partner's own label, several joined by " + "; None for the whole row.
        value: what stood there, masked where sensitive, as it is told.
        told: the sentence and its fix.
    """

    column: str | None
    value: str | None
    told: str
    code: str


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row to be repaired.

    Attributes:
        place: counted through all parts, as in `RowError`.
        number: place of its part in the file.
        cells: text that can be shown, as many as the header has names.
        reference: what the column `Row` says.
    """

    part: Part
    place: int
    number: int
    cells: list[str]
    faults: list[Fault]
    reference: str

    @property
    def problems(self) -> str:
        """What the column `Problems` says."""
        return " ".join(fault.told for fault in self.faults)


def rejected_rows(session: Session, arrival: Import, table: Table) -> Iterator[RejectedRow]:
    """The rows in the order of the file; it is read no further than to the last of them."""
    wrong, numbering = _Wrong(session, arrival), Numbering(table)
    for batch in numbering.batches():
        if wrong.is_exhausted:
            return
        part = table.parts[batch.part]
        rows = [*zip(batch.rows, batch.cells, strict=True), *((one.row, one.cells) for one in batch.broken)]
        for place, cells in sorted(rows, key=itemgetter(0)):
            if wrong.has(place):
                shown = corrections.fitted([presentable(cell) for cell in cells], len(part.header))
                reference = corrections.reference(arrival.id, part.name, numbering.row(place))
                yield RejectedRow(part, place, batch.part, shown, wrong.told(place), reference)


class _Wrong:
    """The errors of an import in the order of its rows, read beside the file itself, a little at a time."""

    def __init__(self, session: Session, arrival: Import) -> None:
        ordered = (
            select(RowError.place, RowError.column_name, RowError.value, RowError.message, RowError.fix, RowError.code)
            .where(RowError.import_id == arrival.id, RowError.severity == "error")
            .order_by(RowError.place, RowError.id)
        )
        self._found = iter(session.execute(ordered.execution_options(yield_per=FETCH)))
        self._next = next(self._found, None)
        self._told: dict[int, list[Fault]] = {}

    @property
    def is_exhausted(self) -> bool:
        """Whether all have been told."""
        return self._next is None and not self._told

    def has(self, row: int) -> bool:
        """Whether this row was rejected; rows must be asked for in order, but for those of one batch and the next."""
        while self._next is not None and self._next[0] <= row:
            number, column, value, message, fix, code = self._next
            self._told.setdefault(number, []).append(Fault(column, value, f"{message} {fix}", code))
            self._next = next(self._found, None)
        return row in self._told

    def told(self, row: int) -> list[Fault]:
        """What was wrong with a row that was rejected; is told once."""
        return self._told.pop(row)
