"""Five hundred made-up people, as text and as the cells that a spreadsheet makes of them."""

from __future__ import annotations

import datetime as dt
from random import Random

# column -> its width in places, umlauts counted as one
WIDTHS = {
    "EMP_ID": 6, "Family": 18, "Given": 12, "DOB": 10, "Hired": 10, "Citizenship": 14, "City": 14, "Salary": 10,
    "Years": 4, "Papers": 3, "SSN": 11, "Visa": 5, "Premium": 5, "Passport": 9, "Expiry": 10, "Stay until": 10,
}  # fmt: skip
COLUMNS = list(WIDTHS)
DATES = {"DOB", "Hired", "Expiry", "Stay until"}
NUMBERS = {"Salary", "Years", "Papers"}
FAMILY = [
    "Müller",
    "Ångström",
    "O'Neil",
    "Nuñez, Jr.",
    "李",
    "Łukasiewicz",
    "de la Cruz",
    "Groß",
    "Sørensen",
    'Ann "A"',
]
GIVEN = ["Zoë", "José", "Anne-Marie", "Işıl", "Bjørn", "Chloé", "Raj", "Ünal"]
PLACES = ["Zürich", "Saint-Denis", "San José", "Chicago", "Köln"]


def people(count: int = 500) -> list[dict[str, str]]:
    """Rows of text: identifiers with leading zeros, cents, umlauts, quotes, commas, and many blank cells."""
    return [_person(number) for number in range(1, count + 1)]


def cell(column: str, text: str) -> object:
    """What a spreadsheet holds for a text: days and numbers are no text, a blank cell is none."""
    if not text:
        return None
    if column in DATES and text != "D/S":
        return dt.datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a day has no zone
    if column in NUMBERS:
        return float(text)
    return text == "TRUE" if column == "Premium" else text


def _person(number: int) -> dict[str, str]:
    draw = Random(number)
    row = dict.fromkeys(COLUMNS, "") | {
        "EMP_ID": f"{number * 7:06}",
        "Family": draw.choice(FAMILY),
        "Given": draw.choice(["", *GIVEN]),
        "DOB": _day(draw, 1950, 2005),
        "Hired": draw.choice(["", _day(draw, 2006, 2025)]),
        "Citizenship": draw.choice(["", "India", "Germany", "Brazil", "South Korea"]),
        "City": draw.choice(["", *PLACES]),
        "Salary": draw.choice(["", f"{draw.randrange(40_000, 250_000)}.{draw.choice(['05', '5', '99', '10'])}", "0"]),
        "Years": draw.choice(["", "0", "0.5", "12", "7.5"]),
        "Papers": draw.choice(["", "0", "3", "120"]),
        "SSN": draw.choice(
            ["", f"{draw.randrange(1, 666):03}-{draw.randrange(1, 99):02}-{draw.randrange(1, 9999):04}"]
        ),
    }
    if number % 2:
        row |= {"Visa": draw.choice(["H-1B", "TN", "L-1A"]), "Premium": draw.choice(["TRUE", "FALSE", ""])}
    if number % 3:
        row |= {"Passport": f"{draw.randrange(1, 10**8):09}", "Expiry": _day(draw, 2027, 2035)}
    if number % 5 == 0:
        row["Stay until"] = draw.choice(["D/S", _day(draw, 2027, 2030)])
    return row


def _day(draw: Random, first: int, last: int) -> str:
    return f"{draw.randrange(1, 13):02}/{draw.randrange(1, 29):02}/{draw.randrange(first, last)}"
