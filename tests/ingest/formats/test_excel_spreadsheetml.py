"""XML Spreadsheet 2003 under the name of .xls: read like the workbook that it is."""

from __future__ import annotations

import datetime as dt

import pytest
from helpers.spelled import SHEET, spreadsheetml, style, worksheet, xml_cell, xml_row, xml_workbook
from helpers.spreadsheets import DAY, Bytes, read, refusal, workbook

from ingest.formats.excel import ExcelFormat, open_table

HEADER = xml_row("ID", "Name", "Since", "Pay")


def test_each_type_of_value_is_told_as_a_workbook_tells_it():
    rows = [
        ["ID", "Name", "Since", "Pay", "Active"],
        ["00123", "O'Neil & Söhne <x>", (dt.date(2026, 5, 1), DAY), 85000.5, True],
        [7, "two\nlines", None, -1.5, False],
        [123456789012345, "  x ", (46143, DAY), 1e-7, None],
        [1234567890123456, "x", (0, DAY), 0.1 + 0.2, (100000, "0.00E+00")],
        [(7, "00000"), "x", (0.5, "hh:mm"), (7, '"E"0'), (36.5 / 24, "[h]:mm:ss")],
    ]
    table, usual = read(spreadsheetml({"S": rows})), read(workbook({"S": rows}))
    assert (table.header, table.rows) == (usual.header, usual.rows)
    assert table.cells[0] == ["00123", "O'Neil & Söhne <x>", "2026-05-01", "85000.5", "TRUE"]
    assert table.cells[4] == ["00007", "x", "12:00:00", "E7", "36:30:00"]


def test_errors_are_flaws_where_they_stand():
    table = read(spreadsheetml({"S": [["a", "b"], [1, "#N/A"], [], [None, "#REF!"]]}))
    assert table.cells == [["1", "#N/A"], ["", "#REF!"]]
    assert table.flaws == [(2, 1, "formula_error", "#N/A"), (4, 1, "formula_error", "#REF!")]


def test_indexes_leave_out_rows_and_cells():
    rows = [
        xml_row(xml_cell("7"), xml_cell("2026", 'ss:Index="3"'), xml_cell("5"), more='ss:Index="4"'),
        xml_row(xml_cell("x", 'ss:Index="2" ss:MergeAcross="1"'), xml_cell("6")),
        xml_row("8", more='ss:Index="9"'),
    ]
    table = read(xml_workbook(worksheet(HEADER, *rows)))
    assert table.rows == [(4, ["7", "", "2026", "5"]), (5, ["", "x", "", "6"]), (9, ["8", "", "", ""])]
    assert table.remarks == ["5 blank rows were passed over."]


def test_attributes_may_lack_their_prefix_and_those_of_others_mean_nothing():
    rows = '<Row Index="3" x:Index="5"><Cell x:Index="9" Index="2"><Data Type="Number" x:Type="String">7.0</Data></Cell></Row>'
    assert read(xml_workbook(worksheet(HEADER, rows))).rows == [(3, ["", "7", "", ""])]


def test_a_row_that_stands_for_several_moves_those_below_it():
    assert read(xml_workbook(worksheet(HEADER, xml_row(more='ss:Span="2"'), xml_row("7")))).rows[0][0] == 5


@pytest.mark.parametrize(
    "rows",
    [
        xml_row("1") + xml_row("2", more='ss:Index="1"'),
        xml_row("1", xml_cell("2", 'ss:Index="1"')),
        xml_row(xml_cell("1", 'ss:MergeAcross="2"'), xml_cell("2", 'ss:Index="2"')),
        xml_row("1", more='ss:Index="1048577"'),
        xml_row(xml_cell("1", 'ss:Index="16385"')),
        xml_row(xml_cell("1", 'ss:Index="0"')),
        xml_row(xml_cell("1", 'ss:Index="-1"')),
        xml_row(xml_cell("1", 'ss:MergeAcross="-1"')),
        xml_row("1", more='ss:Index="x"'),
    ],
)
def test_cells_over_each_other_or_beyond_a_sheet_refuse_the_file(rows):
    assert refusal(xml_workbook(worksheet(HEADER, rows))).code == "unreadable"


