"""Fixed width: every value at its place, and none that does not fit goes out cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import IO, Annotated, Literal

from msgspec import Meta

from gateway.config import FieldError
from outbound.forms.base import ColumnSpec, FormSpec, Rows, TextColumn
from outbound.forms.columns import Misfit, cells_of, check_names, chosen
from outbound.forms.encoding import LINE_ENDS, check_encoding, check_marks, holding, keeping_ascii, writing
from outbound.forms.values import text_of


class FixedColumn(TextColumn, frozen=True, kw_only=True):
    """One column, of so many places.

    Attributes:
        align: at which end of its places a value stands.
        pad: what fills the others; zeros go between a number and its sign.
    """

    width: Annotated[int, Meta(ge=1, le=10_000)]
    align: Literal["left", "right"] = "left"
    pad: Annotated[str, Meta(min_length=1, max_length=1)] = " "

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.align == "left" and self.pad.isdigit():
            raise FieldError(
                "Digits behind a number change it; fill with them from the left: `align: right`.", at=("pad",)
            )
        if self.pad in "\r\n":
            raise FieldError("A line break cannot fill places.", at=("pad",))


class FixedForm(FormSpec, frozen=True, kw_only=True, tag="fixed"):
    """Records of one length.

    Attributes:
        unit: what widths count.
        header: whether the first record names the columns.
        line_end: what stands after each record.
        replacement: for letters that the encoding lacks; without one, they are an error.
    """

    columns: Annotated[tuple[FixedColumn, ...], Meta(min_length=1)]
    unit: Literal["characters", "bytes"] = "characters"
    encoding: Annotated[str, Meta(extra={"check": check_encoding})] = "utf-8"
    header: bool = False
    line_end: Literal["crlf", "lf", "cr", "none"] = "crlf"
    replacement: Annotated[str, Meta(min_length=1, max_length=1)] | None = None

    def __post_init__(self) -> None:
        check_marks(self.encoding, bom=False, replacement=self.replacement)
        if self.unit == "bytes" and not keeping_ascii(self.encoding):
            raise FieldError(f"Places cannot be counted in bytes of {self.encoding}; count characters.", at=("unit",))
        for place, one in enumerate(self.columns):
            self._check_pad(place, one)
        if self.header:
            check_names(self.columns, [_fitted(self, one) for one in self.columns])

    @property
    def media_type(self) -> str:
        """It has none of its own."""
        return "text/plain"

    @property
    def suffix(self) -> str:
        """What programs expect."""
        return "txt"

    def measure(self, text: str) -> int:
        """How many places a text takes."""
        return len(text.encode(self.encoding)) if self.unit == "bytes" and not text.isascii() else len(text)

    def _check_pad(self, place: int, column: FixedColumn) -> None:
        try:
            if len(column.pad.encode(self.encoding)) > 1 and self.unit == "bytes":
                raise FieldError("What fills places must take one.", at=("columns", place, "pad"))
        except UnicodeEncodeError:
            raise FieldError(f"{self.encoding} cannot hold this letter.", at=("columns", place, "pad")) from None


def write(spec: FixedForm, columns: Sequence[str], rows: Rows, out: IO[bytes]) -> None:
    """Write records; see `outbound.forms.write`."""
    shown = chosen(spec, columns, lambda one: _cell(spec, one))
    put, ending = writing(out, spec.encoding, bom=False), LINE_ENDS[spec.line_end]
    if spec.header:
        put("".join(_fitted(spec, one)(one.name) for one in spec.columns) + ending)
    for cells in cells_of(shown, rows):
        put("".join(cells) + ending)


def _cell(spec: FixedForm, column: ColumnSpec) -> Callable[[object], str]:
    if not isinstance(column, FixedColumn):
        raise TypeError(f"a column without a width: {column}")
    text, fitted, filled = text_of(column, spec.time_zone), _fitted(spec, column), _zero_filled(column)

    def cell(value: object) -> str:
        shown = text(value)
        return fitted(filled(shown) if isinstance(value, int | float | Decimal) else shown)

    return cell


def _fitted(spec: FixedForm, column: FixedColumn) -> Callable[[str], str]:
    """What puts a text at its end of the column's places."""
    held = holding(spec.encoding, spec.replacement)

    def fitted(text: str) -> str:
        text = held(text)
        if "\n" in text or "\r" in text:
            raise Misfit("it holds a line break, which would end the record")
        missing = column.width - spec.measure(text)
        if missing < 0:
            raise Misfit(f"it takes {column.width - missing} {spec.unit}, and the column has {column.width}")
        return text + missing * column.pad if column.align == "left" else missing * column.pad + text

    return fitted


def _zero_filled(column: FixedColumn) -> Callable[[str], str]:
    return (lambda text: text.zfill(column.width)) if column.pad == "0" else str
