"""Reports as files: a table for a spreadsheet, or JSON; each written row by row as the query gives them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from gateway.late import Late
from gateway.reports.report import Report
from gateway.spreadsheet import MOST_UNITS, escaped, is_too_long, may_run, neutralise, shortened

if TYPE_CHECKING:
    import openpyxl  # type: ignore[import-untyped]  # it has no stubs of its own
else:
    openpyxl = Late("openpyxl")

Rows = Iterable[Sequence[object]]

_MOST_SHEET_ROWS = 1_048_576
_MOST_REMARKS = 1_000
_FIRST_DAY = date(1900, 3, 1)  # from which spreadsheets count days as everybody does: their 1900 is a leap year
_NARROWEST = 16  # characters that a column shows: a day, an amount, most names


class Form(NamedTuple):
    """How a report can be had."""

    write: Callable[[Report, Rows, IO[bytes]], None]
    media_type: str


def _csv(report: Report, rows: Rows, out: IO[bytes]) -> None:
    """RFC 4180; what a spreadsheet would run as a formula is made harmless."""
    text = io.TextIOWrapper(out, encoding="utf-8", errors="replace", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(report.columns)
        for row in rows:
            writer.writerow([_cell(value) for value in row])
    finally:
        text.detach()


def _json(report: Report, rows: Rows, out: IO[bytes]) -> None:
    """An array with one row a line."""
    before = b"[\n"
    for row in rows:
        out.write(before + msgspec.json.encode(dict(zip(report.columns, row, strict=True))))
        before = b",\n"
    out.write(b"\n]\n" if before == b",\n" else b"[]\n")


def _xlsx(report: Report, rows: Rows, out: IO[bytes]) -> None:
    """A sheet with its header frozen and filters; more rows than a sheet has go on in the next one.

    Days are days, which sort and filter as such. Text is never a formula.

    A text that no cell can hold is cut, with a mark at its end, and a sheet of remarks at the end says where.
    """
    book, cut = openpyxl.Workbook(write_only=True), _Cut()
    for number, part in enumerate(_parted(rows, _MOST_SHEET_ROWS - 1), start=1):
        sheet = book.create_sheet("Report" if number == 1 else f"Report {number}")
        _set_up(sheet, report.columns)
        last = 1
        for last, row in enumerate(part, start=2):
            cells = zip(report.columns, row, strict=True)
            sheet.append([_spreadsheet_cell(sheet, value, cut, (sheet.title, last, name)) for name, value in cells])
        sheet.auto_filter.ref = f"A1:{_letters(len(report.columns))}{last}"
    cut.remark(book)
    book.save(out)


class _Cut:
    """The cells of a workbook that hold less than they should."""

    def __init__(self) -> None:
        self._places: list[tuple[str, int, str, int]] = []
        self._more = 0

    def note(self, place: tuple[str, int, str], length: int) -> None:
        """A text of this length was cut in a sheet, a row of it and a column."""
        if len(self._places) < _MOST_REMARKS:
            self._places.append((*place, length))
        else:
            self._more += 1

    def remark(self, book: openpyxl.Workbook) -> None:
        """Say so in a sheet of its own, where there is anything to say."""
        if not self._places:
            return
        sheet = book.create_sheet("Remarks")
        sheet.append(
            [f"A cell holds no more than {MOST_UNITS:,} characters. These are cut; csv and json have them whole."]
        )
        sheet.append([_heading(sheet, name) for name in ("sheet", "row", "column", "characters")])
        for one in self._places:
            sheet.append(one)
        if self._more:
            sheet.append([f"and {self._more:,} more"])


FORMS: dict[str, Form] = {
    "csv": Form(_csv, "text/csv"),
    "json": Form(_json, "application/json"),
    "xlsx": Form(_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def _cell(value: object) -> object:
    if isinstance(value, list | dict):
        value = _in_words(value)
    if isinstance(value, str):
        return neutralise(value)
    return value.isoformat() if isinstance(value, date) else value


def _parted(rows: Rows, most: int) -> Iterator[Iterator[Sequence[object]]]:
    """The rows in parts, the first of which is there even when it is empty."""
    found = iter(rows)
    first: Sequence[object] | None = next(found, None)
    yield _part(first, found, most)
    while (first := next(found, None)) is not None:
        yield _part(first, found, most)


def _part(first: Sequence[object] | None, others: Iterator[Sequence[object]], most: int) -> Iterator[Sequence[object]]:
    if first is None:
        return
    yield first
    for _ in range(most - 1):
        if (row := next(others, None)) is None:
            return
        yield row


def _set_up(sheet: Any, columns: Sequence[str]) -> None:  # noqa: ANN401 - openpyxl has no types
    """Widths go before the first row: the sheet is written as it comes."""
    sheet.freeze_panes = "A2"
    for number, name in enumerate(columns, start=1):
        sheet.column_dimensions[_letters(number)].width = max(_NARROWEST, len(name) + 4)  # beside it a filter's button
    sheet.append([_heading(sheet, name) for name in columns])


def _letters(column: int) -> str:
    found: str = openpyxl.utils.get_column_letter(column)
    return found


def _heading(sheet: object, name: str) -> openpyxl.cell.WriteOnlyCell:
    cell = openpyxl.cell.WriteOnlyCell(sheet, value=name)
    cell.font = openpyxl.styles.Font(bold=True)
    return cell


def _spreadsheet_cell(sheet: object, value: object, cut: _Cut, place: tuple[str, int, str]) -> object:
    if isinstance(value, date) and (isinstance(value, datetime) or value < _FIRST_DAY):
        return value.isoformat()  # openpyxl refuses time zones, and a spreadsheet would drop them, and days before 1900
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | dict):
        value = _in_words(value)
    if not isinstance(value, str):
        return value
    if is_too_long(value):
        cut.note(place, len(value))
        value = shortened(value)
    return _text_cell(sheet, value)


def _text_cell(sheet: object, text: str) -> openpyxl.cell.WriteOnlyCell:
    cell = openpyxl.cell.WriteOnlyCell(sheet, value=escaped(text))
    cell.data_type = "s"  # else text that begins with = becomes a formula
    if may_run(text):
        cell.quotePrefix = True  # nor does it become one when somebody edits it
    return cell


def _in_words(value: object) -> str:
    """What is no plain value, such as the changes of an audit entry."""
    return msgspec.json.encode(value).decode()
