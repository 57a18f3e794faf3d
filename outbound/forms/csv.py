"""Delimited text (RFC 4180 and its relatives): what stands between cells, around them and after a row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import repeat
from typing import IO, Annotated, Literal

from msgspec import Meta

from gateway.config import FieldError
from gateway.spreadsheet import neutralise
from outbound.forms.base import ColumnSpec, FormSpec, Rows, TextColumn
from outbound.forms.columns import Misfit, cells_of, check_names, chosen
from outbound.forms.encoding import LINE_ENDS, check_encoding, check_marks, holding, writing
from outbound.forms.values import text_of

_BREAK = "\r\n"  # at either of its letters `csv` quotes a cell
_DELIMITERS = {"comma": ",", "tab": "\t", "pipe": "|", "semicolon": ";"}


class CsvColumn(TextColumn, frozen=True, kw_only=True):
    """One column of delimited text."""


class CsvForm(FormSpec, frozen=True, kw_only=True, tag="csv"):
    """A table in delimited text.

    Attributes:
        delimiter: what stands between cells, or `comma`, `tab`, `pipe`, `semicolon`.
        quote: what stands around cells that need it; without one, a cell that needs it is an error.
        quote_all: whether it stands around every cell.
        header: whether the first row names the columns.
        bom: whether a byte order mark comes first, by which spreadsheets know Unicode.
        raw: a program reads it: text stays as it is, also what a spreadsheet would run as a formula. It is one word for
            the whole file, for whoever opens it opens all of it.
        replacement: for letters that the encoding lacks; without one, they are an error.
    """

    columns: tuple[str | CsvColumn, ...] = ()
    delimiter: str = ","
    quote: Annotated[str, Meta(min_length=1, max_length=1)] | None = '"'
    quote_all: bool = False
    encoding: Annotated[str, Meta(extra={"check": check_encoding})] = "utf-8"
    header: bool = True
    line_end: Literal["crlf", "lf"] = "crlf"
    bom: bool = False
    raw: bool = False
    replacement: Annotated[str, Meta(min_length=1, max_length=1)] | None = None

    def __post_init__(self) -> None:
        check_marks(self.encoding, bom=self.bom, replacement=self.replacement)
        if len(self.separator) != 1 or self.separator in "\r\n":
            raise FieldError(f"One sign stands between cells, or one of {', '.join(_DELIMITERS)}.", at=("delimiter",))
        if self.quote in {self.separator, "\r", "\n"}:
            raise FieldError("Another sign must stand around cells than between them.", at=("quote",))
        if self.quote_all and not self.quote:
            raise FieldError("There is no `quote` to stand around the cells.", at=("quote_all",))
        check_names(self.columns, repeat(_cell(self, CsvColumn(from_=""))))

    @property
    def separator(self) -> str:
        """The delimiter itself."""
        return _DELIMITERS.get(self.delimiter, self.delimiter)

    @property
    def media_type(self) -> str:
        """As RFC 7111 registers it."""
        return "text/csv"

    @property
    def suffix(self) -> str:
        """What programs expect."""
        return "csv"


def write(spec: CsvForm, columns: Sequence[str], rows: Rows, out: IO[bytes]) -> None:
    """Write a table; see `outbound.forms.write`."""
    shown = chosen(spec, columns, lambda one: _cell(spec, one))
    write_row = _row_writer(spec, writing(out, spec.encoding, bom=spec.bom))
    if spec.header:
        title = _cell(spec, CsvColumn(from_=""))
        write_row([title(column.header) for column in shown])
    for cells in cells_of(shown, rows):
        write_row(cells)


def _row_writer(spec: CsvForm, put: Callable[[str], object]) -> Callable[[list[str]], object]:
    ending = LINE_ENDS[spec.line_end]
    if not spec.quote:
        return lambda cells: put(spec.separator.join(cells) + ending)
    return csv.writer(
        _Line(lambda text: put(text[: -len(_BREAK)] + ending)),
        delimiter=spec.separator,
        quotechar=spec.quote,
        quoting=csv.QUOTE_ALL if spec.quote_all else csv.QUOTE_MINIMAL,
        lineterminator=_BREAK,
    ).writerow


class _Line:
    """What `csv` writes each row to: it asks for no more than this."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write


def _cell(spec: CsvForm, column: ColumnSpec) -> Callable[[object], str]:
    text, safe, held = text_of(column, spec.time_zone), _safe(spec), holding(spec.encoding, spec.replacement)
    is_mapped, refused = column.map is not None, () if spec.quote else (spec.separator, "\r", "\n")

    def cell(value: object) -> str:
        shown = text(value)
        if is_mapped or not isinstance(value, int | float | Decimal):  # a number below zero is no formula
            shown = held(safe(shown))
        if any(sign in shown for sign in refused):
            raise Misfit("it holds what stands between cells or rows, and the form has no `quote` to stand around it")
        return shown

    return cell


def _safe(spec: CsvForm) -> Callable[[str], str]:
    return str if spec.raw else neutralise
