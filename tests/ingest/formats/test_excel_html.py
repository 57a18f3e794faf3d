"""Tables of HTML under the name of .xls: read as a browser shows them."""

from __future__ import annotations

import pytest
from helpers.spelled import html, html_table
from helpers.spreadsheets import Bytes, read, refusal

from ingest.formats.excel import ExcelFormat, open_table
from ingest.formats.spelled import kind_of

HEADER = "<tr><th>ID</th><th>Name</th><th>Note</th></tr>"


def page(*rows, **options):
    return html(f"<table>{HEADER}{''.join(rows)}</table>", **options)


def cells(*rows, **options):
    return read(page(*rows, **options)).cells


def test_a_table_is_a_sheet_whose_cells_are_what_they_show():
    table = read(html([["ID", "Name", "Since"], ["00123", "O'Neil & <Söhne>", "05/01/2026"], ["7", "", "1.00E+05"]]))
    assert [part.name for part in table.parts] == ["Table 1"]
    assert table.header == ["ID", "Name", "Since"]
    assert table.rows == [(2, ["00123", "O'Neil & <Söhne>", "05/01/2026"]), (3, ["7", "", "1.00E+05"])]
    assert table.remarks == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<td>  a\n\t b </td>", "a b"),
        ("<td>a&nbsp;&nbsp;b&nbsp;</td>", "a  b"),
        ("<td>a<br>b<br/><br>c</td>", "a\nb\nc"),
        ("<td><p>a</p><div>b <b>c</b></div></td>", "a\nb c"),
        ("<td><font><b>a</b></font><i> b</i></td>", "a b"),
        ("<td>&amp;lt; &#252;&#xfc;&uuml; &euro;</td>", "&lt; üüü €"),
        ("<td>a<!-- <td>no</td> -->b</td>", "ab"),
        ("<td>a<![if x]>b<![endif]></td>", "ab"),
        ("<td>a<script>'<td>no</td>'</script><style>no</style>b</td>", "ab"),
        ("<td>a<select><option>no</option></select>b</td>", "ab"),
        ("<td>1 < 2 & 3</td>", "1 < 2 & 3"),
        ("<TD CLASS=x>a</TD>", "a"),
        ("<td>a", "a"),
        ("<td/>", ""),
        ("<td><a href='x>y'>a</a></td>", "a"),
        ("<td><input value='no'>a</td>", "a"),
    ],
)
def test_a_cell_says_what_a_browser_shows(written, shown):
    assert cells(f"<tr>{written}<td>next</td></tr>") == [[shown, "next", ""]]


def test_tags_that_may_be_left_out_are_understood():
    text = "<table><thead><tr><th>ID<th>Name<tbody><tr><td>1<td>Ann<tr><td>2<td>Bo</table></html>"
    assert read(text.encode()).cells == [["1", "Ann"], ["2", "Bo"]]


def test_a_table_without_an_end_is_whole_where_the_page_has_one():
    assert read(b"<html><table><tr><td>ID<tr><td>1</html>").cells == [["1"]]


@pytest.mark.parametrize("end", ["", "</td>", "</td></tr>", "</td></tr></tbody>", "</td><t", "<!-- ", "<script>"])
def test_one_that_is_cut_short_is_refused(end):
    text = f"<html><body><table>{HEADER}<tr><td>1</td><td>Ann{end}"
    assert "cut short" in refusal(text.encode()).details["why"]


# ---------------------------------------------------------------- spans


def test_a_cell_that_spans_columns_stands_in_the_first():
    assert cells("<tr><td colspan=2>a</td><td>b</td></tr>") == [["a", "", "b"]]


def test_a_cell_that_spans_rows_moves_the_cells_below_it():
    rows = "<tr><td rowspan='3'>a<td>b<td>c<tr><td>d<td>e<tr><td rowspan=2>f<td>g<tr><td>h<td>i<tr><td>j<td>k<td>l"
    assert cells(rows) == [["a", "b", "c"], ["", "d", "e"], ["", "f", "g"], ["h", "", "i"], ["j", "k", "l"]]


def test_a_cell_that_spans_both_moves_both():
    assert cells("<tr><td>1<td colspan=2 rowspan=2>a<tr><td>2<tr><td>3<td>b<td>c") == [
        ["1", "a", ""],
        ["2", "", ""],
        ["3", "b", "c"],
    ]


def test_a_cell_may_span_all_rows_below():
    assert cells("<tr><td rowspan=0>a<td>b", *["<tr><td>c<td>d"] * 9)[9] == ["", "c", "d"]


@pytest.mark.parametrize("span", ["0", "", "x", "-2", "1.5", "²"])
def test_a_span_that_is_none_is_one(span):
    assert cells(f"<tr><td colspan='{span}'>a<td>b") == [["a", "b", ""]]


