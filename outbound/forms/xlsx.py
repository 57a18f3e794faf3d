"""A workbook of Excel: real dates and numbers, and text that is never a formula."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Annotated, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from gateway.config import FieldError
from gateway.late import Late
from gateway.spreadsheet import MOST_UNITS, escaped, is_too_long, may_run
from gateway.values.dates import pieces_of
from outbound.forms.base import ColumnSpec, FormSpec, Rows
from outbound.forms.columns import Column, Misfit, cells_of, chosen
from outbound.forms.values import at_midnight, exactly, plain, rounded, text_of

if TYPE_CHECKING:
    import openpyxl  # type: ignore[import-untyped]  # it has no stubs of its own
else:
    openpyxl = Late("openpyxl")

MOST_ROWS = 1_048_576  # of a sheet, its header included
_MOST_DIGITS = 15  # of a number that a cell holds exactly
_FIRST_YEAR = 1900
_NARROWEST, _WIDEST = 10, 60  # characters

# a directive -> how Excel says it (ECMA-376 part 1, 18.8.31)
_DIRECTIVES = {
    "%Y": "yyyy", "%y": "yy", "%m": "mm", "%b": "mmm", "%B": "mmmm", "%d": "dd",
    "%H": "hh", "%I": "hh", "%p": "AM/PM", "%M": "mm", "%S": "ss",
}  # fmt: skip
_ENGLISH = "[$-409]"  # names of months, whoever opens it
_PLAIN = "General"
_DAY, _INSTANT = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"

_check_name = re.compile(r"(?!')[^\[\]:*?/\\\x00-\x1f]{1,31}(?<!')").fullmatch


class SheetNumber(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a number is shown; its marks are those of whoever opens the workbook, and the cell keeps every digit.

    Attributes:
        thousands: whether they are grouped.
    """

    decimals: Annotated[int, Meta(ge=0, le=6)] = 0
    thousands: bool = False

    @property
    def code(self) -> str:
        """In Excel's words."""
        return ("#,##0" if self.thousands else "0") + ("." + "0" * self.decimals if self.decimals else "")


class XlsxColumn(ColumnSpec, frozen=True, kw_only=True):
    """One column of a sheet.

    Attributes:
        width: as Excel counts it: characters.
    """

    format: str | SheetNumber | None = None
    width: Annotated[int, Meta(ge=1, le=255)] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.format, str) and (
            odd := [one for one in _directives(self.format) if one not in _DIRECTIVES]
        ):
            raise FieldError(f"Excel has no {', '.join(odd)} in its formats.", at=("format",))


class XlsxForm(FormSpec, frozen=True, kw_only=True, tag="xlsx"):
    """A sheet with a header that stays in sight; more rows than a sheet can have go on in the next one.

    Attributes:
        header: whether the first row names the columns.
    """

    columns: tuple[str | XlsxColumn, ...] = ()
    sheet: str = "Report"
    header: bool = True

    def __post_init__(self) -> None:
        if not _check_name(self.sheet) or self.sheet.casefold() == "history":
            told = "A sheet's name has 1 to 31 characters, none of []:*?/\\, no ' at an end, and is not History."
            raise FieldError(told, at=("sheet",))

    @property
    def media_type(self) -> str:
        """As registered."""
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    @property
    def suffix(self) -> str:
        """What programs expect."""
        return "xlsx"


class _Value(NamedTuple):
    """What a cell holds, and in which style."""

    value: str | int | float | Decimal | datetime | bool | None
    style: str
    quoted: bool = False


_Shown = list[Column[_Value]]


def write(spec: XlsxForm, columns: Sequence[str], rows: Rows, out: IO[bytes]) -> None:
    """Write a workbook; see `outbound.forms.write`."""
    shown: _Shown = chosen(spec, columns, lambda one: _shower(spec, one))
    book, cells = openpyxl.Workbook(write_only=True), cells_of(shown, rows)
    try:
        for number, part in enumerate(_parted(cells, MOST_ROWS - spec.header), start=1):
            _Sheet(book, spec, shown, number).fill(part)
    except BaseException:
        _discard(book)
        raise
    book.save(out)


def _discard(book: openpyxl.Workbook) -> None:
    """Give up a workbook that will not be saved: openpyxl keeps each sheet in a file of its own until then."""
    for sheet in book.worksheets:
        sheet.close()
        sheet._writer.cleanup()  # noqa: SLF001 - saving does it; nothing else does


