"""Tables as spreadsheets and data frames write them, with the accidents that happen on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from helpers.spreadsheets import DAY, workbook

HEADER = ["EMP_ID", "Name", "DOB", "Salary"]
SPREADSHEET_DIGITS = 15


@dataclass(frozen=True)
class Truth:
    """What the sender's system knows of one person."""

    number: str
    name: str
    born: dt.date
    salary: Decimal

    @property
    def written(self) -> str:
        """The date as the system exports it."""
        return f"{self.born:%d/%m/%Y}"


Cell = str | float | tuple[object, str]


def general(number: str) -> str:
    """An identifier that was typed into a cell without a format, as Excel writes it into a CSV."""
    try:
        value = float(number) if "E" in number else int(number)
    except ValueError:
        return number
    if isinstance(value, float):
        return f"{value:.2E}"
    if value < 10**11:
        return str(value)
    mantissa, _, exponent = f"{value:.5E}".partition("E")
    return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"


def framed(number: str) -> str:
    """An identifier in a column of a data frame that has blanks."""
    try:
        return repr(float(number))
    except ValueError:
        return number


def whole(number: str) -> str:
    """An identifier in a column of a data frame without blanks."""
    return str(int(number)) if number.isdecimal() else number


def held(number: str) -> float | str:
    """An identifier as a cell of a spreadsheet holds it."""
    try:
        return float(f"{float(number):.{SPREADSHEET_DIGITS - 1}E}")
    except ValueError:
        return number


def typed(number: str) -> Cell:
    """An identifier that was typed, or opened from a CSV: what looks like a number with an exponent is shown as one."""
    value = held(number)
    return (value, "0.00E+00") if isinstance(value, float) and "E" in number else value


def formed(number: str) -> Cell:
    """The same under a format with as many noughts as it has digits."""
    return (held(number), "0" * len(number)) if number.isdecimal() else typed(number)


def opened(one: Truth, order: str = "%m/%d/%Y") -> Cell:
    """A date in text, opened where dates are read another way."""
    try:
        return dt.datetime.strptime(one.written, order).date(), DAY  # noqa: DTZ007 - a day
    except ValueError:
        return one.written


def shortened(amount: Decimal) -> str:
    """An amount in six digits; one that shows no trace of it is left alone, for nobody can tell."""
    text = f"{float(amount):g}"
    return text if "e" in text or Decimal(text) == amount else str(amount)


NUMBERS: list[Callable[[str], str]] = [str, general, framed, whole]
NUMBER_CELLS: list[Callable[[str], Cell]] = [str, typed, formed]
DATES: list[Callable[[Truth], str]] = [
    lambda one: one.written,
    lambda one: one.born.isoformat(),
    lambda one: f"{one.born:%d/%m/%y}",
    lambda one: f"{one.born.day}/{one.born.month}/{one.born.year}",
    lambda _: "########",
]
DATE_CELLS: list[Callable[[Truth], Cell]] = [lambda one: one.written, lambda one: (one.born, DAY), opened]
AMOUNTS: list[Callable[[Decimal], str]] = [
    str,
    lambda amount: repr(float(amount)),
    lambda amount: f"{float(amount):.16e}",
    lambda amount: f"{float(amount):.2E}",
    shortened,
    lambda amount: f"${amount:,.2f}".replace(".00", "."),
]


def csv_of(
    truths: list[Truth],
    number: Callable[[str], str],
    date: Callable[[Truth], str],
    amount: Callable[[Decimal], str],
    encoding: str,
) -> bytes:
    """A CSV whose columns met these accidents."""
    rows = [[number(one.number), one.name, date(one), f'"{amount(one.salary)}"'] for one in truths]
    return "\n".join(",".join(row) for row in [HEADER, *rows]).encode(encoding)


def workbook_of(truths: list[Truth], number: Callable[[str], Cell], date: Callable[[Truth], Cell]) -> bytes:
    """A workbook whose columns met these."""
    rows = [[number(one.number), one.name, date(one), float(one.salary)] for one in truths]
    return workbook({"One": [HEADER, *rows]})
