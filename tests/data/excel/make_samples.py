"""Writes the binary samples beside it, which nothing that the tests depend on can write.

    pip install xlwt odfpy msoffcrypto-tool openpyxl && python tests/data/excel/make_samples.py

- roster.xls: BIFF8, the sheets Active (numbers, a date, a boolean, a merged cell) and Old (hidden).
- dates_1904.xls: the calendar of old Macs.
- errors.xls, errors_1904.xls: errors, typed and calculated; numbers under a date format that are no dates; and, on the
  sheet Merged, a header of two rows.
- forms.xls: numbers under formats that show more than the number does, written one by one and side by side.
- people.xls: the five hundred of tests/helpers/people.py.
- roster.ods: Active (the same), with an error that is stored as text.
- protected.xlsx: encrypted with the password `secret`.
"""

from __future__ import annotations

import datetime as dt
import io
import struct
import sys
from pathlib import Path

import msoffcrypto.format.ooxml
import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from helpers.people import COLUMNS, cell, people  # noqa: E402 - beside the tests that read what is written here

HEADER = ["Employee ID", "Name", "Started", "Active", "Salary"]


def write_xls(name: str, *, dates_1904: bool) -> None:
    book = xlwt.Workbook()
    book.dates_1904 = dates_1904
    sheet = book.add_sheet("Active")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for column, title in enumerate(HEADER):
        sheet.write(0, column, title)
    for column, value in enumerate([100023.0, "Müller, Ann", dt.date(2020, 2, 29), True, 85000.5]):
        sheet.write(1, column, value, day if column == 2 else xlwt.Style.default_style)
    sheet.write(2, 0, "00042")
    sheet.write_merge(2, 2, 1, 2, "merged")
    book.add_sheet("Old").visibility = 1
    book.save(str(HERE / name))


def write_errors(name: str, *, dates_1904: bool) -> None:
    book = xlwt.Workbook()
    book.dates_1904 = dates_1904
    sheet, other, merged = (book.add_sheet(title) for title in ("Odd", "Other", "Merged"))
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for column, title in enumerate(["Employee ID", "Typed", "Calculated"]):
        sheet.write(0, column, title)
    sheet.write(1, 0, 100023)
    sheet.row(1).set_cell_error(1, 0x2A)
    sheet.write(1, 2, xlwt.Formula("1/0"))
    sheet.write(3, 0, 100024)
    sheet.row(3).set_cell_error(2, 0x17)
    for row, serial in enumerate([0, -1, -1.5, -0.25, 0.5], 4):
        sheet.write(row, 2, serial, day)
    for row, serial in enumerate([-2, -3.25], 9):
        sheet.write(row, 1, -7, day)  # with its neighbour in one record
        sheet.write(row, 2, serial, day)
    other.write(0, 0, "ID")
    other.write(0, 1, "Name")
    other.write(1, 0, 7)
    other.row(1).set_cell_error(1, 0x1D)
    merged.write_merge(0, 1, 0, 0, "ID")
    merged.write_merge(0, 0, 1, 2, "Name")
    for column, title in enumerate(["Last", "First", "State"], 1):
        merged.write(1, column, title)
    merged.write(2, 0, 7)
    book.save(str(HERE / name))
    _calculate(HERE / name, row=1, column=2, code=0x07)


def _calculate(path: Path, row: int, column: int, code: int) -> None:
    """Store the error that a formula came to, which xlwt leaves to Excel [MS-XLS] 2.5.133."""
    content = bytearray(path.read_bytes())
    at = content.index(struct.pack("<HH", row, column), content.index(b"\x06\x00", 0x200))
    while content[at - 4 : at - 2] != b"\x06\x00":
        at = content.index(struct.pack("<HH", row, column), at + 1)
    content[at + 6 : at + 14] = bytes([2, 0, code, 0, 0, 0, 0xFF, 0xFF])
    path.write_bytes(content)


def write_forms() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Forms")
    for column, title in enumerate(["EMP_ID", "Papers", "More", "Salary"]):
        sheet.write(0, column, title)
    for row, number in enumerate([7, 1234567, 12345.5], 1):
        for column, code in enumerate(["000000", '"P"000', "000\\-00", "#,##0.00"]):
            sheet.write(row, column, number, xlwt.easyxf(num_format_str=code))
    sheet.write(4, 0, "7", xlwt.easyxf(num_format_str="000000"))
    book.save(str(HERE / "forms.xls"))


def write_people() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("People")
    day = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    rows = people()
    for column, name in enumerate(COLUMNS):
        sheet.write(0, column, name)
        for row, person in enumerate(rows, 1):
            if (value := cell(name, person[name])) is not None:
                sheet.write(row, column, value, day if isinstance(value, dt.date) else xlwt.Style.default_style)
    book.save(str(HERE / "people.xls"))


def write_ods() -> None:
    book = OpenDocumentSpreadsheet()
    sheet = Table(name="Active")
    rows = [
        [{"valuetype": "string", "text": title} for title in HEADER],
        [
            {"valuetype": "float", "value": "100023", "text": "100023"},
            {"valuetype": "string", "text": "Müller, Ann"},
            {"valuetype": "date", "datevalue": "2020-02-29", "text": "29.02.20"},
            {"valuetype": "boolean", "booleanvalue": "true", "text": "TRUE"},
            {"valuetype": "string", "text": "#N/A"},
        ],
    ]
    for row in rows:
        line = TableRow()
        for told in row:
            text = told.pop("text")
            made = TableCell(**told)
            made.addElement(P(text=text))
            line.addElement(made)
        sheet.addElement(line)
    book.spreadsheet.addElement(sheet)
    book.save(str(HERE / "roster.ods"))


def write_protected() -> None:
    plain, protected = io.BytesIO(), io.BytesIO()
    openpyxl.Workbook().save(plain)
    msoffcrypto.format.ooxml.OOXMLFile(plain).encrypt("secret", protected)
    (HERE / "protected.xlsx").write_bytes(protected.getvalue())


if __name__ == "__main__":
    write_xls("roster.xls", dates_1904=False)
    write_xls("dates_1904.xls", dates_1904=True)
    write_errors("errors.xls", dates_1904=False)
    write_errors("errors_1904.xls", dates_1904=True)
    write_forms()
    write_people()
    write_ods()
    write_protected()
