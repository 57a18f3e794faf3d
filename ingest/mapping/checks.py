"""Checks on a value that its type accepted: length, pattern, list, range."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from gateway.domain.people.fields import Room
from gateway.values.base import BadValue, Parser, alternatives
from gateway.values.spoiled import is_spoiled, plain_of, whole_of
from ingest.feed import FieldSpec
from ingest.mapping.errors import SpecError
from ingest.mapping.types import DATES
from ingest.patterns import matcher

Check = Callable[[object], None]
"""Raises `BadValue`."""

_MOST_ZEROS = 20  # more than any number of a person or a paper has
_RELATIVE = re.compile(r"today(?:\s*(?P<sign>[-+])\s*(?P<count>[0-9]{1,5})\s*(?P<unit>[dmy]))?")


def compile_checks(
    spec: FieldSpec, parse: Parser, *, today: date, max_length: int | None = None, room: Room | None = None
) -> list[Check]:
    """The checks of a field, in the order in which they are told.

    Args:
        spec: the field.
        parse: its own type, to see that `one_of` lists what the type stores.
        today: what `today` in `min` and `max` means.
        max_length: characters that the record can hold.
        room: numbers that the record can hold.

    Raises:
        SpecError: an option that makes no sense.
    """
    return [
        *_capacity(max_length),
        *_room(room),
        *_form(spec),
        *_one_of(spec.one_of, parse),
        *_range(spec, today),
    ]


def compile_suspicion(spec: FieldSpec, clean: Callable[[str], str]) -> Callable[[str], None]:
    """The check that an identifier does not look like what a spreadsheet leaves of one; it raises `lost_digits`.

    Cleaners that make the same of `101.0` as of `101` repair it. A `pattern` that takes the value, but not the digits
    that it would stand for, agrees on that very form.

    Args:
        spec: the field.
        clean: what its cleaners do.
    """
    patterns = list(_pattern(spec.pattern))

    def is_agreed(text: str) -> bool:
        plain = plain_of(text)
        return bool(patterns) and plain is not None and _fits(text, patterns) and not _fits(plain, patterns)

    def check(bare: str) -> None:
        text, whole = clean(bare), whole_of(bare)
        is_repaired = whole is not None and text == clean(whole)
        if (is_spoiled(bare) or is_spoiled(text)) and not is_repaired and not is_agreed(text):
            raise BadValue("lost_digits")

    return check


def canonical(value: object) -> str:
    """A stored value as the text that patterns and lengths are about; dates in ISO 8601."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _capacity(most: int | None) -> Iterator[Check]:
    if most is not None:

        def check(value: object) -> None:
            if isinstance(value, str) and len(value) > most:
                raise BadValue("too_long", expected=f"{len(value):,} characters, at most {most:,} can be kept")

        yield check


def _room(room: Room | None) -> Iterator[Check]:
    if room is not None:
        places = "whole numbers" if room.decimals == 0 else f"at most {room.decimals} decimals"
        agreed = f"{room.least:,} to {room.most:,}, {places}"

        def check(value: object) -> None:
            number = Decimal(str(value))
            if not room.least <= number <= room.most or round(number, room.decimals) != number:
                raise BadValue("out_of_range", expected=agreed)

        yield check


def _form(spec: FieldSpec) -> Iterator[Check]:
    """Length and pattern; what fits neither may be what a spreadsheet left of a text of digits."""
    forms = [*_length(spec.length), *_pattern(spec.pattern)]

    def check(value: object) -> None:
        try:
            for form in forms:
                form(value)
        except BadValue as problem:
            if problem.code != "too_long" and _lost_zeros(value, forms):
                raise BadValue("lost_zeros") from None
            raise

    if forms:
        yield check


def _lost_zeros(value: object, forms: list[Check]) -> bool:
    """Whether digits would be as agreed if there were zeros in front; of a number nothing is lost with them."""
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()):
        return False
    return any(_fits("0" * zeros + value, forms) for zeros in range(1, _MOST_ZEROS + 1))


