"""Recognises rejected rows that came back repaired, and reads them as the import that they correct.

People open errors.csv or errors.xlsx in a spreadsheet and save it: the kind of file, the delimiter, the encoding and
the order of columns may be another one afterwards. What makes it a corrections file is the column `Row`, which holds
import:row, or import:sheet:row for rows of a sheet or record type. A table has rows of one part, a workbook of one on
each sheet.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from msgspec import Struct, structs
from sqlalchemy.orm import Session

from gateway.db.models import Import
from gateway.spreadsheet import restore
from ingest import formats, glance
from ingest.feed import Feed
from ingest.formats.base import Batch, BrokenRow, Flaw, Refused, Source, Table, counted
from ingest.formats.csv import CsvFormat, declared_delimiter
from ingest.formats.excel import ExcelFormat, SheetChoice
from ingest.formats.sheet import is_blank
from ingest.formats.workbook import Workbook
from ingest.mapping.headers import columns_of, fields_of
from ingest.mapping.specs import check_feed
from ingest.naming import fold
from ingest.wear import is_worn

PROBLEMS, ROW = "Problems", "Row"

_REFERENCE = re.compile(r"^'?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(?:(.+):)?(\d+)$")
_NO_TEXT = "\ufffd"
_NO_CELL, _NEXT_CELL = "⟦no cell⟧", "⟦next cell⟧"  # in rows that have fewer or more cells than the header
_HEAD = 65_536  # bytes looked at to recognise one
_CELL_OF_ROW = f">{ROW}<".encode()  # how every program writes it, in workbooks of either standard

EIGHT_BITS = "latin-1"  # reads every byte as one sign, whatever the letter was
_UNITS = ("utf-8", "utf-16-le", "utf-16-be")

_Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Saved:
    """How the file was saved, and what it corrects.

    Attributes:
        import_id: None where no row says so readably.
        in_doubt: a table that is no Unicode; see `ingest.letters`.
        parts: sheet of this file -> part of the original; the whole of a CSV is None.
    """

    format: CsvFormat | ExcelFormat
    import_id: UUID | None
    parts: dict[str | None, str | None]
    in_doubt: bool = False


class Original(Struct, frozen=True, array_like=True):
    """A rejected row as it was sent back.

    Attributes:
        wrong: places of cells with a wrong value.
        doubtful: places of cells that may have to change; what is wrong lies between cells, or between rows.
        problems: what its column `Problems` says.
    """

    cells: list[str]
    wrong: list[int]
    doubtful: list[int]
    problems: str


class Originals(Protocol):
    """The rejected rows of an import."""

    def header(self, part: str | None) -> list[str]:
        """The columns of a part of which rows were rejected; empty for others."""

    def row(self, reference: str) -> Original | None:
        """A rejected row, by what the column `Row` says; None where this one was not."""


Recall = Callable[[Session, Import], Originals]


def reference(import_id: UUID, part: str | None, row: int) -> str:
    """What the column `Row` says."""
    return f"{import_id}:{row}" if part is None else f"{import_id}:{part}:{row}"


def fitted(cells: Sequence[str], width: int) -> list[str]:
    """A row at its header's width, so that Problems and Row stay where they are.

    Nothing is lost, and a person sees where cells are missing or too many; until that is mended, the row stays ragged.
    """
    if len(cells) <= width:
        return [*cells, *[_NO_CELL] * (width - len(cells))]
    return [*cells[: width - 1], _NEXT_CELL.join(cells[width - 1 :])]


def is_ragged(cells: Sequence[str]) -> bool:
    """Whether a row at its header's width still lacks cells, or has too many; see `fitted`."""
    return cells_in(cells) != len(cells)


def cells_in(cells: Sequence[str]) -> int:
    """How many cells the partner's row has."""
    return len(_as_sent(cells))


def recognise(source: Source) -> Saved | None:
    """Whether this is a corrections file, by its first rows; None if it is an ordinary one."""
    head = bytes(next(iter(source.chunks()), b"")[:_HEAD])
    if head.startswith(glance.ARCHIVE):
        return _recognise_workbook(source) if glance.may_hold(source, _CELL_OF_ROW) else None
    return _recognise_table(source, head) if any(ROW.encode(one) in head for one in _UNITS) else None


def as_saved(feed: Feed, saved: Saved, file_name: str) -> Feed:
    """The feed as its corrections are to be read: what people type into a workbook becomes real dates.

    Raises:
        Refused: `unreadable`, such a date would be taken for another one, because the feed's own have the year first
            and the day before the month.
    """
    if not saved.format.typed_cells:
        return feed
    typed = structs.replace(feed, format=saved.format, as_of=None)  # they speak as of the file that they repair
    if check_feed(typed):
        why = "a date in a workbook could be taken for another day, given how dates are written in this feed"
        raise Refused("unreadable", file=file_name, why=why, expected="CSV, as errors.csv was")
    return typed


# ------------------------------------------------------------------------------------------------ recognising


