"""Fabricated rosters of any size, the same bytes for the same arguments, and the feed that reads them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

FIRM = "bench"

_COUNTRIES = (
    "India",
    "China",
    "Canada",
    "Mexico",
    "Brazil",
    "Philippines",
    "Nigeria",
    "France",
    "Japan",
    "Korea, South",
)
_GIVEN = ("Ana", "Wei", "Priya", "Joao", "Chidi", "Marie", "Kenji", "Lucia", "Tomás", "Zoë", "Omar", "Ingrid")
_FAMILY = ("Silva", "Zhang", "Patel", "Nguyen", "Okafor", "O'Brien", "Tanaka", "García", "Müller", "Kim", "Haddad")
_TITLES = ("Software Engineer", "Data Analyst", "Research Scientist", "Accountant", "Project Manager", "Architect")
_CITIES = (
    ("Chicago", "IL"),
    ("Austin", "TX"),
    ("San Jose", "CA"),
    ("Boston", "MA"),
    ("Seattle", "WA"),
    ("Newark", "NJ"),
)
_VISAS = ("H-1B", "L-1A", "L-1B", "TN", "O-1A", "E-3")

COLUMNS = (
    "EMP_ID", "First Name", "Last Name", "Email", "DOB", "Citizenship", "Job Title", "Work City", "Work State",
    "Hire Date", "Annual Salary", "Manager Email", "Visa Type", "Passport No", "Passport Expiry", "I-94 No", "I-94 End",
    "Visa Foil No", "Visa Foil Expiry", "Notes",
)  # fmt: skip
_UNUSED = 12  # columns of a padded file that nothing reads
_UNUSED_CELL = "Lorem ipsum, dolor sit amet: consectetur adipiscing elit " * 2 + "sed do eiusmod"
_NOTES = "Reviewed with counsel; see the file. " * 8

_PARTNER_YAML = f"""\
partner: PARTNER
firm: {FIRM}
name: A roster of fabricated people
time_zone: America/Chicago

feeds:
  roster:
    file: "roster*.csv"
    format: {{type: csv}}
    contents: full
    absent: close
    guards: {{reject_percent: 100}}
    none_values: ["", "N/A"]
    client:
      key: employee_id
      fields:
        employee_id: {{from: EMP_ID, required: true, pattern: "^E[0-9]{{7}}$"}}
        given_name: {{from: First Name, clean: [strip, collapse]}}
        family_name: {{from: Last Name, required: true, clean: [strip, collapse]}}
        email: {{from: Email, type: email}}
        date_of_birth: {{from: DOB, type: date, formats: ["%m/%d/%Y"], required: true, max: today}}
        citizenship: {{from: Citizenship, type: country}}
        job_title: {{from: Job Title}}
        work_city: {{from: Work City}}
        work_state: {{from: Work State, type: us_state}}
        hire_date: {{from: Hire Date, type: date, formats: ["%m/%d/%Y"]}}
        annual_salary: {{from: Annual Salary, type: money, min: 0, if_bad: drop}}
        manager_email: {{from: Manager Email, type: email}}
        notes: {{from: Notes}}
    case:
      key: case_number
      when: {{column: Visa Type, not_blank: true}}
      fields:
        case_number: {{join: [EMP_ID, Visa Type], with: "-"}}
        case_type:
          from: Visa Type
          type: code
          map: {{H-1B: H1B_EXT, L-1A: L1A, L-1B: L1B, TN: TN, O-1A: O1A, E-3: E3}}
    documents:
      - type: passport
        when: {{column: Passport No, not_blank: true}}
        fields:
          number: {{from: Passport No, pattern: "^[A-Z][0-9]{{8}}$"}}
          expires_on: {{from: Passport Expiry, type: date, formats: ["%m/%d/%Y"]}}
      - type: i94
        when: {{column: I-94 No, not_blank: true}}
        fields:
          number: {{from: I-94 No, type: i94_number}}
          expires_on:
            {{from: I-94 End, type: date, formats: ["%m/%d/%Y"], tokens: {{D/S: duration_of_status}}}}
      - type: visa_foil
        when: {{column: Visa Foil No, not_blank: true}}
        fields:
          number: {{from: Visa Foil No, pattern: "^[0-9]{{8}}$"}}
          expires_on: {{from: Visa Foil Expiry, type: date, formats: ["%m/%d/%Y"]}}
