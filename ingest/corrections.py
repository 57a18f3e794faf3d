"""Recognises an errors.csv that came back repaired, and reads it as the import that it corrects.

People open errors.csv in a spreadsheet and save it: the delimiter, the encoding and the order of columns may be another
one afterwards. What makes it a corrections file is the column `Row`, which holds import:row, or import:sheet:row for
rows of a sheet or record type.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from ingest.formats.base import Batch, BrokenRow, Flaw, Refused, Source, Table
from ingest.formats.csv import CsvFormat, open_table
from ingest.spreadsheet import restore

PROBLEMS, ROW = "Problems", "Row"

_REFERENCE = re.compile(r"^'?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(?:(.+):)?(\d+)$")
_NO_TEXT = "\ufffd"
_HEAD = 65_536  # bytes looked at to recognise one


@dataclass(frozen=True, slots=True)
class Saved:
    """How the file was saved, and which import and which part of it it corrects; None where no row says so readably."""

    format: CsvFormat
    import_id: UUID | None
    part: str | None


def reference(import_id: UUID, part: str | None, row: int) -> str:
    """What the column `Row` says."""
    return f"{import_id}:{row}" if part is None else f"{import_id}:{part}:{row}"


def recognise(source: Source) -> Saved | None:
    """Whether this is a corrections file, by its first rows; None if it is an ordinary one."""
    head = bytes(next(iter(source.chunks()), b"")[:_HEAD])
    if ROW.encode() not in head:
        return None
    encoding = _encoding(source)
    text = head.removeprefix(codecs.BOM_UTF8).decode(encoding, "replace")
    for delimiter in ",;\t|":
        rows = _rows(text, delimiter)
        if rows and ROW in rows[0] and (PROBLEMS in rows[0] or _references(rows)):
            import_id, part = next(iter(_references(rows)), (None, None))
            return Saved(CsvFormat(delimiter=delimiter, encoding=encoding), import_id, part)
    return None


def _encoding(source: Source) -> str:
    """UTF-8 as we wrote it, or Windows-1252, which is what Excel makes of it when it saves "CSV"."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in source.chunks():
            decoder.decode(bytes(chunk))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
    except csv.Error:
        return rows  # the head may end inside a quoted cell; the rows before it are what counts
    return rows


def _references(rows: list[list[str]]) -> list[tuple[UUID, str | None]]:
    place = rows[0].index(ROW)
    cells = (row[place].strip() for row in rows[1:] if len(row) > place)
    return [(UUID(match[1]), match[2]) for cell in cells if (match := _REFERENCE.match(cell))]


class Corrections:
    """The table inside a corrections file: its own columns only, formulas restored.

    Raises:
        Refused: `mixed_corrections`, while reading, when a row belongs to another import, or part, than the first.
    """

    def __init__(self, source: Source, saved: Saved) -> None:
        self._table: Table = open_table(source, saved.format)
        self._corrected = (saved.import_id, saved.part)
        [whole] = self._table.parts
        self._place = whole.header.index(ROW)
        self._own = [place for place, name in enumerate(whole.header) if name not in {PROBLEMS, ROW}]
        self.parts = [replace(whole, name=saved.part, header=[whole.header[place] for place in self._own])]

    @property
    def remarks(self) -> list[str]:
        """Remarks of the file itself."""
        return self._table.remarks

    def batches(self) -> Iterator[Batch]:
        """The rows, each with its place in the corrections file."""
        for batch in self._table.batches():
            yield self._own_batch(batch)

    def _own_batch(self, batch: Batch) -> Batch:
        good = [index for index, row in enumerate(batch.cells) if self._refers(row[self._place].strip())]
        moved = {index: place for place, index in enumerate(good)}
        strangers = [
            BrokenRow(batch.rows[index], batch.lines[index], row, Flaw(0, None, "unknown_row"))
            for index, row in enumerate(batch.cells)
            if index not in moved
        ]
        return replace(
            batch,
            sheet=self.parts[0].name,
            rows=[batch.rows[index] for index in good],
            lines=[batch.lines[index] for index in good],
            cells=[[restore(batch.cells[index][place]) for place in self._own] for index in good],
            flaws=[
                *(self._own_flaw(flaw, moved) for flaw in batch.flaws if flaw.index in moved),
                *self._unrepaired(batch, good),
            ],
            broken=sorted([*batch.broken, *strangers], key=lambda broken: broken.row),
        )

    def _unrepaired(self, batch: Batch, good: list[int]) -> Iterator[Flaw]:
        """Cells that came back with the sign under which errors.csv shows what was no text."""
        for index, row in enumerate(good):
            for column, place in enumerate(self._own):
                if _NO_TEXT in batch.cells[row][place]:
                    yield Flaw(index, column, "undecodable", batch.cells[row][place], {"expected": "readable"})

    def _refers(self, cell: str) -> bool:
        match = _REFERENCE.match(cell)
        if match and (UUID(match[1]), match[2]) != self._corrected:
            raise Refused("mixed_corrections")
        return match is not None

    def _own_flaw(self, flaw: Flaw, moved: dict[int, int]) -> Flaw:
        column = self._own.index(flaw.column) if flaw.column in self._own else None
        return replace(flaw, index=moved[flaw.index], column=column)