def _recognise_table(source: Source, head: bytes) -> Saved | None:
    encoding = _encoding(source, head)
    text = head.decode(encoding, "replace").removeprefix("\ufeff")
    if declared_delimiter(text):
        text = text.partition("\n")[2]
    for delimiter in ",;\t|":
        rows = _rows(text, delimiter)
        if rows and _is_header(rows[0], rows[1:]):
            import_id, part = next(_references(rows[0], rows[1:]), (None, None))
            form = CsvFormat(delimiter=delimiter, encoding=encoding)
            return Saved(form, import_id, {None: part}, in_doubt=encoding == EIGHT_BITS)
    return None


def _encoding(source: Source, head: bytes) -> str:
    """UTF-8 as we wrote it, UTF-16 as Excel's "Unicode text"; else `EIGHT_BITS`, which stands for what is in doubt."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            return encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in source.chunks():
            decoder.decode(bytes(chunk))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return EIGHT_BITS
    return "utf-8"


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
    except csv.Error:
        return rows  # the head may end inside a quoted cell; the rows before it are what counts
    return rows


def _recognise_workbook(source: Source) -> Saved | None:
    """By the first rows of every sheet; a workbook that cannot be read is refused by whoever reads it as agreed."""
    try:
        book = Workbook(source, lambda sheets: list(range(len(sheets))))
    except Refused:
        return None
    book.close()
    tables = {book.sheets[number].name: it for number, head in book.heads.items() if (it := _table(head.cells))}
    filled = {sheet: it for sheet, it in tables.items() if not all(map(is_blank, it[1]))} or dict([*tables.items()][:1])
    said = {sheet: next(_references(*it), (None, sheet)) for sheet, it in filled.items()}  # we name sheets as parts
    if not said:
        return None
    import_id = next((named for named, _ in said.values() if named), None)
    form = ExcelFormat(sheets=[SheetChoice(name=sheet) for sheet in said], find_header=[ROW])
    return Saved(form, import_id, {sheet: part for sheet, (_, part) in said.items()})


def _table(cells: list[list[str]]) -> tuple[list[str], list[list[str]]] | None:
    """Header and first rows of a sheet with corrections, which may begin below blank rows or a title."""
    for place, row in enumerate(cells):
        if ROW in row:
            return (row, cells[place + 1 :]) if _is_header(row, cells[place + 1 :]) else None
    return None


def _is_header(header: Sequence[str], rows: _Rows) -> bool:
    return ROW in header and (PROBLEMS in header or any(True for _ in _references(header, rows)))


def _references(header: Sequence[str], rows: _Rows) -> Iterator[tuple[UUID, str | None]]:
    place = _last(header, ROW)
    cells = (row[place].strip() for row in rows if len(row) > place)
    return ((UUID(match[1]), match[2]) for cell in cells if (match := _REFERENCE.match(cell)))


def _last(header: Sequence[str], name: str) -> int:
    """The place of a column of ours, which stands behind those of a partner that have the same name."""
    return max(place for place, one in enumerate(header) if one == name)


# ------------------------------------------------------------------------------------------------ reading


class Corrections:
    """The tables inside a corrections file: the partner's own columns only, formulas restored.

    A cell that nothing was wrong with is as it was sent where it differs by nothing but what a spreadsheet does; where
    it differs otherwise, it is taken and told.

    Raises:
        Refused: `mixed_corrections`, while reading, when a row belongs to another import, or part, than those before.
    """

    def __init__(self, source: Source, saved: Saved, originals: Originals, feed: Feed) -> None:
        self._table: Table = formats.open_table(source, saved.format)
        found = self._table.parts
        self._worn: Counter[str] = Counter()
        self._columns = [
            _Columns((saved.import_id, saved.parts[part.name]), part.header, originals, feed, self._worn)
            for part in found
        ]
        self.parts = [
            replace(part, name=columns.corrected[1], header=columns.names)
            for part, columns in zip(found, self._columns, strict=True)
        ]

    @property
    def remarks(self) -> list[str]:
        """Remarks of the file itself, and what a spreadsheet did to it; complete once the batches have been read."""
        if not self._worn:
            return self._table.remarks
        told = f"{counted(self._worn.total(), 'cell')} changed by a spreadsheet only ({', '.join(sorted(self._worn))})"
        return [*self._table.remarks, f"{told}; what was first sent counts."]

    def batches(self) -> Iterator[Batch]:
        """The rows, each with its place in the corrections file."""
        for batch in self._table.batches():
            yield self._columns[batch.part].own(batch)


class _Columns:
    """The columns of one table or sheet: the partner's, and which row of what each one corrects."""

    def __init__(
        self,
        corrected: tuple[UUID | None, str | None],
        header: Sequence[str],
        originals: Originals,
        feed: Feed,
        worn: Counter[str],
    ) -> None:
        self.corrected = corrected
        self._originals, self._worn = originals, worn
        self._place = _last(header, ROW)
        ours = {self._place, *([_last(header, PROBLEMS)] if PROBLEMS in header else [])}
        self._own = [place for place in range(len(header)) if place not in ours]
        self.names = [restore(header[place]) for place in self._own]
        self._sent = list(counterparts(self.names, originals.header(corrected[1])))
        self._formats = [_formats(feed.section(corrected[1]), name) for name in self.names]

    def own(self, batch: Batch) -> Batch:
        """The rows of a batch that say what they correct, in the partner's columns; the others are broken."""
        cells = [self._cells(row) for row in batch.cells]
        strange = {index: self._why_not(row, cells[index]) for index, row in enumerate(batch.cells)}
        good = [index for index, flaw in strange.items() if flaw is None]
        broken = [
            BrokenRow(batch.rows[index], batch.lines[index], _as_sent(cells[index]), flaw)
            for index, flaw in strange.items()
            if flaw is not None
        ]
        kept = [cells[index] for index in good]
        notes = [
            note for place, index in enumerate(good) for note in self._mend(place, batch.cells[index], kept[place])
        ]
        return replace(
            batch,
            sheet=self.corrected[1],
            rows=[batch.rows[index] for index in good],
            lines=[batch.lines[index] for index in good],
            cells=kept,
            flaws=[*self._own_flaws(batch.flaws, good), *_unreadable(kept)],
            broken=sorted([*batch.broken, *broken], key=lambda one: one.row),
            notes=notes,
            corrected=[*self._corrected(batch)],
        )

    def _mend(self, index: int, row: Sequence[str], cells: list[str]) -> Iterator[Flaw]:
        """Undo what a spreadsheet did to sound cells; tell of those that say something else now."""
        if (original := self._originals.row(row[self._place].strip().removeprefix("'"))) is None:
            return
        wrong, doubtful = set(original.wrong), set(original.doubtful)
        for column, at in enumerate(self._sent):
            if at is None or at in wrong or cells[column] == (sent := original.cells[at]):
                continue
            if is_worn(sent, cells[column], self._formats[column]):
                cells[column] = sent
                self._worn[self.names[column]] += 1
            elif at not in doubtful:
                yield Flaw(index, column, "cell_changed")

    def _cells(self, row: Sequence[str]) -> list[str]:
        return [restore(row[place]) for place in self._own]

    def _why_not(self, row: Sequence[str], cells: Sequence[str]) -> Flaw | None:
        match = _REFERENCE.match(row[self._place].strip())
        if match is None:
            return Flaw(0, None, "unknown_row")
        if (UUID(match[1]), match[2]) != self.corrected:
            raise Refused("mixed_corrections")
        sent = _as_sent(cells)
        if len(sent) == len(cells):
            return None
        return Flaw(0, None, "ragged_row", details={"found": len(sent), "expected": len(cells)})

    def _corrected(self, batch: Batch) -> Iterator[tuple[int, int]]:
        """The rows that say readably which row of the corrected sheet they are, and which."""
        for row, cells in zip(batch.rows, batch.cells, strict=True):
            if match := _REFERENCE.match(cells[self._place].strip()):
                yield row, int(match[3])

    def _own_flaws(self, flaws: Sequence[Flaw], good: Sequence[int]) -> Iterator[Flaw]:
        """What is wrong with our two columns is nobody's concern."""
        moved = {index: place for place, index in enumerate(good)}
        columns: dict[int | None, int | None] = {place: column for column, place in enumerate(self._own)}
        columns[None] = None
        for flaw in flaws:
            if flaw.index in moved and flaw.column in columns:
                yield replace(flaw, index=moved[flaw.index], column=columns[flaw.column])


