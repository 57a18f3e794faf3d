"""What readers of workbooks leave out: error cells, numbers that are no dates, and what cells are merged."""

from __future__ import annotations

import datetime as dt
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from helpers.compound import record, small
from helpers.spreadsheets import DAY, odf_cell, open_document, read, refusal, streamed, workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from ingest.formats import biff
from ingest.formats.base import Refused

SAMPLES = Path(__file__).parents[2] / "data" / "excel"


def sample(name):
    return (SAMPLES / name).read_bytes()


# ---------------------------------------------------------------- errors


def test_error_cells_are_flaws_where_they_stand():
    table = read(workbook({"S": [[None, "a", "b"], [None, 1, "#N/A"], [], [None, "#REF!", "text"]]}))
    assert table.cells == [["", "1", "#N/A"], ["", "#REF!", "text"]]
    assert table.flaws == [(2, 2, "formula_error", "#N/A"), (4, 1, "formula_error", "#REF!")]


@pytest.mark.parametrize("name", ["errors.xls", "errors_1904.xls"])
def test_error_cells_of_an_old_binary_workbook_are_flaws_whether_typed_or_calculated(name):
    table = read(sample(name))
    assert table.rows[:2] == [(2, ["100023", "#N/A", "#DIV/0!"]), (4, ["100024", "", "#REF!"])]
    assert table.flaws == [
        (2, 1, "formula_error", "#N/A"),
        (2, 2, "formula_error", "#DIV/0!"),
        (4, 2, "formula_error", "#REF!"),
    ]


def test_errors_of_another_sheet_of_an_old_workbook_are_none_of_this_one():
    table = read(sample("errors.xls"), sheets=["Other"])
    assert (table.cells, table.flaws) == ([["7", "#NAME?"]], [(2, 1, "formula_error", "#NAME?")])


OFFSET = bytes.fromhex("8500")  # of the record that says where a sheet begins [MS-XLS] 2.4.28


@pytest.mark.parametrize(("mark", "behind", "lie"), [(OFFSET, 4, b"\xff\xff\xff\0"), (b"", 48, b"\xf0\xff\xff\0")])
def test_an_old_workbook_whose_sheets_are_not_where_it_says_is_refused(tmp_path, mark, behind, lie):
    content = bytearray(sample("errors.xls"))
    at = content.index(mark) + behind
    content[at : at + len(lie)] = lie
    assert refusal(bytes(content)).code in {"unreadable", "too_large"}
    (tmp_path / "lying.xls").write_bytes(content)
    with pytest.raises(Refused) as refused:
        biff.gaps(tmp_path / "lying.xls")
    assert refused.value.code == "unreadable"


def test_a_small_old_workbook_stands_in_small_sectors(tmp_path):
    begin, end = record(0x0809, struct.pack("<HH12x", 0x0600, 5)), record(0x000A)
    name = b"S" * 30
    start = len(begin) + 4 + 8 + len(name) + len(end)
    chart = begin + record(0x0205, struct.pack("<HHHBB", 0, 0, 0, 0x2A, 1)) + end
    error = record(0x0205, struct.pack("<HHHBB", 20, 3, 0, 0x24, 1))
    padding = record(0x00EC, bytes(600))
    stream = begin + record(0x0085, struct.pack("<IBBBB", start, 0, 0, len(name), 0) + name) + end
    (tmp_path / "small.xls").write_bytes(small(stream + begin + chart + padding + error + end))
    [found] = biff.gaps(tmp_path / "small.xls")
    assert (dict(found.errors), dict(found.numbers)) == ({21: {3: "#NUM!"}}, {})


NEW_STYLE = odf_cell("#N/A", more='office:string-value="" calcext:value-type="error" table:formula="of:=NA()"')
OLD_STYLE = odf_cell("#DIV/0!", "float", 'office:value="0" table:formula="of:=1/0"')
GERMAN = odf_cell("#NV", more='office:string-value="" calcext:value-type="error" table:formula="of:=NA()"')
NUMBERED = odf_cell("Err:502", more='office:string-value="" calcext:value-type="error" table:formula="of:=MID()"')


