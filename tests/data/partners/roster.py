"""stark-excel: a workbook that people keep by hand, with all that people do to workbooks."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel
from openpyxl.worksheet.worksheet import Worksheet
from people import Person, person

PARTNER = "stark-excel"
PEOPLE, LEFT, CHILDREN = 50, range(51, 58), 20
ON_TWO_SHEETS = 9  # left in May; the June file has the row in Active still
GONE = 41  # on no sheet of the June file
BARE_SERIAL = 30  # somebody cleared the format of the cell: nothing says that 30000 is a date
ZIPPED_AT = (1980, 1, 1, 0, 0, 0)

Group = tuple[str, list[str]]  # what stands above, and what below; nothing below: the cell is merged downwards

EMPLOYEE: Group = ("Employee", ["ID", "Last Name", "First Name", "DOB", "Country"])
ACTIVE: list[Group] = [
    ("No.", []), EMPLOYEE, ("Visa", ["Type", "Expires"]), ("Passport", ["Number", "Expires"]), ("Annual Salary", []),
]  # fmt: skip
TERMINATED: list[Group] = [("No.", []), ("Employee", ["ID", "Last Name", "First Name"]), ("Last Day", [])]
DEPENDENTS: list[Group] = [
    ("No.", []), ("Employee", ["ID"]), ("Dependent", ["No", "Last Name", "First Name", "DOB", "Country"]),
    ("Passport", ["Number", "Expires"]),
]  # fmt: skip


def files() -> dict[str, bytes]:
    return {
        "Stark_Immigration_Roster_2026-05.xlsx": _saved(_book(june=False)),
        "Stark_Immigration_Roster_2026-06.xlsx": _saved(_book(june=True)),
    }


def _book(*, june: bool) -> Workbook:
    book = Workbook()
    if june:
        book.epoch = CALENDAR_MAC_1904  # saved on an old Mac: days are counted from 1904
    book.remove(book.active)
    active = book.create_sheet("Active")
    _table(
        active, 4, ACTIVE, [_active(person(n, PARTNER), june) for n in range(1, PEOPLE + 1) if not (june and n == GONE)]
    )
    _total(active)
    active.column_dimensions["B"].hidden = True  # the employee number: people look at `No.`
    leavers = [*LEFT, *([ON_TWO_SHEETS] if june else [])]
    _table(book.create_sheet("Terminated"), 2, TERMINATED, [_left(person(n, PARTNER)) for n in leavers])
    _table(book.create_sheet("Dependents"), 2, DEPENDENTS, [_child(person(n, PARTNER)) for n in range(1, CHILDREN + 1)])
    lookup = book.create_sheet("Lookup")
    for row in [("Code", "Meaning"), ("H1B", "Specialty occupation"), ("F1", "Student"), ("TN", "USMCA professional")]:
        lookup.append(row)
    return book


def _table(sheet: Worksheet, titles: int, groups: list[Group], rows: list[list[object]]) -> None:
    for title in ["Stark Industries", "Immigration roster", "Confidential", "Questions: ext. 4711"][:titles]:
        sheet.append([title])
    _header(sheet, titles + 1, groups)
    for number, row in enumerate(rows, start=1):
        sheet.append([number, *row])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, date):
                cell.number_format = "mm/dd/yyyy"


def _header(sheet: Worksheet, top: int, groups: list[Group]) -> None:
    column = 1
    for above, below in groups:
        sheet.cell(top, column, above).font = Font(bold=True)
        for offset, name in enumerate(below):
            sheet.cell(top + 1, column + offset, name)
        last = column + max(len(below), 1) - 1
        if len(below) != 1:
            sheet.merge_cells(start_row=top, start_column=column, end_row=top + (not below), end_column=last)
        column = last + 1
    sheet.cell(top + 1, column)  # so that what is appended next stands below the header


def _active(one: Person, june: bool) -> list[object]:
    visa = ["H1B", "F1", "TN", ""][one.number % 4]
    ends: object = {"F1": "D/S", "": None}.get(visa, "TBD" if one.number % 10 == 0 else one.visa_ends)
    return [
        f"S{one.number:04}",
        one.family,
        one.given,
        _as_typed(one),
        one.country,
        visa or None,
        ends,
        one.passport if visa else None,
        one.passport_ends if visa else None,
        one.salary + (1_500 if june and one.number == 3 else 0),
    ]


def _as_typed(one: Person) -> object:
    """A date of birth as whoever typed it: mostly a real date, sometimes text, once a number."""
    if one.number == BARE_SERIAL:
        return int(to_excel(one.born))
    if one.number % 11 == 0:
        return f"{one.born:%d-%b-%Y}"
    return f"{one.born:%m/%d/%Y}" if one.number % 7 == 0 else one.born


def _left(one: Person) -> list[object]:
    return [
        f"S{one.number:04}",
        one.family,
        one.given,
        date(2026, 5, 15) if one.number == ON_TWO_SHEETS else date(2026, 4, 10),
    ]


def _child(one: Person) -> list[object]:
    """A dependent of the employee with the same number."""
    younger = date(2008 + one.number % 10, one.number % 12 + 1, one.number)
    return [
        f"S{one.number:04}", 1, one.family, ["Sam", "Kim", "Alex"][one.number % 3], younger, one.country,
        f"D{one.number:07}", date(2028, 6, one.number),
    ]  # fmt: skip


def _total(sheet: Worksheet) -> None:
    salaries = [row[10].value for row in sheet.iter_rows(min_row=7)]
    sheet.append(["Total", *[None] * 9, sum(salaries)])
    sheet.append(["Please send changes by the 25th"])


def _saved(book: Workbook) -> bytes:
    """The same bytes every time: no time of saving, and nothing compressed, for zlibs differ."""
    draft, out = io.BytesIO(), io.BytesIO()
    book.save(draft)
    with zipfile.ZipFile(draft) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for member in sorted(source.namelist()):
            content = re.sub(rb"(W3CDTF\">)[^<]*", rb"\g<1>2026-05-01T00:00:00Z", source.read(member))
            target.writestr(zipfile.ZipInfo(member, ZIPPED_AT), content)
    return out.getvalue()