def counterparts(names: Sequence[str], sent: Sequence[str]) -> Iterator[int | None]:
    """Where each column stood; of columns with one name, the first is the first."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(sent):
        places.setdefault(name.strip(), []).append(place)
    seen: Counter[str] = Counter()
    for name in names:
        found = places.get(name.strip(), [])
        yield found[seen[name.strip()]] if seen[name.strip()] < len(found) else None
        seen[name.strip()] += 1


def _formats(feed: Feed, name: str) -> list[str]:
    """How the feed reads dates in a column."""
    wanted = fold(name)
    return [
        one
        for spec in fields_of(feed)
        if spec.type in {"date", "datetime"} and any(wanted in map(fold, names) for names in columns_of(spec))
        for one in spec.formats or ["%Y-%m-%d"]
    ]


def _as_sent(cells: Sequence[str]) -> list[str]:
    """What `fitted` was given."""
    return [piece for cell in cells if cell != _NO_CELL for piece in cell.split(_NEXT_CELL)]


def _unreadable(rows: _Rows) -> Iterator[Flaw]:
    """Cells that came back with the sign under which receipts show what was no text."""
    for index, row in enumerate(rows):
        for column, cell in enumerate(row):
            if _NO_TEXT in cell:
                yield Flaw(index, column, "undecodable", cell, {"expected": "readable"})
