"""JSON: an array of objects, or one object a line, in UTF-8 (RFC 8259)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.config import FieldError
from gateway.config.findings import quoted
from outbound.forms.base import ColumnSpec, FormSpec, Rows, TextColumn
from outbound.forms.columns import cells_of, chosen
from outbound.forms.values import exactly, plain, text_of


class JsonColumn(TextColumn, frozen=True, kw_only=True):
    """One key of the objects; a number with a `format` becomes text."""


class JsonForm(FormSpec, frozen=True, kw_only=True, tag="json"):
    """Objects, whose keys are the columns' headers.

    Attributes:
        layout: `array`, or `lines` with one object each.
    """

    columns: tuple[str | JsonColumn, ...] = ()
    layout: Literal["array", "lines"] = "array"

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for place, one in enumerate(self.columns):
            name = one if isinstance(one, str) else one.name
            if not name:
                raise FieldError("In JSON a constant needs a `header`, which is its key.", at=("columns", place))
            if name in seen:
                raise FieldError(f"Two columns are called {quoted(name)}; keys differ.", at=("columns", place))
            seen.add(name)

    @property
    def media_type(self) -> str:
        """Lines have none that is registered; this is what they are usually called."""
        return "application/json" if self.layout == "array" else "application/x-ndjson"

    @property
    def suffix(self) -> str:
        """What programs expect."""
        return "json" if self.layout == "array" else "jsonl"


def write(spec: JsonForm, columns: Sequence[str], rows: Rows, out: IO[bytes]) -> None:
    """Write objects, one a line in an array too; see `outbound.forms.write`."""
    shown = chosen(spec, columns, lambda one: _value(spec, one))
    keys = [column.header for column in shown]
    encode = msgspec.json.Encoder(decimal_format="number").encode
    found = (encode(dict(zip(keys, cells, strict=True))) for cells in cells_of(shown, rows))
    out.writelines(_in_lines(found) if spec.layout == "lines" else _in_array(found))


def _in_lines(found: Iterator[bytes]) -> Iterator[bytes]:
    return (one + b"\n" for one in found)


def _in_array(found: Iterator[bytes]) -> Iterator[bytes]:
    before = b"[\n"
    for one in found:
        yield before + one
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def _value(spec: JsonForm, column: ColumnSpec) -> Callable[[object], object]:
    if column.map is None and column.format is None:
        zone = ZoneInfo(spec.time_zone)
        return lambda value: _native(value, zone)
    text = text_of(column, spec.time_zone)
    return lambda value: text(value) or None


def _native(value: object, zone: ZoneInfo) -> object:
    """What JSON has a way to say; everything else as text."""
    if value is None or isinstance(value, str | bool | dict):
        return value
    if isinstance(value, int | float | Decimal):
        exactly(value)
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_native(one, zone) for one in value]
    return plain(value, zone) if isinstance(value, date) else str(value)
