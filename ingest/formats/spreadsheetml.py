"""XML Spreadsheet 2003, which Excel and many HR systems write under the name of .xls: its worksheets as rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from openpyxl.styles.numbers import is_date_format, is_timedelta_format  # type: ignore[import-untyped]
from openpyxl.utils.datetime import (  # type: ignore[import-untyped]
    CALENDAR_MAC_1904,
    CALENDAR_WINDOWS_1900,
    from_excel,
    to_excel,
)

from ingest.formats.base import MAX_COLUMNS, Refused, Source
from ingest.formats.calamine_gaps import MAX_ROWS
from ingest.formats.cells import text_of
from ingest.formats.markup import Attributes, Markup, Name
from ingest.formats.shown import form_of
from ingest.formats.spool import Kept, Spool
from ingest.formats.text import MAX_CELL, presentable

_SHEET = "urn:schemas-microsoft-com:office:spreadsheet"
_EXCEL = "urn:schemas-microsoft-com:office:excel"
_OURS = {_SHEET, ""}  # of attributes; some exporters leave the prefix out
_DAY = "yyyy-mm-dd"
# formats that have names in place of codes; of others, numbers are shown as they are
_NAMED = dict.fromkeys(
    ("General Date", "Long Date", "Medium Date", "Short Date", "Long Time", "Medium Time", "Short Time"), _DAY
) | {"Scientific": "0.00E+00"}
_GENERAL = "General"
_PLAIN = frozenset(
    {"Currency", "Euro Currency", "Fixed", "General Number", "On/Off", "Percent", "Standard", "True/False", "Yes/No"}
)
_MOST_PARENTS = 100  # of a style
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_LOST_BY_FLOAT = re.compile(r"0[0-9]+")
_NO_TEXT = re.compile("[\ud800-\udfff]")


def read_worksheets(source: Source, spool: Spool) -> None:
    """Read XML Spreadsheet 2003 and keep its worksheets.

    Raises:
        Refused: `unreadable` (no XML, a document type, rows or cells over each other, no worksheet) or `too_large`.
    """
    workbook = _Workbook(spool)
    for _ in Markup(source).told(workbook):
        pass
    if not spool.sheets:
        raise Refused("unreadable", why="it is XML without a worksheet")


class _Styles:
    """The number formats of styles, each of which may have that of another."""

    def __init__(self) -> None:
        self.since_1904 = False
        self._parents: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        self._last = ""

    def add(self, told: dict[str, str]) -> None:
        """A style."""
        self._last = told.get("ID", "")
        self._parents[self._last] = told.get("Parent", "")

    def format(self, told: dict[str, str]) -> None:
        """The format of the last style."""
        code = told.get("Format", _GENERAL)
        self._codes[self._last] = _GENERAL if code in _PLAIN else _NAMED.get(code, code)

    def code(self, style: str) -> str:
        """The format of a style."""
        for _ in range(_MOST_PARENTS):
            if style in self._codes:
                return self._codes[style]
            style = self._parents.get(style, "")
        return _GENERAL

    def number(self, text: str, style: str) -> str:
        """A number as a workbook of any other kind would tell it."""
        if not _NUMBER.fullmatch(text) or _LOST_BY_FLOAT.fullmatch(text):
            return text
        value, code = float(text), self.code(style)
        if is_date_format(code):
            return self._day(value, code)
        form = form_of(code)
        return form.of(text_of(value)) if form else text_of(value)

    def _day(self, value: float, code: str) -> str:
        try:
            return (
                text_of(from_excel(value, self._day_0, timedelta=is_timedelta_format(code)))
                if value >= 0
                else text_of(value)
            )
        except (ValueError, OverflowError):
            return text_of(value)

    def instant(self, text: str, style: str) -> str:
        """A day; a time of day where the day is the one that is 0; a length of time where that is how it is shown."""
        try:
            value = datetime.fromisoformat(text)
            days = to_excel(value, self._day_0)
        except (ValueError, TypeError):
            return text
        if is_timedelta_format(self.code(style)):
            return text_of(timedelta(days=days))
        return text_of(value.time() if 0 <= days < 1 else value)

    @property
    def _day_0(self) -> datetime:
        epoch: datetime = CALENDAR_MAC_1904 if self.since_1904 else CALENDAR_WINDOWS_1900
        return epoch


class _Workbook:
    """What is told by the parser, and where it stands: rows are 1-based, columns 0-based."""

    def __init__(self, spool: Spool) -> None:
        self._spool, self._styles = spool, _Styles()
        self._path: list[str] = []
        self._sheet: Kept | None = None
        self._text: list[str] | None = None  # of the cell's data, or of what says whether a sheet is seen
        self._held = 0
        self._start = {
            ("Styles", "Style"): self._styles.add,
            ("Style", "NumberFormat"): self._styles.format,
            ("Workbook", "Worksheet"): self._start_sheet,
            ("Worksheet", "Table"): self._start_table,
            ("Table", "Column"): self._pass_column,
            ("Table", "Row"): self._start_row,
            ("Row", "Cell"): self._start_cell,
            ("Cell", "Data"): self._start_data,
            ("x:ExcelWorkbook", "x:Date1904"): self._count_from_1904,
            ("x:WorksheetOptions", "x:Visible"): self._start_data,
        }
        self._end: dict[tuple[str, str], Callable[[], None]] = {
            ("Table", "Row"): self._end_row,
            ("Cell", "Data"): self._end_data,
            ("x:WorksheetOptions", "x:Visible"): self._end_visible,
        }

    def opened(self, name: Name, attributes: Attributes) -> None:
        local = name.local if name.uri == _SHEET else f"x:{name.local}" if name.uri == _EXCEL else ""
        parent = self._path[-1] if self._path else ""
        self._path.append(local)
        if start := self._start.get((parent, local)):
            start({one.local: value for one, value in attributes if one.uri in _OURS})

    def closed(self) -> None:
        local = self._path.pop()
        if end := self._end.get((self._path[-1] if self._path else "", local)):
            end()

    def said(self, text: str) -> None:
        if self._text is not None and self._held <= MAX_CELL:
            self._held += len(text)
            self._text.append(text[: MAX_CELL + 1])

    def _count_from_1904(self, _: dict[str, str]) -> None:
        self._styles.since_1904 = True

    def _start_sheet(self, told: dict[str, str]) -> None:
        self._sheet = self._spool.begin(told.get("Name", f"Sheet{len(self._spool.sheets) + 1}"))
        self._row = self._next_row = self._next_column = 0
        self._column_styles: dict[int, str] = {}
        self._table_style = ""

    def _start_table(self, told: dict[str, str]) -> None:
        self._table_style = told.get("StyleID", "Default")

    def _pass_column(self, told: dict[str, str]) -> None:
        first = _whole(told, "Index") - 1 if "Index" in told else self._next_column
        self._next_column = first + 1 + _whole(told, "Span")
        if told.get("Hidden") == "1":
            self._kept.hidden.note_columns(first, self._next_column - 1)
        if style := told.get("StyleID"):
            self._column_styles |= dict.fromkeys(range(first, min(self._next_column, MAX_COLUMNS)), style)

    def _start_row(self, told: dict[str, str]) -> None:
        row = _whole(told, "Index") if "Index" in told else self._next_row + 1
        if not self._next_row < row <= MAX_ROWS:
            raise _misplaced(f"row {row:,}")
        self._row, self._next_row = row, row + _whole(told, "Span")
        self._cells: list[str] = []
        self._errors: list[int] = []
        self._column = self._next_cell = 0
        self._row_style = told.get("StyleID", "")
        if told.get("Hidden") == "1":
            self._kept.hidden.note(row, 1 + self._next_row - row)

    def _end_row(self) -> None:
        if self._cells:
            self._spool.add(self._row, self._cells, self._errors)

    def _start_cell(self, told: dict[str, str]) -> None:
        column = _whole(told, "Index") - 1 if "Index" in told else self._next_cell
        across, down = _whole(told, "MergeAcross"), _whole(told, "MergeDown")
        if not self._next_cell <= column < MAX_COLUMNS:
            raise _misplaced(f"column {column + 1:,} of row {self._row:,}")
        self._kept.merge(self._row, column, 1 + down, 1 + across)
        self._column, self._next_cell = column, column + 1 + across
        self._style = told.get("StyleID") or self._row_style or self._column_styles.get(column) or self._table_style

    def _start_data(self, told: dict[str, str]) -> None:
        self._kind = told.get("Type", "String")
        self._text, self._held = [], 0

    def _end_data(self) -> None:
        text = self._taken()
        if not text:
            return
        self._cells += [""] * (self._column - len(self._cells))
        self._cells.append(self._value(text))
        if self._kind == "Error":
            self._errors.append(self._column)

    def _value(self, text: str) -> str:
        if self._kind == "Number":
            return self._styles.number(text.strip(), self._style)
        if self._kind == "DateTime":
            return self._styles.instant(text.strip(), self._style)
        if self._kind == "Boolean":
            return {"1": "TRUE", "0": "FALSE"}.get(text.strip(), text)
        return text

    def _end_visible(self) -> None:
        if self._taken().strip() in {"SheetHidden", "SheetVeryHidden"}:
            self._kept.visible = False

    def _taken(self) -> str:
        text = "".join(self._text or ())
        self._text = None
        return text if text.isascii() else _NO_TEXT.sub("\0", text)

    @property
    def _kept(self) -> Kept:
        assert self._sheet is not None  # noqa: S101 - what asks stands in a worksheet
        return self._sheet


def _whole(told: dict[str, str], name: str) -> int:
    text = told.get(name, "0")
    if not text.isdecimal():
        raise Refused("unreadable", why=f"{name} in it is “{presentable(text[:40])}”, which is no number")
    return int(text[:9])


def _misplaced(where: str) -> Refused:
    return Refused("unreadable", why=f"{where} of a worksheet in it is beyond any sheet, or stands over another")