@pytest.mark.parametrize(
    ("cell", "shown"),
    [(NEW_STYLE, "#N/A"), (OLD_STYLE, "#DIV/0!"), (GERMAN, "#NV"), (NUMBERED, "Err:502"), ("#REF!", "#REF!")],
)
def test_error_cells_of_an_open_document_are_flaws_however_they_are_stored(cell, shown):
    table = read(open_document({"S": [["ID", "Pay"], ["1", 5], [], ["2", cell], ["3", "Error"]]}))
    assert table.cells == [["1", "5"], ["2", shown], ["3", "Error"]]
    assert table.flaws == [(4, 1, "formula_error", shown)]


@pytest.mark.parametrize("error", [NEW_STYLE, "<table:table-cell><text:p>#N/A</text:p></table:table-cell>"])
def test_errors_that_end_an_open_document_are_not_lost_with_the_blank_cells_below(error):
    table = read(open_document({"Other": [["#N/A"]], "S": [["ID", "Pay"], ["1", 5], [None, error]]}), sheets=["S"])
    assert table.rows == [(2, ["1", "5"]), (3, ["", "#N/A"])]
    assert table.flaws == [(3, 1, "formula_error", "#N/A")]


def test_repeated_cells_of_an_open_document_are_counted():
    twice = NEW_STYLE.replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="2"', 1)
    content = open_document({"S": [list("abc"), ["x", twice], ["y", "1", "2"]]})
    table = read(repeated(content, "x", 3))
    assert table.cells == [["x", "#N/A", "#N/A"]] * 3 + [["y", "1", "2"]]
    assert [flaw[:2] for flaw in table.flaws] == [(row, column) for row in (2, 3, 4) for column in (1, 2)]


