"""One worksheet: where its header stands, and which rows below it are data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingest.formats.answers import Merge, Rows
from ingest.formats.base import MAX_COLUMNS, Footer
from ingest.formats.footer import Foot
from ingest.formats.heading import joined
from ingest.formats.text import presentable
from ingest.naming import fold

FIND_WITHIN = 100  # rows


@dataclass(slots=True)
class Row:
    """A row that holds something.

    Attributes:
        cells: as many as the header has names.
        text: all of them in one, for quick questions.
        errors: columns of cells that hold an error.
    """

    number: int
    cells: list[str]
    text: str
    errors: list[int]


@dataclass(slots=True)
class Header:
    """The names of the columns up to the last one that has a name, and the rows in which they stand.

    Attributes:
        rows: these rows, stripped, for where they stand again.
    """

    names: list[str]
    first: int
    last: int
    rows: list[list[str]]


def find_header(head: Rows, row: int, required: list[str] | None, height: int) -> Header | None:
    """The header at `row`, or, where names are `required`, the first that has them all; None where there is none.

    Args:
        head: the first rows of the sheet.
        row: 1-based; unused where names are required.
        required: names, compared as the mapping of columns does.
        height: 1, or 2 where the upper row groups columns; "Address" over "City" becomes "Address City".
    """
    starts = range(min(FIND_WITHIN, len(head.cells) - height + 1)) if required else range(row - 1, row)
    wanted = {fold(name) for name in required or ()}
    for start in starts:
        names = _names(head, start, height)
        if any(names) and wanted <= set(map(fold, names)):
            rows = [_stripped(row) for row in head.cells[start : start + height]]
            return Header([presentable(name) for name in names], start + 1, start + height, rows)
    return None


def is_blank(cells: list[str]) -> bool:
    """Whether nothing but spaces stands in it."""
    return not "".join(cells).strip()


@dataclass(slots=True)
class Veil:
    """What a workbook hides of the rows that are read: true as long as more of it may be met.

    Attributes:
        ahead: numbers of hidden rows, and
        unmet: hidden columns, none of whose data was met so far.
        rows: hidden rows that were met, and
        columns: hidden columns with data.
    """

    ahead: set[int] = field(default_factory=set)
    unmet: set[int] = field(default_factory=set)
    rows: int = 0
    columns: int = 0

    def __bool__(self) -> bool:
        return bool(self.ahead or self.unmet)

    def meet(self, row: Row) -> None:
        """Count a row that is read."""
        if row.number in self.ahead:
            self.ahead.discard(row.number)
            self.rows += 1
        filled = {column for column in self.unmet if column < len(row.cells) and row.cells[column].strip()}
        self.unmet -= filled
        self.columns += len(filled)


@dataclass(slots=True)
class Data:
    """The rows below a header, and what was passed over on the way, counted as they are read.

    Attributes:
        share: how much of the sheet has been read, from 0 to 1.
        beyond: rows with cells to the right of the header.
        repeated: rows that are the header again.
        veil: what the workbook hides of them; whoever reads the rows has it meet them.
    """

    header: Header
    footer: Footer | None
    blank: int = 0
    beyond: int = 0
    repeated: int = 0
    share: float = 0
    veil: Veil = field(default_factory=Veil)
    foot: Foot[Row] = field(init=False)

    def __post_init__(self) -> None:
        self.foot = Foot(self.footer, self.header.names, lambda row: row.cells)

    def rows(self, blocks: Iterable[Rows]) -> Iterator[Row]:
        """The data rows in order. Once."""
        return self.foot.without(self._filled(blocks))

    def _filled(self, blocks: Iterable[Rows]) -> Iterator[Row]:
        """All but blank rows; those below the last row are not even counted, for a sheet may be a million rows long."""
        width, blank, starts = len(self.header.names), 0, {"".join(row[:1]) for row in self.header.rows}
        for number, cells, errors in self._numbered(blocks):
            text = "".join(cells)
            if not text or text.isspace():
                blank += 1
                continue
            self.blank, blank = self.blank + blank, 0
            if cells[0].strip() in starts and _stripped(cells) in self.header.rows:
                self.repeated += 1
                continue
            if len(cells) == width:
                yield Row(number, cells, text, errors)
                continue
            self.beyond += len(cells) > width and not is_blank(cells[width:])
            fitted = [*cells[:width], *[""] * (width - len(cells))]
            yield Row(number, fitted, text, [column for column in errors if column < width])

    def _numbered(self, blocks: Iterable[Rows]) -> Iterator[tuple[int, list[str], list[int]]]:
        for block in blocks:
            errors: dict[int, list[int]] = {}
            for place, column in block.errors:
                errors.setdefault(place, []).append(column)
            self.share = block.share
            self.veil.ahead.update(block.first + place for place in block.hidden if any(block.cells[place]))
            self.veil.unmet.update(block.hidden_columns)
            for place, cells in enumerate(block.cells):
                if block.first + place > self.header.last:
                    yield block.first + place, cells, errors.get(place, [])


def _stripped(row: list[str]) -> list[str]:
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _names(head: Rows, start: int, height: int) -> list[str]:
    rows = head.cells[start : start + height]
    width = max(map(len, head.cells if height > 1 else rows), default=0)  # a merged cell may reach beyond both rows
    lines = [[*row, *[""] * width][:width] for row in [*rows, *[[]] * (height - len(rows))]]
    names = lines[0]
    if height > 1:
        _merge(lines, head.merges, start)
        names = [joined(column) for column in zip(*lines, strict=True)]
    while names and not names[-1].strip():
        names.pop()
    return names


def _merge(lines: list[list[str]], merges: list[Merge], first: int) -> None:
    """Have the upper row say in each column of a merged cell what the cell says, and the lower one nothing below it.

    What a file holds beneath a merged cell is shown by no spreadsheet program.
    """
    upper, lower = lines
    for (top, left), (bottom, right) in merges:
        columns = slice(left, min(right, MAX_COLUMNS) + 1)
        width = len(upper[columns])
        if width and top == first:
            upper[columns] = [upper[left]] * width
        if top <= first < bottom:
            lower[columns] = [""] * width
