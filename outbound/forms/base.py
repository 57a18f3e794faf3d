"""What every form is: how it is described in partner.yaml, and how its columns are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from gateway.config import FieldError
from gateway.config.partner import Zone
from gateway.values.base import OptionError
from gateway.values.dates import writer

Rows = Iterable[Sequence[object]]
Plain = str | int | float | bool


class NumberFormat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a number is written as text.

    Attributes:
        decimals: so many, rounded half up; without it, as many as the number has.
        decimal: the mark before them; `""` writes none, as COBOL's `9(5)V99` has it.
        thousands: what stands between groups of three digits.
    """

    decimals: Annotated[int, Meta(ge=0, le=6)] | None = None
    decimal: Literal[".", ",", ""] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    def __post_init__(self) -> None:
        if self.decimal == "" and (self.decimals is None or self.thousands):
            raise FieldError("Without a mark, a number needs its `decimals`, and no `thousands`.", at=("decimal",))
        if self.decimal and self.decimal == self.thousands:
            raise FieldError("One mark cannot mean decimals and thousands.", at=("thousands",))


class ColumnSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column of a form: what stands in it, what the partner calls it, and how its values are written.

    Attributes:
        from_: a column of the report.
        value: a constant instead.
        header: the partner's name for it; the report's where it is missing.
        map: the partner's words for ours; a blank is looked up as `""`, and else stays blank.
        else_: for words that the map does not have; without it they are an error.
        format: of dates, a pattern such as `%m/%d/%Y`; of numbers, decimals and marks.
    """

    from_: str | None = field(default=None, name="from")
    value: Plain | None = None
    header: str | None = None
    map: dict[str, str] | None = None
    else_: str | None = field(default=None, name="else")
    format: str | Struct | None = None  # each form says how numbers are described in it

    def __post_init__(self) -> None:
        if (self.from_ is None) == (self.value is None):
            raise ValueError("A column says where its values come from: `from` a column of the report, or one `value`.")
        if self.value is not None and (self.map is not None or self.format is not None):
            raise ValueError("A constant `value` is written as it stands: it has no `map` and no `format`.")
        if self.map is not None and self.format is not None:
            raise FieldError("A column has a `map` or a `format`, never both.", at=("format",))
        if self.else_ is not None and self.map is None:
            raise FieldError("An `else` is for words that a `map` does not have.", at=("else",))
        if isinstance(self.format, str):
            _check_pattern(self.format)

    @property
    def name(self) -> str:
        """What the partner calls it; blank where it fills a place."""
        return (self.from_ or "") if self.header is None else self.header


class TextColumn(ColumnSpec, frozen=True, kw_only=True):
    """One column of a form in which everything is text."""

    format: str | NumberFormat | None = None


class FormSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """The base of every form; `type` names it.

    Attributes:
        columns: in their order, a column's name or more; by default all of the report's.
        time_zone: in which instants are told.
    """

    columns: tuple[str | ColumnSpec, ...] = ()
    time_zone: Zone = "UTC"

    @property
    def media_type(self) -> str:
        """Of the file, for HTTP and mail."""
        raise NotImplementedError

    @property
    def suffix(self) -> str:
        """How the name of such a file ends, without a dot."""
        raise NotImplementedError


def _check_pattern(pattern: str) -> None:
    try:
        writer(pattern)
    except OptionError as error:
        raise FieldError(error.sentence, at=("format",), suggestion=error.suggestion) from None