def repeated(content, mark, times):
    """The document with the row that begins with a text repeated."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        for entry in before.infolist():
            text = before.read(entry).decode()
            start = f"<table:table-row>{odf_cell(mark)}"
            more = start.replace("table-row", f'table-row table:number-rows-repeated="{times}"', 1)
            after.writestr(entry, text.replace(start, more))
    return out.getvalue()


def test_a_remark_beside_a_cell_is_no_text_of_it():
    remark = "<office:annotation><text:p>#N/A</text:p></office:annotation>"
    blank = f"<table:table-cell>{remark}</table:table-cell>"
    wrong = odf_cell("#REF!").replace("<text:p>", remark + "<text:p>")
    table = read(open_document({"S": [["ID", "Pay"], ["1", blank], ["2", wrong]]}))
    assert table.cells[0] == ["1", ""]
    assert table.flaws == [(3, 1, "formula_error", "#REF!")]


# ---------------------------------------------------------------- numbers that are no dates

SERIALS = [
    (0, "0"), (-1, "-1"), (-1.5, "-1.5"), (-0.25, "-0.25"), (0.5, "12:00:00"), (2958466, "2958466"),
]  # fmt: skip
OF_1900 = [(1, "1900-01-01"), (59, "1900-02-28"), (61, "1900-03-01"), (43890, "2020-02-29")]
OF_1904 = [(1, "1904-01-02"), (59, "1904-02-29"), (42428, "2020-02-29")]


@pytest.mark.parametrize(("serial", "text"), SERIALS + OF_1900)
def test_serial_numbers_count_from_1900_with_its_leap_year_that_never_was(serial, text):
    assert read(workbook({"S": [["Day"], ["x"], [(serial, DAY)]]})).cells[1] == [text]


@pytest.mark.parametrize(("serial", "text"), SERIALS + OF_1904)
def test_serial_numbers_count_from_1904_where_the_workbook_says_so(serial, text):
    assert read(workbook({"S": [["Day"], ["x"], [(serial, DAY)]]}, epoch=CALENDAR_MAC_1904)).cells[1] == [text]


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
@pytest.mark.parametrize(("serial", "text"), SERIALS[:-1])  # one beyond the year 9999 comes as an error
def test_a_workbook_that_is_streamed_has_the_same_numbers(serial, text, epoch):
    content = streamed(workbook({"S": [["Day"], ["x"], [(serial, DAY)]]}, epoch=epoch))
    assert read(content).cells[1:] == [[text], ["#N/A"]]


@pytest.mark.parametrize("name", ["errors.xls", "errors_1904.xls"])
def test_an_old_binary_workbook_has_the_same_numbers(name):
    assert [cells[2] for cells in read(sample(name)).cells[2:]] == [
        "0", "-1", "-1.5", "-0.25", "12:00:00", "-2", "-3.25",
    ]  # fmt: skip


def test_a_negative_number_stays_what_it_is_where_it_is_no_date():
    rows = [["Pay", "Span"], [-1.5, (-0.25, "[h]:mm")], [-1, (45000, DAY)]]
    assert read(workbook({"S": rows})).cells == [["-1.5", "-06:00:00"], ["-1", "2023-03-15"]]


def test_day_0_of_an_open_document_is_the_number_0():
    rows = [["Day"], [dt.date(1899, 12, 30)], [dt.date(1904, 1, 1)], [dt.date(1899, 12, 29)], [dt.date(2020, 2, 29)]]
    cells = [["0"], ["1904-01-01"], ["1899-12-29"], ["2020-02-29"]]
    assert read(open_document({"S": rows})).cells == cells


def test_an_open_document_may_name_another_day_0():
    settings = (
        '<table:calculation-settings><table:null-date table:date-value="1904-01-01"/></table:calculation-settings>'
    )
    noon = odf_cell("12:00", "date", 'office:date-value="1904-01-01T12:00:00"')
    rows = [["Day"], [dt.date(1899, 12, 30)], [dt.date(1904, 1, 1)], [noon]]
    assert read(open_document({"S": rows}, settings)).cells == [["1899-12-30"], ["0"], ["12:00:00"]]


# ---------------------------------------------------------------- merged headers

NAMES = ["Employee ID", "Name Last", "Name First", "State", "Address City", "Address"]


def in_excel(content=lambda same: same):
    upper = ["Employee ID", "Name", None, None, "Address", None]
    lower = [None, "Last", "First", "State", "City", None]
    merges = ["A1:A2", "B1:C1", "E1:F1"]
    return content(workbook({"S": [upper, lower, list("123456")]}, merges=merges))


def in_open_document(below=""):
    """LibreOffice may keep text in cells that lie beneath a merged one."""
    down, across = 'table:number-rows-spanned="2"', 'table:number-columns-spanned="2"'
    hidden = odf_cell(below, element="covered-table-cell") if below else "<table:covered-table-cell/>"
    upper = [odf_cell("Employee ID", more=down), odf_cell("Name", more=across), hidden, None]
    lower = [hidden, "Last", "First", "State", "City", None]
    return open_document({"S": [[*upper, odf_cell("Address", more=across), hidden], lower, list("123456")]})


@pytest.mark.parametrize(
    "content",
    [in_excel(), in_excel(streamed), in_open_document(), in_open_document("Employee ID"), in_open_document("old")],
    ids=["xlsx", "streamed", "ods", "ods that repeats the name", "ods with text beneath"],
)
def test_merged_cells_of_a_header_name_the_columns_that_they_span_and_no_others(content):
    table = read(content, header_rows=2)
    assert table.header == NAMES
    assert table.rows[0] == (3, list("123456"))


def test_an_old_binary_workbook_knows_its_merged_header():
    assert read(sample("errors.xls"), sheets=["Merged"], header_rows=2).header == [
        "ID",
        "Name Last",
        "Name First",
        "State",
    ]


def test_a_name_that_stands_in_both_rows_is_one_name():
    rows = [["ID", "Name", "Name"], ["ID", "Last", " Name "], list("123")]
    assert read(workbook({"S": rows}), header_rows=2).header == ["ID", "Name Last", "Name"]


def test_a_title_that_is_merged_down_into_the_header_is_no_name():
    rows = [["ACME"], ["ID", None], [None, "Last"], list("12")]
    assert read(workbook({"S": rows}, merges=["A1:B1"]), header_row=2, header_rows=2).header == ["ID", "Last"]
