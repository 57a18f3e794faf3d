"""Delimited text: which row is the header, which rows are data, and whether they fit the header."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from itertools import chain, dropwhile, islice
from typing import Annotated

from msgspec import Meta

from gateway.config import FieldError, nearest
from ingest.formats.base import (
    MAX_COLUMNS,
    Batch,
    BrokenRow,
    Flaw,
    Footer,
    FormatSpec,
    Part,
    Refused,
    Source,
    counted,
    filled,
)
from ingest.formats.delimited import STAND_IN, LongRecords, Record, Records, Trouble
from ingest.formats.filling import Filling
from ingest.formats.footer import Foot
from ingest.formats.heading import grouped
from ingest.formats.text import MAX_CELL, SLICE, Block, Lines, codec_of, presentable
from ingest.formats.widths import LOOKED_AT, width_of

_DELIMITERS = {"comma": ",", "tab": "\t", "pipe": "|", "semicolon": ";"}
_EXPECTED = "a CSV file"
_TOO_LONG = f"more than {MAX_CELL:,} characters"

# what Excel takes for the delimiter, and shows as no row; other programs fill that line up with delimiters
_DECLARED = re.compile(r"\"?sep=([^\"\w\r\n])\"?\1*(?:\r\n?|\n|$)", re.IGNORECASE)
_NO_MARKS = f"\r\n\0{STAND_IN}"

Row = tuple[int, Record]  # its position in the table, and what stands there


class CsvFormat(FormatSpec, frozen=True, kw_only=True, tag="csv"):
    """A table in delimited text (RFC 4180 and its relatives).

    Rows are counted as a spreadsheet shows them, so `header_row` counts the `skip_lines` above it too.
    """

    delimiter: str = ","  # what stands between cells, or `comma`, `tab`, `pipe`, `semicolon`
    encoding: str = "utf-8"
    quote: str | None = '"'
    escape: str | None = None
    header_row: Annotated[int, Meta(ge=0)] = 1  # its uppermost; 0: there is none, `columns` names the columns
    header_rows: Annotated[int, Meta(ge=1, le=9)] = 1  # "Address" over "City" is the column "Address City"
    skip_lines: Annotated[int, Meta(ge=0)] = 0  # above the table, whatever quotes they hold
    columns: list[str] | None = None
    footer: Footer | None = None

    def __post_init__(self) -> None:
        codec_of(self.encoding)
        _check_marks(self.separator, self.quote, self.escape)
        if bool(self.columns) == bool(self.header_row):
            raise ValueError("A table has a header row, or `header_row: 0` and its `columns`, never both.")
        if self.header_row == 0 and self.header_rows > 1:
            raise ValueError("`header_row: 0` says that there is no header, so it has no `header_rows`.")
        if 0 < self.header_row <= self.skip_lines:
            raise ValueError(
                f"Row {self.header_row} cannot be the header: the first {self.skip_lines} lines are skipped. "
                "Rows are counted as a spreadsheet shows them, skipped lines included."
            )
        if len(self.columns or ()) > MAX_COLUMNS:
            raise ValueError(f"A table has at most {MAX_COLUMNS:,} columns.")

    @property
    def separator(self) -> str:
        """The delimiter itself."""
        return _DELIMITERS.get(self.delimiter, self.delimiter)


def open_table(source: Source, spec: CsvFormat) -> CsvTable:
    """Open delimited text and read as far as its header.

    Raises:
        Refused: `empty_file` (no byte, or no header), `unreadable` (no text, or a header that cannot be told apart),
            `too_large` (too many columns), `column_missing` (the column that the footer is known by).
    """
    return CsvTable(source, spec)


def text_in_line(source: Source, spec: CsvFormat, line: int, cell: int | None) -> str:
    """What a line says that may stand outside of the table, or one of its cells; blank where there is none.

    Lines are counted from 1, or from -1 at the end, where blank ones do not count, and cells from 1. Without a cell it
    is all of the line but the delimiters that programs fill it up with.

    Raises:
        Refused: `empty_file`, `unreadable`.
    """
    lines = chain.from_iterable(block.lines for block in Lines(source, spec.encoding, _EXPECTED).blocks())
    if line > 0:
        found = [*islice(lines, line - 1, line)]
    else:
        last = deque((one for one in lines if one.strip()), maxlen=-line)
        found = [last[0]] if len(last) == -line else []
    _, cells, _ = next(iter(_records(iter([Block(found, suspect=True)]), spec, spec.separator, 0)), (0, [""], None))
    if cell:
        return "".join(cells[cell - 1 : cell])
    said = [one for one in cells if one.strip()]
    return said[0] if len(said) == 1 else "".join(found)


class CsvTable:
    """Delimited text, read once from top to bottom.

    Attributes:
        header: the names as found, without blank ones at the end that rows have no cell for; U+FFFD stands for what is
            no text.
        header_row: its (first) row, or 0 when the feed names the columns.
    """

    def __init__(self, source: Source, spec: CsvFormat) -> None:
        self._lines = Lines(source, spec.encoding, _EXPECTED)
        heeds = spec.skip_lines == 0 and len(spec.separator) == 1
        declared = declared_delimiter(self._lines.beginning) if heeds else None
        self._declared = declared if declared not in {spec.separator, spec.quote, spec.escape} else None
        self._agreed = spec.separator
        is_no_row = declared is not None and spec.header_row <= 1
        delimiter = self._declared or spec.separator
        self._records = _records(self._lines.blocks(), spec, delimiter, spec.skip_lines + is_no_row)
        self._rows: Iterator[Row] = enumerate(self._records, start=spec.skip_lines + 1)
        self._passed = Counter[str]()
        self.header_row = spec.header_row
        heads = [spec.columns] if spec.columns else self._found_header(source.name, spec.header_rows)
        heads = [[*map(presentable, names)] for names in heads]
        header = heads[0] if len(heads) == 1 else grouped(heads)
        self._foot = Foot(spec.footer, header, _cells_of)
        self._data = self._foot.without(self._filled_rows(heads))
        self._head = self._looked_at()
        whole = [cells for _, (_, cells, trouble) in self._head if trouble is None]
        self._width, self._doubt = width_of(source.name, header, whole)
        self.header = header if self._doubt else header[: self._width.columns]

    @property
    def encoding(self) -> str:
        """What the file is read as, in words for people."""
        return self._lines.encoding

    @property
    def parts(self) -> list[Part]:
        """The one table."""
        return [Part(None, self.header, self.header_row)]

    @property
    def remarks(self) -> list[str]:
        """Sentences for the receipt; complete once the batches have been read."""
        passed = [f"{counted(count, thing)} passed over." for thing, count in self._passed.items()]
        footer = [f"{counted(self._foot.rows, 'footer row')} not read as data."] if self._foot.rows else []
        declared = f"The file says that its columns stand between “{self._declared}”, and not “{self._agreed}”."
        said = [declared] if self._declared else []
        return [*self._lines.remarks, *said, *self._width.remarks, *passed, *footer]

    def batches(self) -> Iterator[Batch]:
        """The data rows in order. Once.

        Raises:
            Doubted: `header_misfit`, rows have more or fewer cells than the header has names.
        """
        if self._doubt:
            raise self._doubt
        records, lines, width = self._records, self._lines, self._width
        every = width.cells if width.cells == width.columns == width.blank_from else None  # fits by its length alone
        filling = Filling([(None, width.columns)], lines.encoding)
        for row, (line, cells, trouble) in chain(self._head, self._data):
            if filling.is_full(lines.position):
                yield from filling.taken(lines.position)
            if trouble is None and len(cells) == every and line > records.suspect_until:
                filling.add(0, row, line, cells)
            else:
                self._add_doubtful(filling, row, (line, cells, trouble))
        yield from filling.taken(lines.position)

    def _looked_at(self) -> list[Row]:
        """The first rows of data, of which there are few where they are long."""
        head, most = [], self._lines.position + 4 * SLICE
        for row in self._data:
            head.append(row)
            if len(head) == LOOKED_AT or self._lines.position > most:
                break
        return head

    def _found_header(self, name: str, height: int) -> list[list[str]]:
        """Its rows."""
        below = dropwhile(lambda row: row[0] < self.header_row, self._rows)
        rows = list(islice(below, height))
        for row, (_, cells, trouble) in rows:
            _check_header(name, row, cells, trouble.code if trouble else None)
        if len(rows) < height:
            raise Refused("empty_file", file=name)
        heads = [cells for _, (_, cells, _) in rows]
        if any(len(cells) > 1 or filled(cells) for cells in heads):
            return heads
        if any(True for _ in self._filled_rows(heads)):
            why = f"row {self.header_row}, where its header should be, is blank"
            raise Refused("unreadable", file=name, why=why, expected=_EXPECTED)
        raise Refused("empty_file", file=name)

    def _filled_rows(self, heads: list[list[str]]) -> Iterator[Row]:
        """All but the rows without content, and the header where it, or a row of it, stands again."""
        again = [[name.strip() for name in names] for names in heads]
        starts = frozenset("".join(names[:1]) for names in again)
        thing = "repeated header" if len(heads) == 1 else "repeated header row"
        for row in self._rows:
            _, cells, trouble = row[1]
            start = cells[0].strip() if cells else ""
            if start and start not in starts:
                yield row
            elif not start and trouble is None and not filled(cells):
                self._passed["blank row" if len(cells) > 1 else "blank line"] += 1
            elif [cell.strip() for cell in cells] in again:
                self._passed[thing] += 1
            else:
                yield row

    def _add_doubtful(self, filling: Filling, row: int, record: Record) -> None:
        """A row that may be broken, or misfit the header, or hold what is no text."""
        line, cells, trouble = record
        if code := self._why_broken(cells, trouble):
            flaw = Flaw(0, None, code, details=self._details(code, cells))
            filling.add_broken(0, BrokenRow(row, line, cells[:MAX_COLUMNS], flaw))
            return
        filling.add_suspect(0, row, line, cells[: self._width.columns])
        for column in trouble.columns if trouble else ():
            if column < self._width.columns:
                filling.flag(0, column, "stray_quote", {})

    def _why_broken(self, cells: list[str], trouble: Trouble | None) -> str | None:
        if trouble and not trouble.columns:
            return trouble.code
        return "ragged_row" if self._width.misfit(cells) else None

    def _details(self, code: str, cells: list[str]) -> dict[str, object]:
        if code == "ragged_row":
            expected = self._width.cells if len(cells) != self._width.cells else self._width.blank_from
            return {"found": len(cells), "expected": expected}
        return {"expected": _TOO_LONG} if code == "too_long" else {}


def _check_header(name: str, row: int, cells: list[str], code: str | None) -> None:
    if len(cells) > MAX_COLUMNS:
        raise Refused("too_large", file=name, why=f"it has {len(cells):,} columns; {MAX_COLUMNS:,} is the most")
    if code == "too_long":
        raise Refused("too_large", file=name, why=f"row {row}, its header, is {_TOO_LONG} long")
    if code == "bad_quotes":
        why = f"a quote in row {row}, its header, is never closed or not doubled"
        raise Refused("unreadable", file=name, why=why, expected=_EXPECTED)


def _cells_of(row: Row) -> list[str]:
    return row[1][1]


def declared_delimiter(text: str) -> str | None:
    """The delimiter that a first line `sep=;` names; None where there is none."""
    return found[1] if (found := _DECLARED.match(text)) else None


def _records(blocks: Iterator[Block], spec: CsvFormat, delimiter: str, skip: int) -> Records:
    kind = Records if len(delimiter) == 1 else LongRecords
    return kind(
        blocks,
        skip,
        delimiter=delimiter,
        quotechar=spec.quote,
        escapechar=spec.escape,
        quoting=csv.QUOTE_MINIMAL if spec.quote else csv.QUOTE_NONE,
    )


def _check_marks(delimiter: str, quote: str | None, escape: str | None) -> None:
    _check_delimiter(delimiter)
    for what, mark in (("quote", quote), ("escape", escape)):
        if mark is not None and (len(mark) != 1 or mark in _NO_MARKS):
            raise ValueError(f"The {what} {mark!r} is not one character.")
    marks = [mark for mark in (quote, escape) if mark]
    if len(set(marks)) < len(marks) or " " in marks or any(mark in delimiter for mark in marks):
        raise ValueError(
            "The delimiter, quote and escape must be different characters, and only the first may be a space."
        )


def _check_delimiter(delimiter: str) -> None:
    """Letters and digits in several characters are a word that was misspelt."""
    is_word = len(delimiter) > 1 and any(map(str.isalnum, delimiter))
    if not delimiter or is_word or set(delimiter) & set(_NO_MARKS):
        sentence = (
            f"The delimiter {delimiter!r} cannot stand between cells: it is one character, several that are neither "
            f"letters nor digits, or one of {', '.join(_DELIMITERS)}."
        )
        raise FieldError(sentence, at=("delimiter",), suggestion=nearest(delimiter, _DELIMITERS))
