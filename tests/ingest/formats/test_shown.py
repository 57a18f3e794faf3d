"""A number whose format shows more than it is, such as 7 as 000007, is read as it is shown, in all kinds of workbooks."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.spreadsheets import ODF, odf_cell, open_document, read, streamed, workbook
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.shown import Shown, form_of

SAMPLES = Path(__file__).parents[2] / "data" / "excel"
MANY_NOUGHTS = f'<number:number xmlns:number="{ODF}datastyle:1.0" number:min-integer-digits="6"/>'


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        ("000000", "7", "000007"),
        ("000000", "0", "000000"),
        ("000000", "12345678", "12345678"),
        ("000000;-000000;0", "7", "000007"),
        ("000000", "-7", "-000007"),
        ("000000", "7.5", "7.5"),
        (r"000\-00\-0000", "12345678", "012-34-5678"),
        ("000-00-0000", "12345678", "012-34-5678"),
        (r"00000\-0000", "1234567890", "123456-7890"),
        ('"E"000000', "7", "E000007"),
        ('"E-"0', "7", "E-7"),
        (r"\E0", "7", "E7"),
        ('"E"#', "7", "E7"),
        ("#000", "12345", "12345"),
        ('[Red]"P"00', "5", "P05"),
        ('"a;b"00', "5", "a;b05"),
        ("00_)", "5", "05"),
    ],
)
def test_a_form_shows_what_the_spreadsheet_does(code, number, shown):
    form = form_of(code)
    assert form is not None
    assert form.of(number) == shown


@pytest.mark.parametrize(
    "code",
    ["", "General", "0", "#", "@", "0.00", "00.0", "#,##0", "0%", "0.00E+00;0", '0" years"', '"USD "0', '"$"0',
     "yyyy-mm-dd", "00:00 AM/PM", '_(* #,##0_);_(* "-"??_)', "# ??/??", "[h]:mm", "###-##-####", '"text"', "00/00"],
)  # fmt: skip
def test_a_format_that_is_no_form_leaves_numbers_alone(code):
    assert form_of(code) is None


@pytest.mark.parametrize("code", ["0.00E+00", "##0.0E+0", "00E+00", "0E-0"])
def test_an_exponent_tells_all_digits_of_any_number(code):
    form = form_of(code)
    assert form is not None
    assert [form.of(number) for number in ("100000", "-17012.34", "0", "1E+22")] == [
        "1.00000000000000E+05",
        "-1.70123400000000E+04",
        "0.00000000000000E+00",
        "1.00000000000000E+22",
    ]


@given(st.integers(0, 10**15 - 1), st.integers(2, 12))
def test_noughts_in_front_are_all_that_a_form_of_noughts_adds(number, width):
    form = form_of("0" * width)
    assert form is not None
    assert form.of(str(number)) == f"{number:0{width}}"


FORMED = [
    ["EMP_ID", "Papers", "More", "Salary"],
    ["000007", "P007", "000-07", "7"],
    ["1234567", "P1234567", "12345-67", "1234567"],
    ["12345.5", "12345.5", "12345.5", "12345.5"],
    ["7", "", "", ""],
]


def made_book() -> bytes:
    codes = ["000000", '"P"000', r"000\-00", "#,##0.00"]
    rows = [[(number, code) for code in codes] for number in (7, 1234567, 12345.5)]
    return workbook({"Forms": [FORMED[0], *rows, [("7", "000000")]]})


@pytest.mark.parametrize("content", [made_book, (SAMPLES / "forms.xls").read_bytes], ids=["xlsx", "xls"])
def test_numbers_are_read_in_the_form_that_their_cell_shows(content):
    table = read(content())
    assert [table.header, *table.cells] == FORMED


def test_numbers_have_their_form_when_a_workbook_is_read_row_by_row():
    cells = read(streamed(made_book())).cells
    assert cells[:4] == FORMED[1:]


def test_numbers_of_an_open_document_have_the_form_that_it_shows():
    seven = odf_cell("000007", "float", 'office:value="7"')
    lettered = odf_cell("E7", "float", 'office:value="7"')
    plain = odf_cell("7.00", "float", 'office:value="7"')
    money = odf_cell("USD 7", "currency", 'office:value="7"')
    several = odf_cell("0012", "float", 'office:value="12" table:number-columns-repeated="2"')
    rows = [["a", "b", "c", "d"], [seven, lettered, plain, money], [several, "x", "y"]]
    assert read(open_document({"One": rows}, MANY_NOUGHTS)).cells == [
        ["000007", "E7", "7", "7"],
        ["0012", "0012", "x", "y"],
    ]


def test_a_number_that_is_shown_with_an_exponent_comes_with_one():
    content = workbook({"One": [["a", "b", "c"], [(100000, "0.00E+00"), (17012.34, "##0.0E+0"), 5]]})
    exponents = ["1.00000000000000E+05", "1.70123400000000E+04"]
    assert read(content).cells == [[*exponents, "5"]]
    assert read(streamed(content)).cells[0][:2] == exponents
    style = f'<number:scientific-number xmlns:number="{ODF}datastyle:1.0"/>'
    document = open_document({"One": [["a", "b"], [odf_cell("1.00E+05", "float", 'office:value="100000"'), 5]]}, style)
    assert read(document).cells == [[exponents[0], "5"]]


def test_forms_that_come_in_any_order_are_found():
    noughts, letters = form_of("000"), form_of('"E"0')
    assert noughts
    assert letters
    shown = Shown()
    for row, form in ((5, noughts), (6, noughts), (2, letters), (3, noughts)):
        shown.note(row, 1, form)
    found = {}
    for row in range(1, 8):
        texts = ["x", "4"]
        shown.complete(row, ["x", 4.0], texts)
        found[row] = texts[1]
    assert found == {1: "4", 2: "E4", 3: "004", 4: "4", 5: "004", 6: "004", 7: "4"}