def test_a_cell_has_the_format_of_its_style_or_its_row_or_its_column():
    styles = style("zeros", "00000") + style("child", "", 'ss:Parent="zeros"').replace("<NumberFormat", "<Font")
    columns = '<Column/><Column ss:StyleID="zeros" ss:Span="1"/><Column ss:Index="4"/>'
    rows = [
        xml_row(7, 7, 7, 7),
        xml_row(7, 7, 7, 7, more='ss:StyleID="child"'),
        xml_row((7, "child"), (7, "Default"), 7, (7, "unknown")),
    ]
    table = read(xml_workbook(worksheet(HEADER, *rows, columns=columns), styles=style("Default", "General") + styles))
    assert table.cells == [["7", "00007", "00007", "7"], ["00007"] * 4, ["00007", "7", "00007", "7"]]


@pytest.mark.parametrize(
    ("code", "number", "told"),
    [
        ("Short Date", 46143, "2026-05-01"),
        ("General Date", 46143.5, "2026-05-01T12:00:00"),
        ("Medium Time", 0.25, "06:00:00"),
        ("Short Date", -1, "-1"),
        ("Short Date", 99999999, "99999999"),
        ("Scientific", 100000, "1.00000000000000E+05"),
        ("Fixed", 1.5, "1.5"),
        ("Yes/No", 1, "1"),
        ("Percent", 0.5, "0.5"),
        ("[$-409]d\\-mmm\\-yy;@", 46143, "2026-05-01"),
        ("Currency", 12, "12"),
    ],
)
def test_formats_by_name_mean_what_they_do_in_excel(code, number, told):
    content = xml_workbook(worksheet(HEADER, xml_row("1", "x", (number, "s"))), styles=style("s", code))
    assert read(content).cells[0][2] == told


def data(kind, text):
    return f'<Cell><Data ss:Type="{kind}">{text}</Data></Cell>'


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("Number", "00123", "00123"),
        ("Number", "1.5E3", "1500"),
        ("Number", "n/a", "n/a"),
        ("Number", "1_000", "1_000"),
        ("Number", "1234567890123456789", "1.23456789012346E+18"),
        ("DateTime", "2026-05-01T12:30:15.000", "2026-05-01T12:30:15"),
        ("DateTime", "1899-12-31T12:30:00.000", "12:30:00"),
        ("DateTime", "1899-12-31T00:00:00.000", "0"),
        ("DateTime", "1900-01-01T00:00:00.000", "1900-01-01"),
        ("DateTime", "9999-12-31T00:00:00.000", "9999-12-31"),
        ("DateTime", "05/01/2026", "05/01/2026"),
        ("DateTime", "2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z"),
        ("Boolean", "1", "TRUE"),
        ("Boolean", "yes", "yes"),
        ("String", "&#10;a&#10;b", "\na\nb"),
    ],
)
def test_a_value_that_is_not_of_its_type_stays_what_is_written(kind, text, told):
    assert read(xml_workbook(worksheet(HEADER, xml_row("1", data(kind, text))))).cells[0][1] == told


def test_times_of_day_and_numbers_count_from_1904_where_the_workbook_says_so():
    since = "<x:ExcelWorkbook><x:Date1904/></x:ExcelWorkbook>"
    rows = [xml_row(data("DateTime", "1904-01-01T06:00:00.000"), (42428, "s"))]
    content = xml_workbook(worksheet(HEADER, *rows), styles=style("s", DAY), more=since)
    assert read(content).cells == [["06:00:00", "2020-02-29", "", ""]]


def test_a_remark_beside_a_cell_is_no_text_of_it_and_fonts_are_none():
    rich = '<ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40"><B>Ann</B> <Font>Lee</Font></ss:Data>'
    note = '<Comment ss:Author="x"><ss:Data xmlns="http://www.w3.org/TR/REC-html40">ask</ss:Data></Comment>'
    cells = f"<Cell>{rich}{note}</Cell>", f"<Cell>{note}</Cell>"
    assert read(xml_workbook(worksheet(HEADER, xml_row("1", *cells, "5")))).cells == [["1", "Ann Lee", "", "5"]]


