"""Fabricates the rosters in partner_configs/acme/samples, and cuts the sample of perm out of the published file.

    python tests/data/make_samples.py [perm_fy2016.csv]

The same bytes every time. Nobody in them exists: names are drawn from two lists, numbers count up from one.
"""

from __future__ import annotations

import csv
import io
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random

CONFIGS = Path(__file__).parents[2] / "partner_configs"
PEOPLE = 200

Row = dict[str, str]

FAMILY = (
    "Abara Bergström Castillo D'Souza Eriksen Fernández Gupta Hoàng Ivanova Jankowski Kowalczyk Lindqvist Müller"
    " Núñez-Álvarez Okonkwo Petrović Quiñones Rao Søndergaard Tanaka Ueda Vargas Wójcik Xu Yılmaz Zhang"
).split()
GIVEN = (
    "Adaeze Björn Chloé Dmitri Elif Françoise Günther Hana Ines José Kiran Łukasz Mei Nguyệt Øyvind Priya Zoë".split()
)
COUNTRIES = ["India", "CHN", "Mexican", "CA", "United Kingdom", "Brazil", "KOREA", "Philippines", "Nigerian", "Türkiye"]
TITLES = ["Welder", "Process Engineer", "Engineer, Senior", "Quality Analyst", "Plant Manager", "Data Scientist"]
SITES = [("Chicago", "IL"), ("Gary", "Indiana"), ("Milwaukee", "wi"), ("St. Louis", "MO")]
VISAS = ["H-1B", "", "L-1B", "TN", "F-1", "", "H-1B", "O-1"]
NOTHING = ["", "N/A", "TBD", " "]

HEADER = [
    "RecType", "EMP_ID", "Last Name", "First Name", "DOB", "Gender", "Email", "Phone", "Citizenship", "Job Title",
    "SOC Code", "Work City", "Work State", "Annual Salary", "Hire Date", "Status", "Termination Date",
    "Highest Degree", "Graduation Year", "Years Experience", "Languages", "A-Number", "Notes", "Manager",
    "Cost Center", "Visa Type", "Receipt No", "Premium", "Filed On", "Passport No", "Passport Country",
    "Passport Issued", "Passport Expiry", "Visa ID Type", "Visa ID No", "Visa Expiration",
]  # fmt: skip

# what is wrong with one row each; the row code that it comes to stands beside
BAD_CELLS: list[Row] = [
    {"Last Name": "  "},  # missing_value
    {"DOB": "31/12/1984"},  # bad_date
    {"Graduation Year": "class of 99"},  # bad_number
    {"Premium": "perhaps"},  # bad_boolean
    {"Email": "somebody at acme.example"},  # bad_email
    {"Phone": "ext. 12"},  # bad_phone
    {"Citizenship": "Ruritania"},  # bad_country
    {"Visa Type": "H-9Z"},  # bad_code
    {"A-Number": "A12-34"},  # bad_identifier
    {"EMP_ID": "ACM-0210"},  # pattern_mismatch; nobody can be recognised by it: key_unreadable
    {"Gender": "Q"},  # not_in_list
    {"DOB": "01/15/2084"},  # out_of_range
    {"Job Title": "Engineer of " + "very " * 20 + "large machines"},  # too_long
    {"Passport No": "Z9"},  # too_short
    {"Passport Issued": "06/30/2031", "Passport Expiry": "07/01/2021"},  # date_order
    {"Status": "T", "Termination Date": ""},  # required_when
]
REPAIRED_THE_NEXT_DAY = {"Last Name", "Graduation Year", "Email", "EMP_ID", "Passport No"}