"""


WORKBOOKS = "workbooks"  # the partner that sends them


def partner_yaml(slug: str) -> str:
    """The settings of a partner that sends rosters; of one, as workbooks."""
    text = _PARTNER_YAML.replace("PARTNER", slug, 1)
    return text.replace(".csv", ".xlsx").replace("{type: csv}", "{type: excel}") if slug == WORKBOOKS else text


@dataclass(frozen=True)
class Roster:
    """One file. Of each 1,000 rows, 38 name a person again, with the visa foil instead of the passport; one is bad.

    A bad row has a birth date that is none.

    Attributes:
        padded: long notes that are kept and columns that nothing reads make it ten times as many bytes.
        bad: every row is bad.
    """

    rows: int = 50_000
    padded: bool = False
    bad: bool = False

    def write(self, path: Path) -> None:
        """Write it as a partner would send it."""
        unused = [_UNUSED_CELL] * _UNUSED if self.padded else []
        notes = _NOTES if self.padded else ""
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow([*COLUMNS, *(f"Unused {place}" for place, _ in enumerate(unused))])
            for row in self._rows():
                writer.writerow([*row, notes, *unused])

    def write_workbook(self, path: Path) -> None:
        """The same as a workbook, with dates and amounts as what they are."""
        from openpyxl import Workbook  # noqa: PLC0415 - takes memory that who imports has no use for

        book = Workbook(write_only=True)
        sheet = book.create_sheet("Roster")
        sheet.append(COLUMNS)
        for row in self._rows():
            sheet.append([_typed(cell) for cell in row])
        book.save(path)

    def _rows(self) -> Iterator[list[str]]:
        random = Random(2026)
        before: list[str] = []
        for index, number in enumerate(random.sample(range(10_000_000), self.rows)):
            if index % 1_000 in _REPEATS:
                yield [
                    *before[:_PASSPORT],
                    "",
                    "",
                    *before[_PASSPORT + 2 : _FOIL],
                    _digits(random, 8),
                    _day(random, 2027, 2032),
                ]
                continue
            person = _person(random, number)
            if self.bad or index % 1_000 == _BAD:
                person[_BIRTH] = "31/02/1990"
            if index % 1_000 + 1 in _REPEATS:
                before = person
                person = [*person[:_FOIL], "", ""]
            yield person


def _typed(cell: str) -> object:
    if cell[2:6:3] == "//":
        try:
            return datetime.strptime(cell, "%m/%d/%Y").date()  # noqa: DTZ007 - a day
        except ValueError:  # the bad one
            return cell
    return float(cell[1:].replace(",", "")) if cell.startswith("$") else cell


_REPEATS = range(501, 577, 2)  # the place in each thousand; the row before it is the same person
_BAD = 250
_BIRTH = COLUMNS.index("DOB")
_PASSPORT = COLUMNS.index("Passport No")
_FOIL = COLUMNS.index("Visa Foil No")


def _person(random: Random, number: int) -> list[str]:
    given, family = random.choice(_GIVEN), random.choice(_FAMILY)
    city, state = random.choice(_CITIES)
    return [
        f"E{number:07}", given, family, f"p{number}@acme-manufacturing.example", _day(random, 1960, 2002),
        random.choice(_COUNTRIES), random.choice(_TITLES), city, state, _day(random, 2005, 2025),
        f"${random.randrange(60, 260)},{random.randrange(1_000):03}.00", f"m{number % 900}@acme-manufacturing.example",
        random.choice(_VISAS), f"{random.choice('ABKLMZ')}{_digits(random, 8)}", _day(random, 2026, 2035),
        _digits(random, 11), random.choice(("D/S", _day(random, 2026, 2029))), _digits(random, 8),
        _day(random, 2027, 2032),
    ]  # fmt: skip


def _digits(random: Random, count: int) -> str:
    return f"{random.randrange(10**count):0{count}}"


def _day(random: Random, first: int, last: int) -> str:
    day = date(first, 1, 1) + timedelta(days=random.randrange(365 * (last - first)))
    return f"{day:%m/%d/%Y}"
