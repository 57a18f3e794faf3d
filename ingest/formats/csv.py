"""Delimited text: which row is the header, which rows are data, and whether they fit the header."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from ingest.catalogue import shorten
from ingest.formats.base import (
    BATCH_BYTES,
    BATCH_CELLS,
    BATCH_ROWS,
    MAX_COLUMNS,
    Batch,
    BrokenRow,
    Flaw,
    Footer,
    FormatSpec,
    Part,
    Refused,
    Source,
)
from ingest.formats.delimited import Record, Records
from ingest.formats.text import MAX_CELL, Lines, codec_of, is_dirty, presentable

_DELIMITERS = {"comma": ",", "tab": "\t", "pipe": "|", "semicolon": ";"}
_EXPECTED = "a CSV file"
_TOO_LONG = f"more than {MAX_CELL:,} characters"

Row = tuple[int, Record]  # its position in the table, and what stands there


class CsvFormat(FormatSpec, frozen=True, kw_only=True, tag="csv"):
    """A table in delimited text (RFC 4180 and its relatives).

    Rows are counted as a spreadsheet shows them, so `header_row` counts the `skip_lines` above it too.
    """

    delimiter: str = ","  # one character, or `comma`, `tab`, `pipe`, `semicolon`
    encoding: str = "utf-8"
    quote: str | None = '"'
    escape: str | None = None
    header_row: Annotated[int, Meta(ge=0)] = 1  # 0: there is none, `columns` names the columns
    skip_lines: Annotated[int, Meta(ge=0)] = 0  # above the table, whatever quotes they hold
    columns: list[str] | None = None
    footer: Footer | None = None

    def __post_init__(self) -> None:
        codec_of(self.encoding)
        _check_marks(self.separator, self.quote, self.escape)
        if bool(self.columns) == bool(self.header_row):
            raise ValueError("A table has a header row, or `header_row: 0` and its `columns`, never both.")
        if 0 < self.header_row <= self.skip_lines:
            raise ValueError(
                f"Row {self.header_row} cannot be the header: the first {self.skip_lines} lines are skipped. "
                "Rows are counted as a spreadsheet shows them, skipped lines included."
            )
        if len(self.columns or ()) > MAX_COLUMNS:
            raise ValueError(f"A table has at most {MAX_COLUMNS:,} columns.")

    @property
    def separator(self) -> str:
        """The delimiter as a character."""
        return _DELIMITERS.get(self.delimiter, self.delimiter)


def open_table(source: Source, spec: CsvFormat) -> CsvTable:
    """Open delimited text and read as far as its header.

    Raises:
        Refused: `empty_file` (no byte, or no header), `unreadable` (no text, or a header that cannot be told apart),
            `too_large` (too many columns), `column_missing` (the column that the footer is known by).
    """
    return CsvTable(source, spec)


class CsvTable:
    """Delimited text, read once from top to bottom.

    Attributes:
        header: the names as found; U+FFFD stands for what is no text.
        header_row: its row, or 0 when the feed names the columns.
    """

    def __init__(self, source: Source, spec: CsvFormat) -> None:
        self._lines = Lines(source, spec.encoding, _EXPECTED)
        self._records = _records(self._lines, spec)
        self._rows: Iterator[Row] = enumerate(self._records, start=spec.skip_lines + 1)
        self._blank_lines = self._footer_rows = 0
        self._footer = spec.footer
        self.header_row = spec.header_row
        self.header = [presentable(name) for name in spec.columns or self._found_header(source.name)]
        self._mark_at = _place_of_mark(self._footer, self.header)

    @property
    def parts(self) -> list[Part]:
        """The one table."""
        return [Part(None, self.header, self.header_row)]

    @property
    def remarks(self) -> list[str]:
        """Sentences for the receipt; complete once the batches have been read."""
        blank = [f"{_counted(self._blank_lines, 'blank line')} passed over."] if self._blank_lines else []
        footer = [f"{_counted(self._footer_rows, 'footer row')} not read as data."] if self._footer_rows else []
        return [*self._lines.remarks, *blank, *footer]

    def batches(self) -> Iterator[Batch]:
        """The data rows in order. Once."""
        records, lines, width = self._records, self._lines, len(self.header)
        filling = _Filling(width, lines.encoding)
        for row, (line, cells, code) in self._data():
            if filling.is_full(lines.position):
                yield filling.taken(lines.position)
            if code is None and len(cells) == width and line > records.suspect_until:
                filling.add(row, line, cells)
            else:
                filling.add_doubtful(row, line, cells, code)
        if filling.rows:
            yield filling.taken(lines.position)

    def _found_header(self, name: str) -> list[str]:
        for row, (_, cells, code) in self._rows:
            if row == self.header_row:
                return self._checked_header(name, cells, code)
        raise Refused("empty_file", file=name)

    def _checked_header(self, name: str, cells: list[str], code: str | None) -> list[str]:
        if len(cells) > MAX_COLUMNS:
            raise Refused("too_large", file=name, why=f"it has {len(cells):,} columns; {MAX_COLUMNS:,} is the most")
        if code == "too_long":
            raise Refused("too_large", file=name, why=f"row {self.header_row}, its header, is {_TOO_LONG} long")
        if code:
            why = f"a quote in row {self.header_row}, its header, is never closed or not doubled"
            raise Refused("unreadable", file=name, why=why, expected=_EXPECTED)
        if len(cells) > 1 or "".join(cells).strip():
            return cells
        if any(True for _ in self._filled_rows(len(cells))):
            why = f"row {self.header_row}, where its header should be, is blank"
            raise Refused("unreadable", file=name, why=why, expected=_EXPECTED)
        raise Refused("empty_file", file=name)

    def _data(self) -> Iterator[Row]:
        rows = self._filled_rows(len(self.header))
        if self._footer is None:
            return rows
        if self._footer.rows:
            return self._all_but_last(self._footer.rows, rows)
        return self._up_to_mark(frozenset(self._footer.is_ or ()), rows)

    def _filled_rows(self, width: int) -> Iterator[Row]:
        """All but the blank lines. In a table of one column, a blank cell in quotes or of spaces is a row."""
        for row in self._rows:
            _, cells, code = row[1]
            if len(cells) > 1 or code or (cells and (width == 1 or cells[0].strip())):
                yield row
            else:
                self._blank_lines += 1

    def _all_but_last(self, count: int, rows: Iterator[Row]) -> Iterator[Row]:
        held: deque[Row] = deque()
        for row in rows:
            held.append(row)
            if len(held) > count:
                yield held.popleft()
        self._footer_rows = len(held)

    def _up_to_mark(self, words: frozenset[str], rows: Iterator[Row]) -> Iterator[Row]:
        at = self._mark_at
        for row in rows:
            cells = row[1][1]
            if at < len(cells) and cells[at].strip() in words:
                self._footer_rows = 1 + sum(1 for _ in rows)
                return
            yield row


class _Filling:
    """The batch that is being filled.

    Its fullness is judged before a row is added, so the last batch of a file is handed over at its very end.
    """

    def __init__(self, width: int, encoding: str) -> None:
        self._width = width
        self._undecodable: dict[str, object] = {"expected": encoding}
        self._begin(position=0)

    def _begin(self, position: int) -> None:
        self._batch = Batch([], [], [])
        self._begun = position
        self._cells = 0
        self.rows = 0

    def is_full(self, position: int) -> bool:
        """Whether a row more would be one too many; `position` in bytes stands for the length of its rows."""
        return (
            self.rows == BATCH_ROWS
            or (self._cells + self._width > BATCH_CELLS and self.rows > 0)
            or position - self._begun > BATCH_BYTES
        )

    def taken(self, position: int) -> Batch:
        """The batch so far; the next one begins."""
        batch = self._batch
        batch.position = position
        self._begin(position)
        return batch

    def add(self, row: int, line: int, cells: list[str]) -> None:
        """A row that fits the header."""
        self.rows += 1
        self._cells += self._width
        self._batch.rows.append(row)
        self._batch.lines.append(line)
        self._batch.cells.append(cells)

    def add_doubtful(self, row: int, line: int, cells: list[str], code: str | None) -> None:
        """A row that may be broken, or misfit the header, or hold what is no text."""
        code = code or self._misfit(cells)
        if code:
            self._add_broken(row, line, cells, code)
            return
        self.add(row, line, cells[: self._width])
        if is_dirty("".join(cells)):
            self._flag_dirty(cells)

    def _misfit(self, cells: list[str]) -> str | None:
        fits = len(cells) >= self._width and not any(cell.strip() for cell in cells[self._width :])
        return None if fits else "ragged_row"

    def _add_broken(self, row: int, line: int, cells: list[str], code: str) -> None:
        details: dict[str, dict[str, object]] = {
            "ragged_row": {"found": len(cells), "expected": self._width},
            "too_long": {"expected": _TOO_LONG},
        }
        flaw = Flaw(len(self._batch.cells), None, code, details=details.get(code, {}))
        self._batch.broken.append(BrokenRow(row, line, cells[:MAX_COLUMNS], flaw))
        self.rows += 1
        self._cells += len(cells[:MAX_COLUMNS])

    def _flag_dirty(self, cells: list[str]) -> None:
        index = len(self._batch.cells) - 1
        dirty = [(column, cell) for column, cell in enumerate(cells) if is_dirty(cell)]
        self._batch.flaws += [
            Flaw(index, column, "undecodable", presentable(shorten(cell)), self._undecodable) for column, cell in dirty
        ]
        self._cells += len(dirty)  # a flaw takes as much memory as a cell, and more


def _records(lines: Lines, spec: CsvFormat) -> Records:
    return Records(
        lines.blocks(),
        spec.skip_lines,
        delimiter=spec.separator,
        quotechar=spec.quote,
        escapechar=spec.escape,
        quoting=csv.QUOTE_MINIMAL if spec.quote else csv.QUOTE_NONE,
    )


def _place_of_mark(footer: Footer | None, header: list[str]) -> int:
    if footer is None or footer.column is None:
        return 0
    for place, name in enumerate(header):
        if name.strip().casefold() == footer.column.strip().casefold():
            return place
    raise Refused("column_missing", missing=footer.column)


def _counted(count: int, thing: str) -> str:
    return f"1 {thing} was" if count == 1 else f"{count:,} {thing}s were"


def _check_marks(delimiter: str, quote: str | None, escape: str | None) -> None:
    for what, mark in (("delimiter", delimiter), ("quote", quote), ("escape", escape)):
        if mark is not None and (len(mark) != 1 or mark in "\r\n\0"):
            words = ", ".join(_DELIMITERS)
            raise ValueError(f"The {what} {mark!r} is not one character (a delimiter may also be one of: {words}).")
    marks = [mark for mark in (delimiter, quote, escape) if mark]
    if len(set(marks)) < len(marks) or " " in marks[1:]:
        raise ValueError(
            "The delimiter, quote and escape must be different characters, and only the first may be a space."
        )
