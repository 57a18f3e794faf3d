"""Workbooks: which sheets are read, where headers stand, what a cell says, and what passes for data."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest
from helpers.spreadsheets import DAY, read, refusal, workbook

from ingest.formats.cells import text_of
from ingest.formats.excel import ExcelFormat

SAMPLES = Path(__file__).parents[2] / "data" / "excel"

instant = dt.datetime.fromisoformat


# ---------------------------------------------------------------- what a cell says


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (100023.0, "100023"),
        (999999999999999.0, "999999999999999"),
        (1234567890123456789.0, "1.23456789012346E+18"),
        (1234567890123456789, "1.23456789012346E+18"),
        (-1e15, "-1E+15"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (112549.5, "112549.5"),
        (1e-7, "0.0000001"),
        (1e22, "1E+22"),
        (float("inf"), "inf"),
        (True, "TRUE"),
        (False, "FALSE"),
        (None, ""),
        (7, "7"),
        ("007 ", "007 "),
        (dt.date(2026, 5, 1), "2026-05-01"),
        (instant("2026-05-01"), "2026-05-01"),
        (instant("2026-05-01T12:30:14.999999"), "2026-05-01T12:30:15"),
        (instant("9999-12-31T23:59:59.999999"), "9999-12-31T23:59:59"),
        (dt.time(8, 5), "08:05:00"),
        (dt.time(0), "0"),
        (dt.time(23, 59, 59, 999999), "00:00:00"),
        (dt.timedelta(hours=36, seconds=1), "36:00:01"),
        (-dt.timedelta(hours=1), "-01:00:00"),
    ],
)
def test_a_value_is_told_as_a_person_would_write_it(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize("name", ["roster.xls", "dates_1904.xls"])
def test_an_old_binary_workbook_reads_like_a_new_one(name):
    table = read((SAMPLES / name).read_bytes())
    assert table.header == ["Employee ID", "Name", "Started", "Active", "Salary"]
    assert table.rows == [
        (2, ["100023", "Müller, Ann", "2020-02-29", "TRUE", "85000.5"]),
        (3, ["00042", "merged", "", "", ""]),
    ]
    assert table.remarks == ["Not read: “Old”."]


def test_an_open_document_reads_like_an_excel_workbook():
    table = read((SAMPLES / "roster.ods").read_bytes())
    assert table.rows == [(2, ["100023", "Müller, Ann", "2020-02-29", "TRUE", "#N/A"])]
    assert table.flaws == [(2, 4, "formula_error", "#N/A")]


# ---------------------------------------------------------------- sheets

TWO = {
    "Cover": [["Roster of ACME"]],
    "Active": [["ID", "Name"], ["1", "Ann"]],
    "Terminated": [["ID", "Left"], ["2", "2026"], ["3", "2025"]],
}


def test_without_a_choice_the_first_visible_sheet_is_read_and_the_others_are_named():
    table = read(workbook(TWO, hidden=["Cover"]))
    assert [part.name for part in table.parts] == ["Active"]
    assert table.remarks == ["Not read: “Cover”, “Terminated”."]


def test_each_chosen_sheet_is_a_part_with_rows_and_constants_of_its_own():
    sheets = ["active", {"match": "Term.*", "constants": {"Status": "T"}}]
    table = read(workbook(TWO), sheets=sheets)
    assert [(part.name, part.header) for part in table.parts] == [
        ("Active", ["ID", "Name"]),
        ("Terminated", ["ID", "Left", "Status"]),
    ]
    assert table.rows == [(2, ["1", "Ann"]), (2, ["2", "2026", "T"]), (3, ["3", "2025", "T"])]
    assert table.sheets == [(0, "Active"), (1, "Terminated"), (1, "Terminated")]


def test_a_hidden_sheet_is_read_when_it_is_chosen():
    assert read(workbook(TWO, hidden=["Active"]), sheets=["Active"]).cells == [["1", "Ann"]]


def test_a_plain_entry_may_be_an_expression():
    assert len(read(workbook(TWO), sheets=["Active|Terminated"]).parts) == 2


def test_a_sheet_that_was_agreed_but_is_missing_refuses_the_file():
    refused = refusal(workbook(TWO), sheets=["Active", "Leavers (2"])
    assert refused.code == "unreadable"
    assert "“Leavers (2”, only “Cover”, “Active”, “Terminated”" in refused.details["why"]


def test_an_empty_sheet_among_several_is_told_and_passed_over():
    table = read(workbook(TWO | {"Active": []}), sheets=["Active", "Terminated"])
    assert [part.name for part in table.parts] == ["Terminated"]
    assert table.sheets == [(0, "Terminated")] * 2
    assert "The sheet “Active” is empty." in table.remarks


@pytest.mark.parametrize("sheets", [[{"name": "A", "match": "B"}], [{}], [{"match": "("}], [], [{"nmae": "A"}]])
def test_a_choice_that_makes_no_sense_is_an_error_of_the_config(sheets):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"sheets": sheets}, ExcelFormat)


# ---------------------------------------------------------------- headers

TITLES = [["ACME Manufacturing"], ["as of", (46143, DAY)], []]


def test_a_header_is_found_by_its_names_whatever_their_case_and_punctuation():
    rows = [*TITLES, ["Employee", None], ["EMPLOYEE-ID", "Last name", None, None], ["7", "Ann"]]
    table = read(workbook({"S": rows}), find_header=["Employee ID", "Last Name"])
    assert table.parts[0].header_row == 5
    assert table.header == ["EMPLOYEE-ID", "Last name"]
    assert table.rows == [(6, ["7", "Ann"])]


@pytest.mark.parametrize(("above", "found"), [(99, True), (100, False)])
def test_a_header_is_looked_for_in_the_first_hundred_rows(above, found):
    content = workbook({"S": [["title"]] * above + [["ID"], ["7"]]})
    if found:
        assert read(content, find_header=["ID"]).rows == [(101, ["7"])]
    else:
        assert refusal(content, find_header=["ID"]).code == "column_missing"


def test_a_header_of_two_rows_joins_groups_to_the_names_below():
    upper = ["Employee ID", "Name", None, "Address", None, None]
    lower = [None, "Last", "First", "City", "Zip", "State"]
    content = workbook({"S": [*TITLES, upper, lower, list("123456")]}, merges=["A4:A5", "B4:C4", "D4:E4"])
    table = read(content, header_row=4, header_rows=2)
    assert table.header == ["Employee ID", "Name Last", "Name First", "Address City", "Address Zip", "State"]
    assert table.parts[0].header_row == 4
    assert table.rows == [(6, list("123456"))]


def test_a_header_of_two_rows_is_found_by_its_joined_names():
    content = workbook({"S": [*TITLES, ["ID", "Name", None], [None, "Last", "First"], list("123")]}, merges=["B4:C4"])
    table = read(content, find_header=["id", "name first"], header_rows=2)
    assert table.header == ["ID", "Name Last", "Name First"]
    assert table.rows == [(6, list("123"))]


def test_a_cell_merged_across_a_header_of_one_row_names_its_first_column():
    assert read(workbook({"S": [["Name", None, "ID"], list("123")]}, merges=["A1:B1"])).header == ["Name", "", "ID"]


def test_a_blank_row_in_place_of_the_header_refuses_the_file():
    refused = refusal(workbook({"S": [["ID"], [], ["7"]]}), header_row=2)
    assert "row 2 of the sheet “S”" in refused.details["why"]


def test_a_header_is_given_or_looked_for_never_both():
    with pytest.raises(msgspec.ValidationError, match="never both"):
        msgspec.convert({"header_row": 2, "find_header": ["ID"]}, ExcelFormat)


@pytest.mark.parametrize("common", [{"header_row": 2}, {"find_header": ["Nothing"]}, {"header_rows": 2}])
def test_a_sheet_may_have_a_header_of_its_own(common):
    staff = [["ID", "Name"], ["1", "Ann"]]
    left = [*TITLES, ["Employee", None, "Left"], ["Nr", "Name", None], ["2", "Bob", "2025"]]
    kin = [["Dependents"], ["Of", "Name"], ["1", "Cy"]]
    content = workbook({"Staff": staff, "Left": left, "Kin": kin}, merges=["A4:B4", "C4:C5"])
    sheets = [
        {"name": "Staff", "header_row": 1, "header_rows": 1},
        {"match": "Le.*", "header_row": 4, "header_rows": 2, "constants": {"Status": "T"}},
        {"name": "Kin", "find_header": ["of", "name"], "header_rows": 1},
    ]
    table = read(content, sheets=sheets, **common)
    assert [(part.name, part.header, part.header_row) for part in table.parts] == [
        ("Staff", ["ID", "Name"], 1),
        ("Left", ["Employee Nr", "Employee Name", "Left", "Status"], 4),
        ("Kin", ["Of", "Name"], 2),
    ]
    assert table.rows == [(2, ["1", "Ann"]), (6, ["2", "Bob", "2025", "T"]), (3, ["1", "Cy"])]


def test_a_sheet_that_says_nothing_of_its_header_has_that_of_the_others():
    rows = [["title"], ["ID", "Name"], ["1", "Ann"]]
    content = workbook({"A": rows, "B": rows, "C": rows[1:]})
    sheets = ["A", {"name": "B", "constants": {"Of": "b"}}, {"name": "C", "header_row": 1}]
    assert read(content, sheets=sheets, header_row=2).cells == [["1", "Ann"], ["1", "Ann", "b"], ["1", "Ann"]]
    sheets[2] = {"name": "C", "header_rows": 1}
    assert read(content, sheets=sheets, find_header=["id"]).cells[2] == ["1", "Ann"]


def test_of_two_entries_for_one_sheet_the_first_counts_for_its_header_too():
    content = workbook({"A": [["title"], ["ID"], ["1"]]})
    sheets = ["A", {"match": ".*", "header_row": 1, "constants": {"Of": "b"}}]
    assert read(content, sheets=sheets, header_row=2).cells == [["1"]]


def test_a_sheet_whose_own_header_is_not_there_refuses_the_file():
    content = workbook({"A": [["ID"], ["1"]], "B": [["ID"], [], ["1"]]})
    refused = refusal(content, sheets=["A", {"name": "B", "header_row": 2}])
    assert "row 2 of the sheet “B”" in refused.details["why"]
    missing = refusal(content, sheets=["A", {"name": "B", "find_header": ["Nr"]}])
    assert "Nr (all in one of the first rows of the sheet “B”)" in missing.details["missing"]


def test_the_header_of_a_sheet_is_given_or_looked_for_never_both():
    with pytest.raises(msgspec.ValidationError, match="never both"):
        msgspec.convert({"sheets": [{"name": "A", "header_row": 1, "find_header": ["ID"]}]}, ExcelFormat)


# ---------------------------------------------------------------- rows


def test_blank_rows_are_passed_over_and_leave_row_numbers_true():
    table = read(workbook({"S": [["ID", "N"], [], ["1", "x"], [" ", None], ["2"], [" "]]}))
    assert table.rows == [(3, ["1", "x"]), (5, ["2", ""])]
    assert table.remarks == ["2 blank rows were passed over."]


def test_a_total_row_and_what_follows_is_no_data():
    rows = [["ID", "Pay"], ["1", 5], [" Total ", 5], ["printed", "today"]]
    table = read(workbook({"S": rows}), footer={"column": "id", "is": ["Total"]})
    assert table.rows == [(2, ["1", "5"])]
    assert table.remarks == ["2 footer rows were not read as data."]


def test_the_last_rows_may_be_a_footer():
    table = read(workbook({"S": [["ID"], ["1"], ["2"], [], ["sum"]]}), footer={"rows": 1})
    assert table.cells == [["1"], ["2"]]


def test_notes_beside_the_table_are_told_but_not_read():
    table = read(workbook({"S": [["ID", "N"], ["1", "x", None, "call Ann"], ["2", "y", None, None]]}))
    assert table.cells == [["1", "x"], ["2", "y"]]
    assert table.remarks == ["Cells right of the header were not read in 1 row."]


def test_a_table_may_begin_anywhere():
    table = read(workbook({"S": [[], [None, None, "ID"], [None, None, "7"]]}), header_row=2)
    assert table.header == ["", "", "ID"]
    assert table.rows == [(3, ["", "", "7"])]
