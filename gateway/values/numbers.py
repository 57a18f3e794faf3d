"""Numbers and amounts of money as partners write them.

A number has an optional sign (before it, after it as SAP writes, or parentheses for negative), digits whose thousands
are grouped throughout or not at all, and decimals after the mark that was agreed; no NaN. Programs also write real
numbers with an exponent (`1.7000000000000000e+04`), which is read for exactly what it says, unless it looks rounded.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal, TypeVar

from gateway.values.base import BadValue, Parser

Mark = Literal[".", ","]  # before decimals; the other one groups thousands
N = TypeVar("N", int, Decimal)

_WHOLE_DIGITS = 12  # what numeric(14, 2) holds before the mark
_MOST_DECIMALS = 6
_INTEGER_LIMIT = 2**31 - 1  # what a PostgreSQL integer holds
_CENT = Decimal("0.01")
_LAST_PLAIN_POWER = 5  # C's `%g` writes 1,000,001 as 1e+06, but never 100,001 as 1e+05
_EXACT_DIGITS = 15  # of a mantissa: a program that writes so many left nothing out
_MARK_NAMES: dict[Mark, str] = {".": "point", ",": "comma"}

_GAP = "[ \u00a0\u202f]?"
_SIGN = "[-+−]"
_CURRENCY_SIGNS = "$€£¥₹₩₪₱₫₺₽฿"
_CURRENCY = f"[A-Z]{{0,2}}[{_CURRENCY_SIGNS}]|[A-Z]{{3}}"
# every gap is one character at most, so that no text makes the search slow
_REAL = re.compile(r"-?[0-9]+\.[0-9]+(?:E[-+][0-9]+)?")  # as a workbook's reader writes a number that is not whole
_NO_DIGIT = re.compile("[^0-9]+")
_UNMARKED = re.compile("([^0-9.,]*)([0-9]+)([^0-9.,]*)")
_PADDED_POWER = re.compile("[-+][0-9]{2,}")
_EITHER = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
_SHAPE = re.compile(
    rf"(?P<open>\()?{_GAP}(?P<first>{_SIGN})?{_GAP}(?P<front>{_CURRENCY})?{_GAP}(?P<second>{_SIGN})?{_GAP}"
    rf"(?P<digits>[0-9.,'’ \u00a0\u202f]*[0-9][.,]?){_GAP}(?P<back>{_CURRENCY})?{_GAP}"
    rf"(?P<last>[-−])?{_GAP}(?P<close>\))?"
)


def money(mark: Mark = ".", implied: int = 0) -> Callable[[str], Decimal]:
    """An amount as a Decimal with two decimals; currency signs and ISO 4217 codes are dropped.

    More than two decimals are refused unless they are zeros: rounding would change what the partner said.

    Args:
        mark: stands before decimals.
        implied: so many of the digits are decimals, and no mark says so, as in COBOL's `9(5)V99`.
    """
    amount = _number(mark, decimals=2, finish=lambda amount: amount.quantize(_CENT), priced=True)
    return _unmarked(amount, mark, implied) if implied else amount


def decimal(mark: Mark = ".", implied: int = 0) -> Callable[[str], Decimal]:
    """A number as a Decimal, up to six decimals; `implied` as of `money`."""
    number = _number(mark, decimals=_MOST_DECIMALS, finish=lambda number: number)
    return _unmarked(number, mark, implied) if implied else number


def integer(mark: Mark = ".") -> Callable[[str], int]:
    """A whole number as an int; `12.0` and `1.2e1` count, because programs write them."""
    return _number(mark, decimals=0, finish=_whole)


def real_number(as_text: Parser, with_point: Parser) -> Parser:
    """A parser of text with a decimal comma that also takes real numbers, which come with a point.

    `1.125` may be the number one and an eighth, or text for a thousand and more: it is refused, never guessed.
    """
    expected = "decimals after a comma as text, or as a real number with other than three of them"

    def parse(text: str) -> object:
        if _EITHER.fullmatch(text):
            raise BadValue("bad_number", expected=expected)
        return (with_point if _REAL.fullmatch(text) else as_text)(text)

    return parse


def _unmarked(parse: Callable[[str], Decimal], mark: Mark, implied: int) -> Callable[[str], Decimal]:
    """Of digits, with a sign and a currency at most; with a mark in some, the others would be a hundred times off."""
    expected = f"no mark before the last {implied}, which are decimals"

    def read(text: str) -> Decimal:
        if not (found := _UNMARKED.fullmatch(text)):
            raise BadValue("bad_number", expected=expected)
        before, digits, behind = found.groups()
        digits = digits.zfill(implied + 1)
        return parse(f"{before}{digits[:-implied]}{mark}{digits[-implied:]}{behind}")

    return read


def _whole(number: Decimal) -> int:
    if abs(number) > _INTEGER_LIMIT:
        raise BadValue("out_of_range", expected=f"at most {_INTEGER_LIMIT:,}")
    return int(number)


def _number(mark: Mark, *, decimals: int, finish: Callable[[Decimal], N], priced: bool = False) -> Callable[[str], N]:
    pattern, exponent = _digits_pattern(mark), _exponent_pattern(mark)
    expected = f"at most {decimals} decimals after a {_MARK_NAMES[mark]}" if decimals else "no decimals"
    signs = tuple(_CURRENCY_SIGNS) if priced else ()

    def parse(text: str) -> N:
        negative, match = False, pattern.fullmatch(text, 1 if text.startswith(signs) else 0)
        if match is None:
            found = exponent.fullmatch(text)
            negative, digits = _written_out(found, mark, decimals) if found else _take_apart(text, priced)
            match = pattern.fullmatch(digits)
        fraction = (match["fraction"] or "").rstrip("0") if match else ""
        if match is None or len(fraction) > decimals:
            raise BadValue("bad_number", expected=expected)
        whole = _NO_DIGIT.sub("", match["whole"]).lstrip("0")
        if len(whole) > _WHOLE_DIGITS:
            raise BadValue("out_of_range", expected=f"at most {_WHOLE_DIGITS} digits before the decimals")
        number = Decimal(f"{whole or 0}.{fraction or 0}")
        return finish(-number if negative and number else number)

    return parse


def _written_out(found: re.Match[str], mark: Mark, decimals: int) -> tuple[bool, str]:
    """Whether a number with an exponent is negative, and all its digits.

    Spreadsheets (`E+04`) and formats for people round what they write so; other programs write all digits, or write so
    only where it is shorter.

    Raises:
        BadValue: `lost_digits`, it looks rounded above the decimals that are kept.
    """
    fraction, power = found["fraction"] or "", int(found["power"])
    number = Decimal(f"{found['whole']}.{fraction or 0}E{power}")  # exact, however many digits
    plain = f"{number:f}"
    is_rough = found["letter"] == "E" or len(plain) <= len(found[0]) or power > _LAST_PLAIN_POWER
    is_short = len(found["whole"] + fraction) < _EXACT_DIGITS and len(fraction) < power + decimals
    if _PADDED_POWER.fullmatch(found["power"]) and is_rough and is_short:
        raise BadValue("lost_digits")
    return found["sign"] in {"-", "−"}, plain.replace(".", mark)


def _take_apart(text: str, priced: bool) -> tuple[bool, str]:
    """Whether the number is negative, and its digits with their marks; none where the parts do not fit together."""
    match = _SHAPE.fullmatch(text.upper())
    if match is None or bool(match["open"]) != bool(match["close"]):
        return False, ""
    signs = [sign for sign in match.group("open", "first", "second", "last") if sign]
    currencies = [currency for currency in match.group("front", "back") if currency]
    if len(signs) > 1 or (currencies and not priced) or not all(map(_is_currency, currencies)):
        return False, ""
    return signs not in ([], ["+"]), match["digits"]


def _is_currency(mark: str) -> bool:
    return not mark.isalpha() or mark in _currency_codes()


@functools.cache
def _currency_codes() -> frozenset[str]:
    import pycountry  # noqa: PLC0415 - loads its tables on import, and many have no use for them

    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


@functools.cache
def _digits_pattern(mark: Mark) -> re.Pattern[str]:
    """Plain digits, or groups of three with the same mark throughout: `1,2345` and `1,234 567` are neither."""
    groups = (r"\." if mark == "," else ",") + " '’\u00a0\u202f"
    grouped = rf"[0-9]{{1,3}}(?P<group>[{groups}])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*"
    point = re.escape(mark)
    return re.compile(rf"(?P<whole>{grouped}|[0-9]+|(?={point}[0-9]))(?:{point}(?P<fraction>[0-9]*))?")


@functools.cache
def _exponent_pattern(mark: Mark) -> re.Pattern[str]:
    fraction = rf"(?:{re.escape(mark)}(?P<fraction>[0-9]*))?"
    return re.compile(
        rf"(?P<sign>{_SIGN})?(?P<whole>[0-9]+){fraction}(?P<letter>[Ee])(?P<power>[-+]?[0-9]{{1,3}})", re.ASCII
    )
