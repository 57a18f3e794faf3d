"""Rows and columns that a workbook hides: read like any others, and told."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
from helpers.packages import repacked
from helpers.spreadsheets import open_document, read, streamed, workbook

SAMPLES = Path(__file__).parents[2] / "data" / "excel"
ROWS = [["ID", "Name", "Note"], ["1", "Ann", "x"], ["2", "Bo", None], [], ["3", "Cy", "y"], ["4", "Di", None]]
READ = [["1", "Ann", "x"], ["2", "Bo", ""], ["3", "Cy", "y"], ["4", "Di", ""]]


def hiding(rows=(), columns=(), content=None):
    """A workbook whose only sheet hides some rows and columns."""
    book = openpyxl.load_workbook(io.BytesIO(content or workbook({"S": ROWS})))
    for row in rows:
        book["S"].row_dimensions[row].hidden = True
    for column in columns:
        book["S"].column_dimensions[column].hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def told(content, **options):
    table = read(content, **options)
    return table.cells, [one for one in table.remarks if "hidden" in one]


@pytest.mark.parametrize(
    ("rows", "columns", "remark"),
    [
        ([3], "", "1 row that is hidden in the workbook was read."),
        ([2, 3, 4, 5, 9], "", "3 rows that are hidden in the workbook were read."),
        ([], "C", "1 column that is hidden in the workbook was read."),
        ([6], "BC", "1 row and 2 columns that are hidden in the workbook were read."),
    ],
)
def test_hidden_rows_and_columns_are_read_and_told(rows, columns, remark):
    assert told(hiding(rows, columns)) == (READ, [remark])


@pytest.mark.parametrize(("rows", "columns"), [([], ""), ([1, 4, 20], ""), ([], "DZ")])
def test_what_holds_no_data_may_be_hidden_without_a_word(rows, columns):
    assert told(hiding(rows, columns)) == (READ, [])


def test_a_header_alone_makes_no_column_of_data():
    content = workbook({"S": [["ID", "Note"], ["1", None], ["2", " "]]})
    assert told(hiding(columns="B", content=content))[1] == []


def test_a_hidden_footer_is_not_read_and_not_told():
    assert told(hiding([5, 6]), footer={"rows": 1}) == (READ[:-1], ["1 row that is hidden in the workbook was read."])


def test_a_workbook_that_is_streamed_tells_them_too():
    cells, remarks = told(streamed(hiding([2, 5], "B")))
    assert cells == [*READ, ["#N/A", "", ""]]
    assert remarks == ["2 rows and 1 column that are hidden in the workbook were read."]


def test_they_are_told_of_each_sheet():
    content = hiding([3], content=workbook({"S": ROWS, "T": ROWS}))
    assert told(content, sheets=["S", "T"])[1] == ["1 row that is hidden in the workbook was read in the sheet “S”."]


def test_many_hidden_rows_are_counted_through_all_batches():
    rows = [["ID"], *([str(number)] for number in range(12_000))]
    content = hiding(range(100, 11_100), content=workbook({"S": rows}))
    assert told(content)[1] == ["11,000 rows that are hidden in the workbook were read."]


def test_other_spellings_of_the_same_are_understood():
    def changed(name, text):
        return name, text.replace(' hidden="1"', " hidden='true'").replace("<row ", "<row\n")

    content = repacked(hiding([3], "C"), changed)
    assert told(content)[1] == ["1 row and 1 column that are hidden in the workbook were read."]


def test_text_about_hiding_hides_nothing():
    content = workbook({"S": [["ID"], ['<row r="2" hidden="1">'], [' hidden="1"']]})
    assert told(content)[1] == []


ROW, COLUMNS = struct.pack("<HH", 0x0208, 16), struct.pack("<HH", 0x007D, 12)  # [MS-XLS] 2.4.221, 2.4.53


def test_an_old_binary_workbook_tells_them():
    content = bytearray((SAMPLES / "roster.xls").read_bytes())
    at = content.index(ROW + struct.pack("<H", 2)) + len(ROW)
    content[at + 12] |= 0x20
    cells, remarks = told(bytes(content))
    assert len(cells) == 2
    assert remarks == ["1 row that is hidden in the workbook was read."]


def test_hidden_columns_of_an_old_binary_workbook_are_told():
    content = bytearray((SAMPLES / "roster.xls").read_bytes())
    at = content.index(ROW + struct.pack("<H", 2))
    content[at : at + 20] = COLUMNS + struct.pack("<6H", 1, 2, 2560, 0, 1, 0) + struct.pack("<HH", 0x00EC, 0)
    assert told(bytes(content))[1] == ["2 columns that are hidden in the workbook were read."]


def open_hiding(**changes):
    """An OpenDocument with its XML changed: from text to text."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(open_document({"S": ROWS}))) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            text = before.read(name).decode()
            for old, new in changes.values():
                text = text.replace(old, new)
            after.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize("how", ["collapse", "filter"])
def test_an_open_document_tells_them(how):
    hidden = '<table:table-row table:visibility="{}"><table:table-cell office:value-type="string" ><text:p>2<'
    columns = (
        '<table:table table:name="S"><table:table-column/>'
        '<table:table-column table:number-columns-repeated="2" table:visibility="collapse"/>'
    )
    content = open_hiding(
        row=(hidden.replace(' table:visibility="{}"', ""), hidden.format(how)),
        columns=('<table:table table:name="S">', columns),
    )
    assert told(content) == (READ, ["1 row and 2 columns that are hidden in the workbook were read."])


def test_an_open_document_that_hides_the_rest_of_its_sheet_tells_nothing():
    rest = '<table:table-row table:visibility="collapse" table:number-rows-repeated="1048570"><table:table-cell/></table:table-row>'
    assert told(open_hiding(row=("</table:table>", f"{rest}</table:table>"))) == (READ, [])
