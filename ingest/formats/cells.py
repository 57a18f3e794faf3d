"""The text of one spreadsheet cell: what it means, not how it happens to be stored or shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_MIDNIGHT = time()
_INEXACT = 10**15  # from here on a spreadsheet, which keeps 15 digits, no longer holds every whole number
_HALF_A_SECOND = timedelta(milliseconds=500)  # a time of day is a fraction of a day: 12:30:15 may come as 14.9999 s


def text_of(value: object) -> str:
    """Integers without `.0`, dates as ISO 8601, times as HH:MM:SS, booleans as a spreadsheet writes them.

    Integers that a spreadsheet cannot hold whole come with an exponent. A cell of date format that holds 0 is no date;
    both readers give it as midnight.
    """
    return _TEXTS.get(type(value), str)(value)


def _number(value: float) -> str:
    """Whole where it is; fractions to the 15 digits that a spreadsheet keeps, so that 0.1 + 0.2 is 0.3."""
    if not math.isfinite(value):
        return repr(value)
    if value.is_integer():
        return _whole(int(value))
    text = f"{value:.15g}"
    return f"{Decimal(text):f}" if "e" in text else text


def _whole(value: int) -> str:
    """With an exponent, as spreadsheets show it, where the last digits may be gone: no identifier looks so."""
    if abs(value) < _INEXACT:
        return str(value)
    mantissa, _, exponent = f"{value:.14E}".partition("E")
    return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"


def _instant(value: datetime) -> str:
    try:
        whole = (value + _HALF_A_SECOND).replace(microsecond=0)
    except OverflowError:  # the last instant of 9999
        whole = value.replace(microsecond=0)
    is_day = whole.time() == _MIDNIGHT and whole.year > date.min.year
    return str(whole.date()) if is_day else whole.isoformat()


def _time(value: time) -> str:
    return "0" if value == _MIDNIGHT else _instant(datetime.combine(date.min, value)).partition("T")[2]


def _duration(value: timedelta) -> str:
    seconds = round(abs(value.total_seconds()))
    sign = "-" if value < timedelta() else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


_TEXTS: dict[type, Callable[[Any], str]] = {  # the text of a date is ISO 8601 already
    type(None): lambda _: "",
    bool: lambda value: "TRUE" if value else "FALSE",
    int: _whole,
    float: _number,
    datetime: _instant,
    time: _time,
    timedelta: _duration,
}