def first_day() -> bytes:
    """Everybody, and one row for each thing that can be wrong with a row."""
    rows = [_person(number) for number in range(1, PEOPLE + 1)]
    rows = [copy for row in rows for copy in [row, *_more_documents(row)]]
    rows += [rows[4], rows[30] | {"Annual Salary": "1.00", "Notes": "entered twice"}]  # an exact and another repeat
    rows += [_person(PEOPLE + number) | wrong for number, wrong in enumerate(BAD_CELLS, 1)]
    rows[9] = rows[9] | {"Annual Salary": "negotiable"}  # bad_number, but only a warning
    rows += [_person(number) | {"Email": "shared@acme.example"} for number in (301, 302)]  # not_unique, twice
    lines = [_line(row) for row in rows]
    lines[1] = lines[1].replace(b",,,person.3@", b',,asked for a 27" screen,person.3@')  # stray_quote, only a warning
    lines[60:60] = [_line(_person(303)).replace(b",ACM00303,", b",ACM00303;")]  # ragged_row
    lines[90:90] = [_line(_person(304)).replace(b",ACM00304,", b',"ACM00304,')]  # bad_quotes
    lines[120:120] = [_line(_person(305) | {"Last Name": "Muster"}).replace(b"Muster", b"M\xfcller")]  # undecodable
    return b"".join([_line(dict(zip(HEADER, HEADER, strict=True))), *lines, _totals(len(lines))])


def second_day() -> bytes:
    """The next morning: some left, some came, some changed, and some of the bad rows were repaired."""
    changes: dict[int, Row] = {
        3: {"Annual Salary": "$131,500.00", "Job Title": "Plant Manager"},
        7: {"Status": "T", "Termination Date": "03/01/2026"},
        16: {"Status": "A", "Termination Date": ""},  # had left, is back
        21: {"Passport No": "P0900021", "Passport Issued": "02/20/2026", "Passport Expiry": "02/19/2036"},  # renewed
        24: {"Work City": "Rockford", "Work State": "IL"},
        33: {"Receipt No": "IOE-09-0000-0933", "Filed On": "2/27/2026", "Premium": "Y"},
    }
    gone = {50, 51, 101}
    rows = [_person(number) | changes.get(number, {}) for number in range(1, PEOPLE + 1) if number not in gone]
    rows = [copy for row in rows for copy in [row, *_more_documents(row)]]
    rows += [
        _person(PEOPLE + number) | ({} if REPAIRED_THE_NEXT_DAY & wrong.keys() else wrong)
        for number, wrong in enumerate(BAD_CELLS, 1)
    ]
    rows += [_person(number) for number in (301, 302, 303, 304, 305, 401, 402, 403)]
    header = [*HEADER, "Badge Color"]
    lines = [_line(row | {"Badge Color": "blue"}, header) for row in rows]
    return b"".join([_line(dict(zip(header, header, strict=True)), header), *lines, _totals(len(lines), header)])


def perm_cut(published: Path) -> bytes:
    """The header, every 110th row, and the rows that are known to be odd, in the order of the published file."""
    header, *lines = published.read_bytes().splitlines(keepends=True)
    odd = (b"A-16013-60740", b"A-16242-47390", b"A-16174-24633")  # a number used twice; two without a state
    kept = (line for place, line in enumerate(lines) if place % 110 == 0 or line.startswith(odd))
    return b"".join([header, *kept])