def test_a_span_beyond_measure_is_cut():
    table = read(page("<tr><td colspan=99999999>a<td>b", "<tr><td rowspan=99999999>c<td>d"))
    assert table.cells == [["a", "", ""], ["c", "d", ""]]


def test_more_columns_than_any_sheet_has_are_too_large():
    assert refusal(page("<tr>" + "<td colspan=1000>x" * 17)).code == "too_large"


def test_more_columns_that_reach_down_than_anybody_needs_are_too_large():
    assert refusal(page("<tr>" + "<td rowspan=2>x" * 2_002)).code == "too_large"


def test_merged_cells_of_a_header_name_the_columns_that_they_span():
    text = (
        "<table><tr><th rowspan=2>ID<th colspan=2>Name<th>Address<tr><th>Last<th>First<th>City"
        "<tr><td>1<td>2<td>3<td>4</table>"
    )
    table = read(text.encode(), header_rows=2)
    assert table.header == ["ID", "Name Last", "Name First", "Address City"]
    assert table.rows == [(3, ["1", "2", "3", "4"])]


# ---------------------------------------------------------------- several tables

ROSTER = [["ID", "Name"], ["1", "Ann"]]


def test_each_table_with_anything_in_it_is_a_sheet():
    content = html([], [["", ""]], ROSTER, [["ID"], ["2"]])
    table = read(content)
    assert [part.name for part in table.parts] == ["Table 3"]
    assert table.remarks == ["Not read: “Table 1”, “Table 2”, “Table 4”."]
    assert read(content, sheets=["Table 4"]).cells == [["2"]]
    assert read(content, sheets=[r"Table \d"], find_header=["ID"]).sheets == [(0, "Table 3"), (1, "Table 4")]


def test_a_table_that_holds_others_is_layout_and_none_of_its_text_is_read():
    inner = html_table(ROSTER)
    content = html(
        f"<table><tr><td>Title<td>of it<tr><td>{inner}</td><td>beside</td></tr><tr><td>below</table>", ROSTER
    )
    table = read(content)
    assert [part.name for part in table.parts] == ["Table 2"]
    assert table.cells == [["1", "Ann"]]
    assert table.remarks == ["Not read: “Table 1 (holds other tables)”, “Table 3”."]
    assert refusal(content, sheets=["Table 1.*"]).code == "empty_file"


def test_tables_nest_as_deep_as_they_like():
    text = "<table><tr><td>" * 500 + html_table(ROSTER) + "</table>" * 500
    assert read(f"<html>{text}</html>".encode()).cells == [["1", "Ann"]]


def test_text_outside_tables_is_none_of_them():
    assert read(html("<h1>Roster</h1><td>x</td><tr>", ROSTER, "printed today")).cells == [["1", "Ann"]]


@pytest.mark.parametrize("content", [b"<html><body>Your session has expired.</body></html>", b"<!DOCTYPE html><p>x"])
def test_a_page_without_a_table_is_told_as_such(content):
    assert refusal(content).details["why"] == "it is a web page without a table"


def test_a_page_with_nothing_in_its_tables_has_no_sheet_to_be_read():
    assert refusal(html([["", ""]])).details["why"] == "it has no visible sheet"


def test_a_page_packed_with_its_pictures_is_told_as_such():
    content = b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n--x\n<table><tr><td>=\n"
    assert "(MHTML)" in refusal(content).details["why"]


# ---------------------------------------------------------------- what Excel says in HTML


@pytest.mark.parametrize(
    ("number", "shown", "told"),
    [
        ("1234.567", "$1,235", "1234.567"),
        ("1234.567", "1.234,57 €", "1234.567"),
        ("-1234.567", "(1,234.6)", "-1234.567"),
        ("0.4567", "46%", "0.4567"),
        ("7", "00007", "00007"),
        ("7", "7", "7"),
        ("46143", "5/1/2026", "5/1/2026"),
        ("46143", "01.05.2026", "01.05.2026"),
        ("46143", "2026-05-01", "2026-05-01"),
        ("0.5", "12:00", "12:00"),
        ("7", "E7", "E7"),
        ("1002350000017", "1.00E+12", "1.00235000001700E+12"),
        ("1234567890123456", "1234567890123456", "1.23456789012346E+15"),
        ("", "1,235", "1,235"),
        ("nan", "1,235", "1,235"),
        ("5", "", ""),
        ("5", "-", "-"),
    ],
)
def test_a_number_that_is_shown_shortened_has_all_its_digits(number, shown, told):
    assert cells(f'<tr><td x:num="{number}">{shown}<td>x') == [[told, "x", ""]]


