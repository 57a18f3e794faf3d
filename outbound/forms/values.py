"""Values as text: plainly, by a code map, by a pattern of dates, or as a partner writes numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.values.dates import writer
from outbound.forms.base import ColumnSpec, NumberFormat
from outbound.forms.columns import Misfit

LIST_JOINT = "; "  # as feeds join the lists of JSON
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)  # more digits than any number of ours has


def text_of(spec: ColumnSpec, time_zone: str) -> Callable[[object], str]:
    """What writes the values of a column as text; None is blank."""
    zone = ZoneInfo(time_zone)
    if spec.map is not None:
        return _mapped(spec.map, spec.else_, zone)
    if isinstance(spec.format, NumberFormat):
        return _number(spec.format)
    if isinstance(spec.format, str):
        return _dated(spec.format, zone)
    return lambda value: plain(value, zone)


def plain(value: object, zone: tzinfo) -> str:
    """A value as text where nothing else was agreed; days and instants as ISO 8601.

    Raises:
        Misfit: it is no number at all (NaN, infinity).
    """
    for kinds, show in _AS_TEXT:
        if isinstance(value, kinds):
            return show(value, zone)
    return "" if value is None else str(value)


def exactly(value: object) -> Decimal:
    """A number as it is written; a float is what its shortest text says.

    Raises:
        Misfit: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Misfit("it is no number, but the column's format is one of numbers")
    if not math.isfinite(value):
        raise Misfit("it is not a finite number")
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def at_midnight(value: object, zone: tzinfo) -> datetime:
    """An instant as a clock in the zone shows it; a day is its midnight there.

    Raises:
        Misfit: it is no date.
    """
    if isinstance(value, datetime):
        return value.astimezone(zone)
    if isinstance(value, date):
        return datetime.combine(value, time(), zone)
    raise Misfit("it is no date, but the column's format is one of dates")


def rounded(number: Decimal, decimals: int) -> Decimal:
    """A number with so many decimals, half up; never minus zero."""
    found = number.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    return found or abs(found)


def _mapped(words: Mapping[str, str], otherwise: str | None, zone: tzinfo) -> Callable[[object], str]:
    def show(value: object) -> str:
        word = plain(value, zone)
        if (found := words.get(word)) is not None:
            return found
        if not word:
            return ""
        if otherwise is None:
            raise Misfit("it is a word that the column's `map` does not have; add it there, or an `else`")
        return otherwise

    return show


def _dated(pattern: str, zone: tzinfo) -> Callable[[object], str]:
    written = writer(pattern)
    return lambda value: "" if value is None else written(at_midnight(value, zone))


def _number(spec: NumberFormat) -> Callable[[object], str]:
    def show(value: object) -> str:
        if value is None:
            return ""
        number = exactly(value)
        if spec.decimals is not None:
            number = rounded(number, spec.decimals)
        whole, _, fraction = f"{number:,f}".partition(".")
        mark = spec.decimal if fraction else ""
        return f"{whole.replace(',', spec.thousands)}{mark}{fraction}"

    return show


def _joined(values: Iterable[object], zone: tzinfo) -> str:
    return LIST_JOINT.join(plain(one, zone) for one in values)


# by their kind, of which the first counts: truth is a number to Python, and an instant a day
_AS_TEXT: tuple[tuple[tuple[type, ...], Callable[[Any, tzinfo], str]], ...] = (
    ((str,), lambda value, _zone: value),
    ((bool,), lambda value, _zone: "true" if value else "false"),
    ((int, float, Decimal), lambda value, _zone: f"{exactly(value):f}"),
    ((datetime,), lambda value, zone: value.astimezone(zone).isoformat()),
    ((date,), lambda value, _zone: value.isoformat()),
    ((list, tuple, set, frozenset), _joined),
    ((dict,), lambda value, _zone: msgspec.json.encode(value).decode()),
)