# ---------------------------------------------------------------- one person
def _person(number: int) -> Row:
    """Each person is drawn alone, so that the second day knows the same ones."""
    draw = Random(number)
    family, given = draw.choice(FAMILY), draw.choice(GIVEN)
    city, state = draw.choice(SITES)
    visa = draw.choice(VISAS) if number <= PEOPLE else "H-1B"
    left = number % 16 == 0 and number <= PEOPLE
    hired = date(2012, 1, 2) + timedelta(days=draw.randrange(4_500))
    row = dict.fromkeys(HEADER, "") | {
        "RecType": "D",
        "EMP_ID": f"ACM{number:05}",
        "Last Name": family,
        "First Name": given,
        "DOB": _us(date(1962, 3, 1) + timedelta(days=draw.randrange(14_000))),
        "Gender": draw.choice("FMX"),
        "Email": f"person.{number}@acme.example",
        "Phone": f"(312) 555-{100 + number % 100:04}",
        "Citizenship": draw.choice(COUNTRIES) if visa else "USA",
        "Job Title": draw.choice(TITLES),
        "SOC Code": draw.choice(["17-2112", "15-2051.00", *NOTHING]),
        "Work City": city,
        "Work State": state,
        "Annual Salary": f"${draw.randrange(48_000, 190_000, 500):,}.00",
        "Hire Date": _us(hired),
        "Status": "T" if left else draw.choice("AAAL"),
        "Termination Date": _us(date(2026, 1, 31)) if left else draw.choice(["", "99991231"]),
        "Highest Degree": draw.choice(["Bachelor's", "Master's", "Doctorate", *NOTHING]),
        "Graduation Year": draw.choice(["", f"{hired.year - 3}", f"{hired.year}.0"]),
        "Years Experience": draw.choice(["", "3", "7.5", "12"]),
        "Languages": draw.choice(["English", "English; Español", "English; 中文; Français", ""]),
        "Notes": _notes(number),
        "Manager": f"person.{number % 10 + 1}@acme.example",
        "Cost Center": f"00{draw.randrange(10, 99)}",
    }
    return row | (_visa(number, visa, draw) if visa else {"Visa Type": draw.choice(NOTHING[:3])})


def _visa(number: int, visa: str, draw: Random) -> Row:
    issued = date(2017, 5, 2) + timedelta(days=draw.randrange(3_000))
    student = visa == "F-1"
    return {
        "A-Number": draw.choice([f"A{number:09}", ""]),
        "Visa Type": visa,
        "Receipt No": draw.choice([f"IOE09{number:08}", f"WAC-26-{number:03}-{50_000 + number}", "TBD"]),
        "Premium": draw.choice(["Y", "N", ""]),
        "Filed On": _us(date(2025, 6, 2) + timedelta(days=draw.randrange(200))),
        "Passport No": f"p{number:07}",
        "Passport Country": draw.choice(COUNTRIES),
        "Passport Issued": _us(issued),
        "Passport Expiry": _us(issued + timedelta(days=3_652)),
        "Visa ID Type": "I94",
        "Visa ID No": f"{number:09}A1",
        "Visa Expiration": "D/S" if student else f"{date(2027, 1, 4) + timedelta(days=draw.randrange(700))}",
    }


def _more_documents(row: Row) -> list[Row]:
    """One row for each further document; the rest of the row is repeated."""
    number = int(row["EMP_ID"][3:])
    if not row["Visa ID Type"] or number % 3:
        return []
    others = [("I797", "I"), ("VISA", "V")][: 1 + number % 2]
    return [row | {"Visa ID Type": kind, "Visa ID No": f"{mark}{number:08}", "Visa Expiration": "2028-02-29"}
            for kind, mark in others]  # fmt: skip


def _notes(number: int) -> str:
    return {
        12: "Transfer agreed by phone,\nwaiting for the letter",
        18: 'Calls himself "Ace"; goes by it, too',
        40: "line one\r\nline two\r\n\r\nline four",
    }.get(number, "")


def _us(day: date) -> str:
    return f"{day:%m/%d/%Y}"


# ---------------------------------------------------------------- the file
def _line(row: Row, header: list[str] = HEADER) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([row[name] for name in header])
    return out.getvalue().encode()


def _totals(count: int, header: list[str] = HEADER) -> bytes:
    return _line(dict.fromkeys(header, "") | {"RecType": "T", "EMP_ID": "TOTAL", "Last Name": f"{count} rows"}, header)


def main() -> None:
    """Write the samples anew."""
    acme = CONFIGS / "acme" / "samples"
    (acme / "roster_20260301.csv").write_bytes(first_day())
    (acme / "roster_20260302.csv").write_bytes(second_day())
    for published in sys.argv[1:]:
        (CONFIGS / "perm" / "samples" / "perm_sample.csv").write_bytes(perm_cut(Path(published)))


if __name__ == "__main__":
    main()