def _fits(text: str, forms: list[Check]) -> bool:
    try:
        for form in forms:
            form(text)
    except BadValue:
        return False
    return True


def _length(bounds: list[int] | None) -> Iterator[Check]:
    if bounds is None:
        return
    if len(bounds) != 2 or bounds[0] > bounds[1]:  # noqa: PLR2004 - a pair
        raise SpecError("length", "`length` is a pair, [least, most].")
    least, most = bounds
    agreed = f"{least:,} are agreed" if least == most else f"{least:,} to {most:,} are agreed"

    def check(value: object) -> None:
        count = len(canonical(value))
        if not least <= count <= most:
            raise BadValue("too_long" if count > most else "too_short", expected=f"{count:,} characters, {agreed}")

    yield check


def _pattern(pattern: str | None) -> Iterator[Check]:
    if pattern is None:
        return
    try:
        fits = matcher(pattern)
    except ValueError as error:
        raise SpecError("pattern", str(error)) from None
    shown = pattern.removeprefix("^").removesuffix("$")

    def check(value: object) -> None:
        if not fits(value if value.__class__ is str else canonical(value)):
            raise BadValue("pattern_mismatch", expected=shown)

    yield check


def _one_of(words: list[str] | None, parse: Parser) -> Iterator[Check]:
    if words is None:
        return
    for word in words:
        if (stored := _stored(word, parse)) != word:
            raise SpecError("one_of", f"`{word}` is never stored by this type; `one_of` lists stored values.", stored)
    allowed, expected = frozenset(words), alternatives(words)

    def check(value: object) -> None:
        if value not in allowed:
            raise BadValue("not_in_list", expected=expected)

    yield check


def _stored(word: str, parse: Parser) -> str | None:
    try:
        return canonical(parse(word))
    except BadValue:
        return None


# ---------------------------------------------------------------- range
def _range(spec: FieldSpec, today: date) -> Iterator[Check]:
    bound = _date_bound if spec.type in DATES else _number_bound
    least = None if spec.min is None else bound("min", spec.min, today)
    most = None if spec.max is None else bound("max", spec.max, today)
    expected = _describe(least, most)

    def check(value: object) -> None:
        size: Any = value.date() if isinstance(value, datetime) else value
        if (least is not None and size < least) or (most is not None and size > most):
            raise BadValue("out_of_range", expected=expected)

    if expected:
        yield check


def _describe(least: date | Decimal | None, most: date | Decimal | None) -> str:
    low, high = (
        "" if bound is None else bound.isoformat() if isinstance(bound, date) else f"{bound:,f}"
        for bound in (least, most)
    )
    if low and high:
        return f"from {low} to {high}"
    return (low and f"at least {low}") or (high and f"at most {high}")


def _number_bound(option: str, written: object, _today: date) -> Decimal:
    try:
        number = Decimal(str(written))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise SpecError(option, f"`{written}` is not a number.")
    return number


def _date_bound(option: str, written: object, today: date) -> date:
    text = str(written)
    if match := _RELATIVE.fullmatch(text):
        try:
            return _moved(today, match)
        except (ValueError, OverflowError):
            raise SpecError(option, f"`{text}` leads out of the calendar.") from None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SpecError(
            option, f"`{text}` is not a date: write 2026-05-31, `today`, `today+10y` or `today-18y` (d, m or y)."
        ) from None


def _moved(today: date, match: re.Match[str]) -> date:
    """Months and years end on the last day of a shorter month: 29 February less a year is the 28th."""
    count = int(f"{match['sign'] or ''}{match['count'] or 0}")
    if match["unit"] in (None, "d"):
        return today + timedelta(days=count)
    month = today.year * 12 + today.month - 1 + count * (12 if match["unit"] == "y" else 1)
    year, month = divmod(month, 12)
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))
