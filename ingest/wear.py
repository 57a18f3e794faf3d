"""What a spreadsheet does to a cell that nobody touched: is this still the cell that was sent?

Only the text is looked at, so that a code such as 00102 or 1-2 is recognised in whatever a spreadsheet took it for.
What has two readings is worn when one of them is what was sent: whoever means another value changes more than its look.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

_MOST = 60  # characters of a number or a date
_BOOLEANS = {"true": "true", "wahr": "true", "vrai": "true", "verdadero": "true", "vero": "true"}
_BOOLEANS |= {"false": "false", "falsch": "false", "faux": "false", "falso": "false"}


def is_worn(sent: str, back: str, formats: Sequence[str] = ()) -> bool:
    """Whether a cell that came back differs by nothing but what a spreadsheet does.

    Args:
        sent: as we sent it.
        back: as it came back.
        formats: how the feed reads dates in this column; a date that it reads is what it says.
    """
    sent, back = _calm(sent), _calm(back)
    if sent == back:
        return True
    if not sent or not back:
        return False
    if (day := _read(back, formats)) is not None:
        return day == _read(sent, formats)
    return any(same(sent, back) for same in _WEARS)


def _calm(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _read(text: str, formats: Sequence[str]) -> datetime | None:
    for one in formats:
        with suppress(ValueError):
            return datetime.strptime(text, one)  # noqa: DTZ007 - compared with another one only
    return None


# ------------------------------------------------------------------------------------------------ words


def _same_boolean(sent: str, back: str) -> bool:
    known = _BOOLEANS.get(sent.casefold())
    return known is not None and known == _BOOLEANS.get(back.casefold())


def _same_letters(sent: str, back: str) -> bool:
    """Letters that the code page of the spreadsheet lacks came back as `?`, or without their accent."""
    if sent.isascii():
        return False
    pattern = "".join(re.escape(letter) if letter.isascii() else _lost(letter) for letter in sent)
    return re.fullmatch(pattern, back) is not None


def _lost(letter: str) -> str:
    bare = unicodedata.normalize("NFKD", letter)[0]
    return f"(?:{re.escape(letter)}|{re.escape(bare)}|\\?{{1,2}})"


def _too_narrow(_sent: str, back: str) -> bool:
    """A column too narrow for a number or a date is saved as it is shown."""
    return re.fullmatch("#{2,255}", back) is not None


# ------------------------------------------------------------------------------------------------ numbers

_NUMBER = re.compile(r"([-+]?)(\d[\d.,' ]*|[.,]\d+)(?:[eE]([-+]?\d{1,3}))?")
_MONEY = re.compile(r"^(?:[A-Z]{3} ?|[$€£¥] ?)|(?: ?[$€£¥]| ?[A-Z]{3})$")
_GROUPED = {".": re.compile(r"\d{1,3}(?:[,' ]\d{3})+(?:\.\d*)?"), ",": re.compile(r"\d{1,3}(?:[.' ]\d{3})+(?:,\d*)?")}
_PLAIN = {".": re.compile(r"\d*(?:\.\d*)?"), ",": re.compile(r"\d*(?:,\d*)?")}
_SHOWN = 10  # digits of a number that a cell shows at least, before it rounds
_KEPT = 15  # digits that a spreadsheet keeps


class _Number(NamedTuple):
    value: Decimal
    digits: int  # that are told, without zeros in front
    rounded: bool


def _same_number(sent: str, back: str) -> bool:
    """Zeros gone in front or behind, an exponent, groups, a currency, a rounding; nothing adds zeros in front."""
    if re.match(r"[-+]?0\d", back) and not re.match(r"[-+]?0\d", sent):
        return False
    return any(_is_shown(ours, theirs) for theirs in _numbers(back) for ours in _numbers(sent))


def _is_shown(ours: _Number, theirs: _Number) -> bool:
    if ours.value == theirs.value:
        return True
    if theirs.rounded or _SHOWN <= theirs.digits < ours.digits:
        return _to_digits(ours.value, theirs.digits) == theirs.value
    return ours.digits > _KEPT and _cut(ours.value, _KEPT) == theirs.value


def _numbers(text: str) -> Iterator[_Number]:
    if len(text) > _MOST:
        return
    bare, percent = _MONEY.sub("", text), text.endswith("%")
    bare = bare.removesuffix("%").strip()
    if bare.startswith("(") and bare.endswith(")"):
        bare = "-" + bare[1:-1]
    if found := _NUMBER.fullmatch(bare):
        for mark in ".,":
            if _PLAIN[mark].fullmatch(found[2]) or _GROUPED[mark].fullmatch(found[2]):
                yield _number(found, mark, percent=percent)


def _number(found: re.Match[str], mark: str, *, percent: bool) -> _Number:
    digits = re.sub(r"[^\d.]", "", found[2].replace(".", "") if mark == "," else found[2])
    if mark == ",":
        digits = re.sub(r"[.' ]", "", found[2]).replace(",", ".")
    value = Decimal(f"{found[1]}{digits}e{int(found[3] or 0) - 2 * percent}")
    return _Number(value, len(digits.replace(".", "").lstrip("0")), found[3] is not None)


def _to_digits(value: Decimal, digits: int) -> Decimal:
    return Decimal(f"{value:.{max(digits, 1) - 1}e}")


def _cut(value: Decimal, digits: int) -> Decimal:
    sign, told, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - it was read from digits
    return Decimal((sign, told[:digits] + (0,) * (len(told) - digits), exponent))


# ------------------------------------------------------------------------------------------------ dates

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_NAMED = {name: number for number, name in enumerate(_MONTHS, start=1)}
_NAMED |= {
    "mai": 5,
    "mär": 3,
    "okt": 10,
    "dez": 12,
    "fév": 2,
    "avr": 4,
    "aoû": 8,
    "déc": 12,
    "ene": 1,
    "abr": 4,
    "dic": 12,
}
_TIME = re.compile(r"[T ,]+(\d{1,2}):(\d{2})(?::\d{2}(?:[.,]\d+)?)? ?([AaPp][Mm])?Z?$")
_DATE = re.compile(r"[^\W_]+(?:[-/. ,]*[^\W_]+){1,3}\.?")
_SERIAL = re.compile(r"[1-9]\d{0,5}")
_EPOCH = date(1899, 12, 30)
_YEAR_DIGITS = 4


class _Day(NamedTuple):
    """A reading of a date; `look` tells the separators and the order of numbers, None where the order is certain."""

    year: int | None
    month: int
    day: int
    look: tuple[str, str] | None


def _same_day(sent: str, back: str) -> bool:
    """The same day in another form; a code that looked like one, such as 1-2 or MAR1, was taken for a day too."""
    if len(sent) > _MOST or len(back) > _MOST:
        return False
    (ours, at), (theirs, then) = _split(sent), _split(back)
    if at != then:
        return False
    told = [*_days(theirs, is_back=True)]
    return any(_is_same(one, other) for one in _days(ours, is_back=False) for other in told)


def _is_same(ours: _Day, theirs: _Day) -> bool:
    if (ours.month, ours.day) != (theirs.month, theirs.day):
        return False
    if ours.look and theirs.look and ours.look[0] == theirs.look[0] and ours.look[1] != theirs.look[1]:
        return False  # day and month changed places and nothing else did: a person's hand
    if ours.year is None or theirs.year is None:
        return True
    short = min(ours.year, theirs.year) < 100  # noqa: PLR2004 - a year of two digits
    return (ours.year - theirs.year) % 100 == 0 if short else ours.year == theirs.year


def _split(text: str) -> tuple[str, tuple[int, int]]:
    """The day, and hour and minute; a day alone begins at midnight."""
    if (found := _TIME.search(text)) is None:
        return text, (0, 0)
    hour = int(found[1])
    if found[3]:
        hour = hour % 12 + (12 if found[3].lower() == "pm" else 0)
    return text[: found.start()], (hour, int(found[2]))


def _days(text: str, *, is_back: bool) -> Iterator[_Day]:
    if _SERIAL.fullmatch(text):
        day = _EPOCH + timedelta(days=int(text))
        yield _Day(day.year, day.month, day.day, None)
    elif _DATE.fullmatch(text):
        parts = re.findall(r"\d+|[^\W\d_]+", text)
        words = [part for part in parts if not part.isdecimal()]
        numbers = [part for part in parts if part.isdecimal()]
        if not words:
            yield from _numeric(numbers, re.sub(r"\d+", "", text), is_back=is_back)
        elif len(words) == 1 and (month := _NAMED.get(words[0].casefold()[:3])):
            yield from _with_month(month, numbers)


def _numeric(numbers: Sequence[str], marks: str, *, is_back: bool) -> Iterator[_Day]:
    if len(numbers) == 2 and not is_back:  # noqa: PLR2004 - what came back as a day has a year, or names its month
        first, second = map(int, numbers)
        yield _Day(None, first, second, None)
        yield _Day(None, second, first, None)
    elif len(numbers) == 3:  # noqa: PLR2004 - year, month and day
        first, second, third = map(int, numbers)
        if len(numbers[0]) == _YEAR_DIGITS:
            yield _Day(first, second, third, None)
        else:
            yield _Day(third, first, second, (marks, "month first"))
            yield _Day(third, second, first, (marks, "day first"))


def _with_month(month: int, numbers: Sequence[str]) -> Iterator[_Day]:
    if len(numbers) == 1:
        yield _Day(None, month, int(numbers[0]), None)
        yield _Day(int(numbers[0]), month, 1, None)
    elif len(numbers) == 2:  # noqa: PLR2004 - day and year, in either order
        first, second = map(int, numbers)
        yield _Day(second, month, first, None)
        yield _Day(first, month, second, None)


_WEARS: tuple[Callable[[str, str], bool], ...] = (_same_boolean, _same_number, _same_day, _same_letters, _too_narrow)
