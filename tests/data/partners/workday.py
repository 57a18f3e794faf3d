"""globex-workday: a worker snapshot as Workday's reports write it."""

from __future__ import annotations

import csv
import io
from datetime import date

from people import Person, person

PARTNER = "globex-workday"
COLUMNS = [
    "Employee ID", "Worker", "Legal First Name", "Legal Last Name", "Date of Birth", "Citizenship Status",
    "Email - Primary Work", "Hire Date", "Termination Date", "Worker Status", "Business Title", "Work Location State",
    "Total Base Pay - Amount", "Currency", "Languages", "Visa or ID Type", "Identification #", "Issued Date",
    "Expiration Date",
]  # fmt: skip
PEOPLE = 70
LEFT, REHIRED, RENEWED = 12, 12, 20  # worker 12 left in April, and is back on 2 May under another number
ON_LEAVE = {31, 32, 33}  # not in the second snapshot, and yet employed

Row = dict[str, str]


def files() -> dict[str, bytes]:
    return {
        "Globex_Worker_Snapshot_2026-05-01.csv": _written([row for n in range(1, PEOPLE + 1) for row in _rows(n)]),
        "Globex_Worker_Snapshot_2026-05-02.csv": _written(
            [row | _second_day(n, row) for n in range(1, PEOPLE + 1) if n not in ON_LEAVE for row in _rows(n)]
        ),
    }


def _second_day(number: int, row: Row) -> Row:
    if number == REHIRED:
        return {
            "Employee ID": "G20417", "Hire Date": _day(date(2026, 5, 2)), "Termination Date": "", "Worker Status": "Active",
        }  # fmt: skip
    if number == RENEWED and row["Visa or ID Type"] == "Passport":
        return {
            "Identification #": "P9000020",
            "Issued Date": "2026-04-20-07:00",
            "Expiration Date": "2036-04-19-07:00",
        }
    return {}


def _rows(number: int) -> list[Row]:
    """One row a document; whoever has none has one row without."""
    one = person(number, PARTNER)
    worker = _worker(one)
    return [worker | document for document in _documents(one) or [{}]]


def _worker(one: Person) -> Row:
    second = "; Canada" if one.number % 5 == 0 else ""
    left = one.number == LEFT
    return dict.fromkeys(COLUMNS, "") | {
        "Employee ID": f"G{10_000 + one.number}",
        "Worker": f"{one.given} {one.family}",
        "Legal First Name": one.given,
        "Legal Last Name": one.family,
        "Date of Birth": _day(one.born),
        "Citizenship Status": f"{one.country}{second}",
        "Email - Primary Work": f"worker{one.number}@globex.example",
        "Hire Date": _day(one.hired),
        "Termination Date": "2026-04-17-07:00" if left else "",
        "Worker Status": "Terminated" if left else "On Leave" if one.number % 17 == 0 else "Active",
        "Business Title": one.title,
        "Work Location State": one.state,
        "Total Base Pay - Amount": str(one.salary),
        "Currency": "USD",
        "Languages": one.draw.choice(["English", "English; Hindi", "English; Spanish; Portuguese", ""]),
    }


def _documents(one: Person) -> list[Row]:
    passport = {
        "Visa or ID Type": "Passport",
        "Identification #": one.passport,
        "Issued Date": "2018-03-05-08:00",
        "Expiration Date": _day(one.passport_ends),
    }
    visa = {"Visa or ID Type": "H-1B Approval Notice", "Identification #": f"IOE09{one.number:08}"}
    visa |= {"Issued Date": "2024-10-01-07:00", "Expiration Date": _day(one.visa_ends)}
    card = {"Visa or ID Type": "Permanent Resident Card", "Identification #": f"SRC2190{one.number:06}"}
    card |= {"Issued Date": "2021-06-01-07:00", "Expiration Date": "12/31/9999"}
    if one.number % 10 == 0:
        return [passport, card]
    return [[passport, visa], [passport], []][one.number % 3]


def _day(day: date) -> str:
    """An XML Schema date with the zone of the tenant: daylight saving time shows in the middle of the year."""
    return f"{day}-{'07' if 4 <= day.month <= 10 else '08'}:00"


def _written(rows: list[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")