def options(visible):
    return f"<x:WorksheetOptions><x:Visible>{visible}</x:Visible></x:WorksheetOptions>"


def test_sheets_have_names_and_may_be_hidden():
    content = xml_workbook(
        worksheet(xml_row("x"), name="Cover", more=options("SheetHidden")),
        worksheet(HEADER, xml_row("1"), name="Active &amp; more"),
        worksheet(HEADER, xml_row("2"), name="Left"),
    )
    table = read(content)
    assert [part.name for part in table.parts] == ["Active & more"]
    assert table.remarks == ["Not read: “Cover”, “Left”."]
    both = read(content, sheets=["Left", "Active.*"])
    assert both.sheets == [(0, "Active & more"), (1, "Left")]


def test_hidden_rows_and_columns_are_told():
    columns = '<Column ss:Index="2" ss:Hidden="1" ss:Span="1"/>'
    rows = [xml_row("1", "x", more='ss:Hidden="1"'), xml_row("2", None, "y")]
    table = read(xml_workbook(worksheet(HEADER, *rows, columns=columns)))
    assert table.remarks == ["1 row and 2 columns that are hidden in the workbook were read."]


def test_merged_cells_of_a_header_name_the_columns_that_they_span():
    upper = xml_row(xml_cell("ID", 'ss:MergeDown="1"'), xml_cell("Name", 'ss:MergeAcross="1"'), "Address")
    lower = xml_row(xml_cell("Last", 'ss:Index="2"'), "First", "City")
    table = read(xml_workbook(worksheet(upper, lower, xml_row(*"1234"))), header_rows=2)
    assert table.header == ["ID", "Name Last", "Name First", "Address City"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_its_encoding_is_the_one_that_it_declares(encoding):
    text = xml_workbook(worksheet(HEADER, xml_row("1", "Müller"))).decode()
    declared = text.replace('version="1.0"', f'version="1.0" encoding="{encoding.removesuffix("-sig")}"')
    assert read(declared.encode(encoding)).cells == [["1", "Müller", "", ""]]


def test_an_undecodable_byte_is_the_flaw_of_its_cell():
    content = xml_workbook(worksheet(HEADER, xml_row("1", "M#ller"), xml_row("2", "x"))).replace(b"M#", b"M\xfc")
    table = read(content)
    assert table.flaws == [(2, 1, "undecodable", "M\ufffdller")]
    assert table.cells[1] == ["2", "x", "", ""]


def test_prefixes_make_no_difference():
    content = xml_workbook(worksheet(HEADER, xml_row("1", (7, "s"))), styles=style("s", "00000")).decode()
    for element in ("Workbook", "Worksheet", "Table", "Row", "Cell", "Data", "Styles", "Style", "NumberFormat"):
        content = content.replace(f"<{element}", f"<ss:{element}").replace(f"</{element}>", f"</ss:{element}>")
    content = content.replace(f'xmlns="{SHEET}" ', "")
    assert read(content.encode()).cells == [["1", "00007", "", ""]]


@pytest.mark.parametrize("where", ["<Workbook", "<?mso"])
def test_entities_are_refused_before_anything_could_expand_them(where):
    content = xml_workbook(worksheet(HEADER, xml_row("1", "&a;"))).decode().replace("&amp;a;", "&a;")
    bomb = content.replace(where, f'<!DOCTYPE x [<!ENTITY a "aaaa">]>{where}', 1)
    assert "document type" in refusal(bomb.encode()).details["why"]


def test_one_that_is_cut_short_is_refused():
    content = xml_workbook(worksheet(HEADER, *(xml_row(str(number)) for number in range(3_000))))
    assert "ends before its elements do" in refusal(content[: len(content) // 2]).details["why"]


def test_one_without_a_worksheet_is_refused():
    assert refusal(xml_workbook()).details["why"] == "it is XML without a worksheet"


def test_a_cell_without_measure_is_the_flaw_of_its_row():
    content = xml_workbook(worksheet(HEADER, xml_row("1", "x" * 3_000_000), xml_row("2")))
    [batch] = open_table(Bytes(content), ExcelFormat()).batches()
    assert [(one.row, one.flaw.code) for one in batch.broken] == [(2, "too_long")]
    assert batch.rows == [3]
