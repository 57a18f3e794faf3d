"""Workbooks of reports: what no cell can hold is cut for everybody to see, and the rest is read as it was written."""

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from gateway.reports.report import Report
from gateway.reports.writers import _MOST_REMARKS, FORMS
from gateway.spreadsheet import MOST_UNITS, escaped, is_too_long, shortened

ODD = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "#N/A",
    "_x0041_",
    "a\x01b\x1f",
    "a\rb\r\nc",
    "'=1",
    " x ",
    "👩" * 9,
]
LONG = {
    "plain": "x" * 40_000,
    "of two units": "👩" * 16_384,
    "of escapes": "\x01" * 5_000,
    "one too long": "x" * 32_768,
}
REPORT = Report("Things", ("name", "notes"), None, None, purpose="")


def workbook(rows):
    out = io.BytesIO()
    FORMS["xlsx"].write(REPORT, rows, out)
    return out


def cells(out):
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(out)["Report"].iter_rows(min_row=2)]


def test_odd_text_is_text_and_reads_as_it_was_written():
    out = workbook([(one, None) for one in ODD])
    sheet = openpyxl.load_workbook(out)["Report"]
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    quoted = [cell.quotePrefix for cell in sheet["A"][1:]]
    assert quoted[:5] == [True] * 5, "nor is it run once somebody edits it"
    found = [
        row[0]
        for row in CalamineWorkbook.from_filelike(io.BytesIO(out.getvalue()))
        .get_sheet_by_name("Report")
        .to_python()[1:]
    ]
    assert [one.replace("\r\n", "\n").replace("\r", "\n") for one in found] == [
        one.replace("\r\n", "\n").replace("\r", "\n") for one in ODD
    ]
    assert "Remarks" not in openpyxl.load_workbook(out).sheetnames


def test_days_before_1900_and_instants_are_told_as_text():
    told = cells(
        workbook([(date(1899, 12, 31), datetime(1850, 1, 2, 3, 4, tzinfo=UTC)), (date(1900, 1, 1), date(2026, 3, 1))])
    )
    assert told[0] == ["1899-12-31", "1850-01-02T03:04:00+00:00"]
    assert (told[1][0], told[1][1].date()) == ("1900-01-01", date(2026, 3, 1))


@given(st.dates(date(1900, 3, 1)))
def test_days_are_days_to_other_programs(day):
    rows = (
        CalamineWorkbook.from_filelike(io.BytesIO(workbook([("x", day)]).getvalue()))
        .get_sheet_by_name("Report")
        .to_python()
    )
    assert rows[1] == ["x", day]


def test_a_sheet_can_be_filtered_and_its_columns_be_read():
    for rows in ([], [("x", "y")] * 3):
        sheet = openpyxl.load_workbook(workbook(rows))["Report"]
        assert sheet.auto_filter.ref == f"A1:B{len(rows) + 1}"
        assert sheet.freeze_panes == "A2"
        assert sheet.column_dimensions["A"].width >= 16


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_text_that_no_cell_holds_is_cut_and_says_so_in_its_cell_and_in_the_remarks(text):
    out = workbook([("short", "fine"), ("long", text)])
    mark = f" [cut: {len(text):,} characters]"
    [[_, fine], [_, cut]] = cells(out)
    assert fine == "fine"
    assert cut.endswith(mark)
    assert len(cut.encode("utf-16-le")) // 2 <= MOST_UNITS
    remarks = [[cell.value for cell in row] for row in openpyxl.load_workbook(out)["Remarks"].iter_rows()]
    assert "32,767" in remarks[0][0]
    assert remarks[1:] == [["sheet", "row", "column", "characters"], ["Report", 3, "notes", len(text)]]


def test_a_text_that_just_fits_is_whole():
    [[name, notes]] = cells(workbook([("x" * MOST_UNITS, "👩" * (MOST_UNITS // 2))]))
    assert (name, notes) == ("x" * MOST_UNITS, "👩" * (MOST_UNITS // 2))


def test_of_very_many_that_are_cut_the_first_are_named_and_the_rest_counted():
    out = workbook([("x" * 32_768, None)] * (_MOST_REMARKS + 2))
    remarks = openpyxl.load_workbook(out, read_only=True)["Remarks"]
    assert list(remarks.values)[-1][0] == "and 2 more"


@given(st.text(st.sampled_from("ax_0041\x01👩\n="), min_size=1, max_size=30), st.integers(1, 4_000))
def test_whatever_is_cut_fits_and_loses_nothing_but_its_end(piece, times):
    text = piece * times
    if is_too_long(text):
        cut = shortened(text)
        assert not is_too_long(cut)
        beginning = cut.rpartition(" [cut: ")[0]
        assert text.startswith(beginning)
        assert len(escaped(beginning).encode("utf-16-le")) // 2 > MOST_UNITS // 8