class _Sheet:
    """One sheet. A cell of each style is used over and over: openpyxl writes one before it asks for the next."""

    def __init__(self, book: openpyxl.Workbook, spec: XlsxForm, shown: _Shown, number: int) -> None:
        ending = f" {number}" if number > 1 else ""
        self._sheet = book.create_sheet(spec.sheet[: 31 - len(ending)] + ending)
        self._styles: dict[tuple[str, bool], openpyxl.cell.Cell] = {}
        if spec.header:
            self._sheet.freeze_panes = "A2"
        for place, column in enumerate(shown):
            self._sheet.column_dimensions[openpyxl.utils.get_column_letter(place + 1)].width = _width(
                spec, place, column.header
            )
        if spec.header:
            self._sheet.append([self._title(column.header) for column in shown])

    def fill(self, rows: Iterator[list[_Value]]) -> None:
        """Append rows to its end."""
        for row in rows:
            self._sheet.append(self._cell(*one) for one in row)

    def _cell(self, value: object, style: str, quoted: bool) -> object:
        if value is None or style == _PLAIN:
            return value  # of a plain cell that is used again, openpyxl forgets the type
        cell = self._styles.get((style, quoted)) or self._styled(style, quoted)
        cell.value = value
        if style == "@":
            cell.data_type = "s"  # openpyxl takes what begins with = for a formula, and #N/A for an error
        return cell

    def _styled(self, style: str, quoted: bool) -> openpyxl.cell.Cell:
        cell = self._styles[style, quoted] = openpyxl.cell.WriteOnlyCell(self._sheet)
        cell.number_format = style
        cell.quotePrefix = quoted
        return cell

    def _title(self, name: str) -> openpyxl.cell.Cell:
        cell = openpyxl.cell.WriteOnlyCell(self._sheet, value=_text(name).value)
        cell.data_type = "s"
        cell.font = openpyxl.styles.Font(bold=True)
        return cell


def _shower(spec: XlsxForm, column: ColumnSpec) -> Callable[[object], _Value]:
    zone, style = ZoneInfo(spec.time_zone), column.format
    if column.map is not None:
        mapped = text_of(column, spec.time_zone)
        return lambda value: _text(mapped(value))
    if isinstance(style, SheetNumber):
        return lambda value: _number(value, style)
    if isinstance(style, str):
        code = _code(style)
        return lambda value: _dated(value, code, zone)
    return lambda value: _value(value, zone)


def _value(value: object, zone: ZoneInfo) -> _Value:
    if isinstance(value, bool):
        return _Value(value, _PLAIN)
    if isinstance(value, int | float | Decimal):
        return _Value(number, _PLAIN) if (number := _held(exactly(value))) is not None else _text(plain(value, zone))
    if isinstance(value, date) and value.year >= _FIRST_YEAR:
        return _dated(value, _code(_INSTANT if isinstance(value, datetime) else _DAY), zone)
    return _text(plain(value, zone))


def _number(value: object, style: SheetNumber) -> _Value:
    if value is None:
        return _text("")
    number = exactly(value)
    held = _held(number)
    return _Value(held, style.code) if held is not None else _text(f"{rounded(number, style.decimals):f}")


def _held(number: Decimal) -> Decimal | None:
    """The number, if a cell holds it exactly."""
    return number if len(number.as_tuple().digits) <= _MOST_DIGITS else None


def _dated(value: object, code: str, zone: ZoneInfo) -> _Value:
    if value is None:
        return _text("")
    found = at_midnight(value, zone)
    if found.year < _FIRST_YEAR:
        raise Misfit("Excel has no date before 1900")
    return _Value(found.replace(tzinfo=None), code)


def _text(text: str) -> _Value:
    if is_too_long(text):  # whoever gets it relies on all of it
        raise Misfit(f"it is longer than the {MOST_UNITS:,} characters that a cell of Excel can hold")
    return _Value(escaped(text) or None, "@", may_run(text))


def _directives(pattern: str) -> list[str]:
    return [piece for piece, is_directive in pieces_of(pattern) if is_directive]


def _code(pattern: str) -> str:
    """A pattern in Excel's words; what is no directive is escaped, for / and : stand for others in other countries."""
    shown = [
        _DIRECTIVES[piece] if is_directive else "".join(f"\\{letter}" for letter in piece)
        for piece, is_directive in pieces_of(pattern)
    ]
    return _ENGLISH + "".join(shown)


def _width(spec: XlsxForm, place: int, header: str) -> int:
    column = spec.columns[place] if spec.columns else None
    if isinstance(column, XlsxColumn) and column.width:
        return column.width
    return min(max(len(header) + 2, _NARROWEST), _WIDEST)


def _parted(rows: Iterator[list[_Value]], most: int) -> Iterator[Iterator[list[_Value]]]:
    """The rows in parts, the first of which is there even when it is empty."""
    yield itertools.islice(rows, most)
    for first in rows:
        yield itertools.chain([first], itertools.islice(rows, most - 1))