def test_errors_are_flaws_where_they_stand():
    table = read(page('<tr><td>1<td x:err="#N/A">#N/A', "<tr><td>2<td>#NAME", "<tr><td><td><td>#REF!"))
    assert table.flaws == [(2, 1, "formula_error", "#N/A"), (4, 2, "formula_error", "#REF!")]


def test_hidden_rows_and_columns_are_told():
    rows = ["<tr style='mso-x:1; DISPLAY : none'><td>1<td>a", "<tr hidden><td>2<td>b"]
    rows += ["<tr><td>3<td style='display:none'>c", "<tr><td>4<td style='display:none'>d"]
    table = read(page(*rows))
    assert len(table.cells) == 4
    assert table.remarks == ["2 rows and 1 column that are hidden in the workbook were read."]


# ---------------------------------------------------------------- encodings

MULLER = "<tr><td>1<td>Müller<td>€"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
        ("", "utf-16-le"),
        ("", "utf-16-be"),
        ("", "cp1252"),
        ('<meta charset="utf-8">', "utf-8"),
        ("<META HTTP-EQUIV=Content-Type content='text/html; charset=windows-1252'>", "cp1252"),
        ("<meta http-equiv=Content-Type content='text/html; charset=iso-8859-1'>", "cp1252"),
        ("<meta http-equiv=Content-Type content='text/html; charset=iso-8859-15'>", "iso-8859-15"),
        ("<meta charset=iso-8859-1>", "utf-8"),
        ("<meta charset=utf-16>", "utf-8"),
        ("<meta charset=iso-8859-1>", "utf-8-sig"),
    ],
)
def test_its_encoding_is_what_it_declares_or_what_its_bytes_say(head, encoding):
    assert cells(MULLER, head=head, encoding=encoding) == [["1", "Müller", "€"]]


def test_asian_text_is_read_as_it_declares():
    assert cells("<tr><td>1<td>山田 太郎", head="<meta charset=shift_jis>", encoding="cp932") == [
        ["1", "山田 太郎", ""]
    ]


@pytest.mark.parametrize("label", ["klingon", "utf-7", "base64", "unicode-escape"])
def test_an_encoding_that_there_is_not_refuses_the_file(label):
    assert f"encoding {label}, which there is not" in refusal(page(head=f"<meta charset={label}>")).details["why"]


def test_an_undecodable_byte_is_the_flaw_of_its_cell():
    content = page("<tr><td>1<td>M#ller", "<tr><td>2<td>Søren", head="<meta charset=utf-8>").replace(b"M#", b"M\xfc")
    table = read(content)
    assert table.flaws == [(2, 1, "undecodable", "M\ufffdller")]
    assert table.cells[1] == ["2", "Søren", ""]


# ---------------------------------------------------------------- what is HTML


@pytest.mark.parametrize(
    ("begins", "kind"),
    [
        ("<table><tr><td>", "html"),
        ("\ufeff \n<!-- x --><HTML>", "html"),
        ('<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html>', "html"),
        ("<!DOCTYPE html><main>", "html"),
        ("<style>x</style><div><table><tr>", "html"),
        ("<h2>Roster</h2><table><tr>", "html"),
        ("<table><row><id>1</id></row>", None),
        ("<people><table><tr>", None),
        ("<people><person><head>x", None),
        ("ID,<html>", None),
        ("", None),
        ('<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "spreadsheetml"),
        ("<?mso-application progid='Excel.Sheet'?><s:Workbook xmlns:s='urn:schemas-microsoft-com:office:spreadsheet'>", "spreadsheetml"),
        ("<Workbook><Worksheet>", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16"])
def test_it_is_told_by_how_it_begins(begins, kind, encoding):
    assert kind_of(begins.encode(encoding)) == kind


# ---------------------------------------------------------------- measure


def test_many_rows_come_in_order_through_all_batches():
    rows = [["ID", "Name"], *([str(number), "x" * 50] for number in range(12_000))]
    table = read(html(rows))
    assert [row for row, _ in table.rows] == list(range(2, 12_002))
    assert [one[0] for one in table.cells] == [str(number) for number in range(12_000)]


def test_a_cell_without_measure_is_the_flaw_of_its_row():
    content = page(f"<tr><td>1<td>{'x' * 3_000_000}", "<tr><td>2")
    [batch] = open_table(Bytes(content), ExcelFormat()).batches()
    assert [(one.row, one.flaw.code) for one in batch.broken] == [(2, "too_long")]
    assert batch.rows == [3]


@pytest.mark.parametrize("opened", ["<!--", "<script>", "<td title='"])
def test_a_tag_without_measure_is_too_large(opened):
    assert refusal(page(opened + "x" * 20_000_000)).code == "too_large"
