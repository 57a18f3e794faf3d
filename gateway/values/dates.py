"""Dates and instants as partners write them; the format decides, nothing is guessed.

Formats are strptime patterns, compiled to one strict regular expression each: English month names whatever the locale,
one digit or two (`8/7/2016`) where a separator stands beside, exactly two where none does (`%Y%m%d`), no text around.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeVar

from gateway.values.base import BadValue, OptionError, alternatives, unknown

D = TypeVar("D", bound=date)

YEARS = range(1900, 2201)

_MONTHS = [
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
_MONTH_NUMBERS = {name: number for number, long in enumerate(_MONTHS, 1) for name in (long, long[:3])}

# strptime directive -> (its part, its expression, how it reads to a person)
_DIRECTIVES: dict[str, tuple[str, str, str]] = {
    "%Y": ("year", "[0-9]{4}", "YYYY"),
    "%y": ("short_year", "[0-9]{2}", "YY"),
    "%m": ("month", "[0-9]{1,2}", "MM"),
    "%b": ("month_name", "|".join(name[:3] for name in _MONTHS), "MON"),
    "%B": ("month_name", "|".join(_MONTHS), "MONTH"),
    "%d": ("day", "[0-9]{1,2}", "DD"),
    "%H": ("hour", "[0-9]{1,2}", "hh"),
    "%I": ("hour12", "[0-9]{1,2}", "hh"),
    "%p": ("half", "am|pm", "AM/PM"),
    "%M": ("minute", "[0-9]{1,2}", "mm"),
    "%S": ("second", "[0-9]{1,2}", "ss"),
    "%f": ("fraction", "[0-9]{1,6}", "ffffff"),
    "%z": ("offset", "z|[-+][0-9]{2}:?[0-9]{2}", "+hh:mm"),
}
_DIGITS = {"%Y", "%y", "%m", "%d", "%H", "%I", "%M", "%S", "%f"}
_PROBE = datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)
_BLANKS = " \u00a0\u202f"
_PIECES = re.compile(f"%.?|[{_BLANKS}]+|[^%]", re.DOTALL)
_WRITTEN: dict[str, Callable[[datetime], str]] = {
    "%Y": lambda at: f"{at.year:04}",
    "%y": lambda at: f"{at.year % 100:02}",
    "%m": lambda at: f"{at.month:02}",
    "%b": lambda at: _MONTHS[at.month - 1][:3].title(),
    "%B": lambda at: _MONTHS[at.month - 1].title(),
    "%d": lambda at: f"{at.day:02}",
    "%H": lambda at: f"{at.hour:02}",
    "%I": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "%p": lambda at: "PM" if at.hour > 11 else "AM",  # noqa: PLR2004 - noon
    "%M": lambda at: f"{at.minute:02}",
    "%S": lambda at: f"{at.second:02}",
    "%f": lambda at: f"{at.microsecond:06}",
    "%z": lambda at: f"{at:%z}"[:3] + ":" + f"{at:%z}"[3:5],
}
_REAL_DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")  # as a workbook's dates come
_ISO_TIMES = ("%H:%M", "%H:%M%z", "%H:%M:%S", "%H:%M:%S%z", "%H:%M:%S.%f", "%H:%M:%S.%f%z")

Parts = dict[str, str]


def day(formats: list[str] | None = None, pivot: int | None = None, *, or_real: bool = False) -> Callable[[str], date]:
    """A calendar day; without formats, ISO 8601.

    A time of day in the format is read and dropped, and so is an offset: `%Y-%m-%d%z` takes `2026-05-01-08:00`
    (an XML Schema date with its zone, as Workday writes it) for the day that is written there.

    Args:
        formats: strptime patterns, tried in order.
        pivot: two-digit years up to this are 20xx, above it 19xx.
        or_real: real dates, which come as ISO 8601, are read besides what `formats` say.

    Raises:
        OptionError: a format that is none, or formats that leave a text with two readings.
    """
    return _days_or_instants(formats, pivot, _day, or_real=or_real)


def instant(formats: list[str] | None = None, pivot: int | None = None) -> Callable[[str], datetime]:
    """An instant in UTC; text without an offset is taken as UTC. Without formats, ISO 8601 with a time of day.

    Args:
        formats: as of `day`.
        pivot: as of `day`.

    Raises:
        OptionError: as of `day`, or a format without a time of day; what it reads is a day.
    """
    for pattern in formats or []:
        if not {"%H", "%I"} & set(_PIECES.findall(pattern)):
            raise OptionError("formats", f"`{pattern}` has no hour; a day without a time is a `date`.")
    every = formats or [f"%Y-%m-%d{mark}{time}" for mark in "T " for time in _ISO_TIMES]
    return _first_fitting(every, pivot, _instant, shown=formats or ["%Y-%m-%dT%H:%M:%S%z"])


def moment(
    formats: list[str] | None = None, pivot: int | None = None, *, or_real: bool = False
) -> Callable[[str], datetime]:
    """Midnight of a day, or an instant where the format has a time of day; without zone where the text has no offset.

    Args:
        formats: as of `day`.
        pivot: as of `day`.
        or_real: as of `day`.

    Raises:
        OptionError: as of `day`.
    """
    return _days_or_instants(formats, pivot, _moment, or_real=or_real)


def writer(pattern: str) -> Callable[[datetime], str]:
    """What writes an instant by a pattern, English whatever the locale, so that the same pattern reads it back.

    Raises:
        OptionError: a directive that there is none of, or none at all.
    """
    pieces = _PIECES.findall(pattern)
    if not sum(map(_known, pieces)):  # all of them are looked at
        raise OptionError("format", f"`{pattern}` says nothing of a date; `%m/%d/%Y` writes {describe('%m/%d/%Y')}.")
    shows = [_WRITTEN.get(piece) or _always(_literal(piece)) for piece in pieces]
    return lambda at: "".join(show(at) for show in shows)


def _always(text: str) -> Callable[[datetime], str]:
    return lambda _at: text


def pieces_of(pattern: str) -> list[tuple[str, bool]]:
    """The pieces of a pattern in order: directives, and literal text without its doubled percent signs."""
    return [(piece, True) if piece in _DIRECTIVES else (_literal(piece), False) for piece in _PIECES.findall(pattern)]


def describe(pattern: str) -> str:
    """A strptime pattern as a person writes it: `%m/%d/%Y` is MM/DD/YYYY."""
    return "".join(_shown(piece) for piece in _PIECES.findall(pattern))


def _shown(piece: str) -> str:
    return _DIRECTIVES[piece][2] if piece in _DIRECTIVES else _literal(piece)


def _literal(piece: str) -> str:
    return piece[-1] if piece.startswith("%") else piece


def name_fault(pattern: str) -> str | None:
    """What keeps strptime from telling an instant by a pattern, which it says at the first text only; None if nothing.

    Patterns of names are strptime's own, with directives such as `%j` that values have not.
    """
    directives = [one for one in re.findall("%.?", pattern) if one != "%%"]
    if twice := next((one for one in directives if directives.count(one) > 1), None):
        return f"`{pattern}` says {twice} twice."
    try:
        found = datetime.strptime(_PROBE.strftime(pattern), pattern)  # noqa: DTZ007 - its year is all that is asked
    except ValueError as error:
        return f"`{pattern}` is no pattern of a date: {error}. A percent sign itself is `%%`."
    return None if found.year == _PROBE.year else f"`{pattern}` says no year."


def shifted(day: date, count: int, unit: str) -> date:
    """A day so many `d`, `m` or `y` later; a month ends on its last day: 29 February and a year make the 28th.

    Raises:
        ValueError, OverflowError: it leads out of the calendar.
    """
    if unit == "d":
        return day + timedelta(days=count)
    year, month = divmod(day.year * 12 + day.month - 1 + count * (12 if unit == "y" else 1), 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _days_or_instants(
    formats: list[str] | None, pivot: int | None, build: Callable[[Parts, int], D], *, or_real: bool
) -> Callable[[str], D]:
    formats = formats or ["%Y-%m-%d"]
    real = [one for one in _REAL_DATES if or_real and one not in formats]
    return _first_fitting(formats + real, pivot, build, shown=formats)


def _first_fitting(
    formats: list[str], pivot: int | None, build: Callable[[Parts, int], D], shown: list[str]
) -> Callable[[str], D]:
    _refuse_guessing(formats, pivot)
    turn = pivot or 0
    readers = [_reader(pattern, lambda parts: build(parts, turn)) for pattern in formats]
    expected = alternatives(map(describe, shown))

    def parse(text: str) -> D:
        for read in readers:
            found = read(text)
            if found is not None and found.year in YEARS:
                return found
        if any(read(text) for read in readers):
            raise BadValue("out_of_range", expected=f"the years {YEARS[0]} to {YEARS[-1]}")
        raise BadValue("bad_date", expected=expected)

    return parse


def _refuse_guessing(formats: list[str], pivot: int | None) -> None:
    """`05/06/2026` must have one reading: no two formats that swap day and month, no two-digit year without a pivot."""
    short_years = any("%y" in _PIECES.findall(pattern) for pattern in formats)
    if short_years and pivot is None:
        raise OptionError("pivot", "Two-digit years need a `pivot`: years up to it are 20xx, years above it 19xx.")
    if pivot is not None and not short_years:
        raise OptionError("pivot", "A `pivot` is for two-digit years, but no format has `%y`.")
    shapes = [pattern.replace("%m", "%d") for pattern in formats]
    if len(set(shapes)) < len(shapes):
        raise OptionError("formats", f"{alternatives(formats)} read the same text; which of them is it?")


# ---------------------------------------------------------------- one format
def _reader(pattern: str, build: Callable[[Parts], D]) -> Callable[[str], D | None]:
    fullmatch = _expression(pattern).fullmatch

    def read(text: str) -> D | None:
        match = fullmatch(text)
        if match is None:
            return None
        try:
            return build(match.groupdict())
        except (ValueError, OverflowError):  # 31 February; an offset that leads out of the calendar
            return None

    return read


def _expression(pattern: str) -> re.Pattern[str]:
    pieces = _PIECES.findall(pattern)
    _check_parts(pattern, [_DIRECTIVES[piece][0] for piece in pieces if _known(piece)])
    neighbours = zip(["", *pieces], pieces, [*pieces[1:], ""], strict=False)
    return re.compile("".join(_expression_of(*three) for three in neighbours), re.IGNORECASE | re.ASCII)


def _expression_of(before: str, piece: str, after: str) -> str:
    if piece.strip(_BLANKS) == "":  # one repeat for all of them: of repeats side by side Python tries every division
        return f"[{_BLANKS}]{{{len(piece)},}}"
    if piece not in _DIRECTIVES:
        return re.escape(piece[-1])
    name, expression, _ = _DIRECTIVES[piece]
    if piece in _DIGITS and {before, after} & _DIGITS:
        expression = expression.replace("{1,2}", "{2}")
    return f"(?P<{name}>{expression})"


def _known(piece: str) -> bool:
    """Whether a piece of a pattern is a directive; a percent sign that is none is an error."""
    if piece.startswith("%") and piece != "%%" and piece not in _DIRECTIVES:
        raise OptionError("formats", *unknown("directive", piece, _DIRECTIVES))
    return piece in _DIRECTIVES


def _check_parts(pattern: str, parts: list[str]) -> None:
    for what in ({"year", "short_year"}, {"month", "month_name"}, {"day"}):
        if len(what & set(parts)) != 1:
            raise OptionError("formats", f"`{pattern}` must say the {min(what, key=len)} exactly once.")
    if len(set(parts)) < len(parts) or ("hour12" in parts) != ("half" in parts) or {"hour", "hour12"} <= set(parts):
        raise OptionError("formats", f"`{pattern}` says something twice, or has only one of `%I` and `%p`.")


# ---------------------------------------------------------------- from parts to values
def _day(parts: Parts, pivot: int) -> date:
    return date(_year(parts, pivot), _month(parts), int(parts["day"]))


def _year(parts: Parts, pivot: int) -> int:
    if "year" in parts:
        return int(parts["year"])
    short = int(parts["short_year"])
    return short + (2000 if short <= pivot else 1900)


def _month(parts: Parts) -> int:
    return int(parts["month"]) if "month" in parts else _MONTH_NUMBERS[parts["month_name"].lower()]


def _instant(parts: Parts, pivot: int) -> datetime:
    found = _moment(parts, pivot)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _moment(parts: Parts, pivot: int) -> datetime:
    day = _day(parts, pivot)
    second, micro = int(parts.get("second", 0)), int(parts.get("fraction", "").ljust(6, "0"))
    zone = _zone(parts["offset"]) if "offset" in parts else None
    return datetime(day.year, day.month, day.day, _hour(parts), int(parts.get("minute", 0)), second, micro, zone)


def _hour(parts: Parts) -> int:
    if "hour12" not in parts:
        return int(parts.get("hour", 0))
    hour = int(parts["hour12"])
    if hour not in range(1, 13):
        raise ValueError(hour)
    return hour % 12 + (12 if parts["half"].lower() == "pm" else 0)


def _zone(offset: str) -> timezone:
    if offset in {"z", "Z"}:
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if minutes not in range(60):
        raise ValueError(offset)
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if offset[0] == "-" else size)
