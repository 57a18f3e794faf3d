"""initech-adp: an employee list as it comes out of ADP, and out of a spreadsheet that somebody saved it from."""

from __future__ import annotations

import csv
import io
from datetime import date

from people import person

PARTNER = "initech-adp"
HEADER = [
    "Co Code", "File #", "Name", "Tax ID (SSN)", "Birth Date", "Hire Date", "Status", "Job Code", "Name",
    "Worked In State", "Annual Salary", "Visa Type", "Visa Expires",
]  # fmt: skip
PEOPLE = 60
JOBS = {"WELD": "Welder", "PENG": "Process Engineer", "QANA": "Quality Analyst"}
SALARY_IN_WORDS = 44  # a bad row: nobody can pay "see contract"
UNMASKED = {7, 8}  # whose number the first file shows in full


def files() -> dict[str, bytes]:
    first = [_row(number, saved_from_spreadsheet=True) for number in range(1, PEOPLE + 1)]
    second = [_row(number, saved_from_spreadsheet=False) for number in range(1, PEOPLE + 4)]
    second[2][10] = "$131,500.00"
    return {"INITECH_EE_20260501.csv": _written(first), "INITECH_EE_20260515.csv": _written(second)}


def _row(number: int, *, saved_from_spreadsheet: bool) -> list[str]:
    one = person(number, PARTNER)
    file_number = 1_000 + number * 37
    job = list(JOBS)[number % len(JOBS)]
    salary = f"${one.salary:,}.00"
    return [
        "K__" if number % 4 == 0 else "7F_",
        str(file_number) if saved_from_spreadsheet else f"{file_number:06}",
        f"{one.family}, {one.given} {one.middle}".upper().strip(),
        f"219-09-{4_000 + number}" if saved_from_spreadsheet and number in UNMASKED else f"XXX-XX-{4_000 + number}",
        _short(one.born),
        _short(one.hired),
        "Active" if number % 13 else "Leave",
        job,
        JOBS[job],
        one.state,
        "see contract" if number == SALARY_IN_WORDS else salary,
        ["H1B", "", "", "TN"][number % 4],
        _short(one.visa_ends) if number % 4 in {0, 3} else "",
    ]


def _short(day: date) -> str:
    return f"{day.month}/{day.day}/{day:%y}"


def _written(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    salaries = [row[10] for row in rows if row[10].startswith("$")]
    total = sum(int(text.strip("$").replace(",", "").split(".")[0]) for text in salaries)
    totals = ["Totals", f"{len(rows)} employees", *[""] * 8, f"${total:,}.00", "", ""]
    writer.writerows([HEADER, *rows, totals])
    return out.getvalue().encode()
