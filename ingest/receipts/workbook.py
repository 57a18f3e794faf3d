"""errors.xlsx: the rejected rows as a workbook in which the bad cells stand out, and say what is wrong with them.

Every cell is text and stays as it is: leading zeros, long numbers, dates, and what looks like a formula, which is never
written as one. Up to `MOST_COMMENTED` rows each bad cell has a comment; more of them would make a workbook that is slow
to open, so there the reasons stand in the column Problems only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING

from gateway.errors import Invalid
from gateway.late import Late
from gateway.spreadsheet import guard, may_run
from ingest import corrections
from ingest.formats.base import Part
from ingest.receipts.labels import Labels
from ingest.receipts.rejected import Fault, RejectedRow

if TYPE_CHECKING:
    import openpyxl  # type: ignore[import-untyped]  # it has no stubs of its own
else:
    openpyxl = Late("openpyxl")

MOST_COMMENTED = 1_000  # rows of one import
MOST_ROWS = 1_048_576  # of a sheet, its header included
MOST_COLUMNS = 16_384
MOST_UNITS = 32_767  # of UTF-16 in a cell
_CUT = 4_000  # characters left of a longer text; each may take seven to write
_LOST = "\ufffd"  # comes back as text that cannot be read, so that what was cut is not taken for the whole
_BAD = "FFFFC7CE"  # a colour: what spreadsheets call "bad"
_NARROWEST, _WIDEST, _PROBLEMS_WIDTH, _ROW_WIDTH = 12, 40, 80, 44  # characters
_COMMENT_SIZE = {"width": 320, "height": 110}  # pixels
_NAMELESS = "errors"  # the sheet of a file that is one table
_NAME_BYTES = 62  # a sheet's name has 31 units of UTF-16

# what XML cannot hold, or would change, and what would be read as its escape (ECMA-376 part 1, 22.9.2.19)
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f\ufffe\uffff]")


def write_workbook(rows: Iterable[RejectedRow], count: int, out: IO[bytes]) -> None:
    """One sheet a part; a part with more rows than a sheet can hold goes on in another.

    Args:
        rows: the rejected rows.
        count: how many there are, which decides about comments.
        out: a seekable file.

    Raises:
        Permanent: `too_wide`.
    """
    book = openpyxl.Workbook(write_only=True)
    sheets: dict[int, _Sheet] = {}
    for row in rows:
        if row.number not in sheets or sheets[row.number].is_full:
            sheets[row.number] = _Sheet(book, row.part, commented=count <= MOST_COMMENTED)
        sheets[row.number].add(row)
    book.save(out)


class _Sheet:
    """The rejected rows of one part, below its own header.

    One cell of each style is used over and over: openpyxl writes a cell when it is given one, and asks for the next.
    """

    def __init__(self, book: openpyxl.Workbook, part: Part, *, commented: bool) -> None:
        header = [*part.header, corrections.PROBLEMS, corrections.ROW]
        if len(header) > MOST_COLUMNS:
            told = f"A workbook has {MOST_COLUMNS:,} columns, and two of them are ours. Take errors.csv instead."
            raise Invalid("too_wide", told)
        self._sheet = book.create_sheet(_name(part.name, book.sheetnames))
        self._labels, self._commented = Labels(part.header), commented
        self._last_column = openpyxl.utils.get_column_letter(len(header))
        self._rows = 0
        self._styles = {
            kind: self._cell(*kind) for kind in ((False, False), (False, True), (True, False), (True, True))
        }
        self._lay_out(header)

    @property
    def is_full(self) -> bool:
        """Whether it can hold no row more."""
        return self._rows >= MOST_ROWS

    def add(self, row: RejectedRow) -> None:
        """One row, its bad cells coloured; a problem of the row as a whole colours its column Problems."""
        bad, is_bad = self._labels.places(row.cells, row.faults)
        self._append(self._cells(row, bad, is_bad=is_bad))

    def _lay_out(self, header: list[str]) -> None:
        self._sheet.freeze_panes = "A2"
        widths = [min(max(len(name) + 4, _NARROWEST), _WIDEST) for name in header[:-2]]
        for place, width in enumerate([*widths, _PROBLEMS_WIDTH, _ROW_WIDTH], start=1):
            self._sheet.column_dimensions[openpyxl.utils.get_column_letter(place)].width = width
        title = self._cell(bad=False, quoted=False)
        title.font = openpyxl.styles.Font(bold=True)
        self._append(_filled(title, guard(name)) for name in header)

    def _append(self, cells: Iterator[openpyxl.cell.Cell]) -> None:
        self._sheet.append(cells)
        self._rows += 1
        self._sheet.auto_filter.ref = f"A1:{self._last_column}{self._rows}"

    def _cells(self, row: RejectedRow, bad: dict[int, list[Fault]], *, is_bad: bool) -> Iterator[openpyxl.cell.Cell]:
        cut = []
        for place, text in enumerate(row.cells):
            yield (
                self._commented_cell(text, bad[place])
                if place in bad and self._commented
                else self._text(text, bad=place in bad)
            )
            if _is_too_long(text):
                cut.append(f"{row.part.header[place]} is cut short, for a workbook cannot hold it.")
        yield self._text(" ".join([row.problems, *cut]), bad=is_bad)
        yield self._text(row.reference, bad=False)

    def _text(self, text: str, *, bad: bool) -> openpyxl.cell.Cell:
        return _filled(self._styles[bad, may_run(text)], guard(text))

    def _commented_cell(self, text: str, faults: Sequence[Fault]) -> openpyxl.cell.Cell:
        """A cell of its own: openpyxl keeps comments, with their cells, until it saves."""
        cell = _filled(self._cell(bad=True, quoted=may_run(text)), guard(text))
        cell.comment = openpyxl.comments.Comment(
            _written("\n".join(fault.told for fault in faults)), "Gateway", **_COMMENT_SIZE
        )
        return cell

    def _cell(self, bad: bool, quoted: bool) -> openpyxl.cell.Cell:
        """A cell that a spreadsheet leaves as text, also when it is edited."""
        cell = openpyxl.cell.WriteOnlyCell(self._sheet)
        cell.number_format = "@"
        cell.quotePrefix = quoted
        if bad:
            cell.fill = openpyxl.styles.PatternFill("solid", fgColor=_BAD)
        return cell


def _filled(cell: openpyxl.cell.Cell, text: str) -> openpyxl.cell.Cell:
    cell.value = _written(text)
    cell.data_type = "s"  # openpyxl takes what begins with = for a formula, and #N/A for an error
    return cell


def _written(text: str) -> str:
    return _UNWRITABLE.sub(_escape, text[:_CUT] + _LOST if _is_too_long(text) else text)


def _escape(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):04X}_"


def _is_too_long(text: str) -> bool:
    """Whether a cell cannot hold it; short texts, which nearly all are, need not be looked at."""
    if len(text) <= _CUT:
        return False
    return len(_UNWRITABLE.sub(_escape, text).encode("utf-16-le")) > 2 * MOST_UNITS


def _name(part: str | None, taken: Sequence[str]) -> str:
    """A part's name as a sheet may have it: short, without certain signs, and no two alike but for case."""
    told = _NOT_IN_NAMES.sub("_", part or "").strip("' ")
    wanted = _shortened(told, 0) or _NAMELESS
    name = f"{wanted}_" if wanted.casefold() == "history" else wanted  # which Excel keeps for itself
    used, number = {one.casefold() for one in taken}, 1
    while name.casefold() in used:
        number += 1
        ending = f" ({number})"
        name = _shortened(wanted, len(ending)) + ending
    return name


def _shortened(name: str, less: int) -> str:
    return name.encode("utf-16-le", "replace")[: _NAME_BYTES - 2 * less].decode("utf-16-le", "ignore").strip("' ")
