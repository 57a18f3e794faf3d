"""What a form cannot hold is told with column and row, and nothing is cut or changed without a word."""

from __future__ import annotations

import io
import json

import msgspec
import openpyxl
import pytest

from outbound.forms import Form, Unfit, write


def form(**described):
    return msgspec.convert(described, Form)


def written(spec, *values):
    out = io.BytesIO()
    write(spec, ["name"], [[value] for value in values], out)
    return out.getvalue()


def fixed(**more):
    column = {"from": "name", "header": "NAME", "width": 5} | {
        key: more.pop(key) for key in ("align", "pad", "width") if key in more
    }
    return form(type="fixed", columns=[column], line_end="lf", **more)


def told(spec, *values):
    with pytest.raises(Unfit) as error:
        written(spec, *values)
    assert not any(str(value) in error.value.sentence for value in values)
    return error.value.sentence


def test_a_value_wider_than_its_column_is_told_and_never_cut():
    assert told(fixed(), "Ann", "Elisabeth") == (
        'Row 2 of the report, column "NAME": it takes 9 characters, and the column has 5.'
    )
    assert written(fixed(), "Ann", "Elisa") == b"Ann  \nElisa\n"


def test_widths_may_count_bytes():
    assert written(fixed(unit="bytes"), "Mül") == "Mül \n".encode()
    assert "takes 6 bytes" in told(fixed(unit="bytes"), "Müüx")
    assert written(fixed(unit="characters"), "Müüx") == "Müüx \n".encode()


def test_zeros_stand_between_a_number_and_its_sign():
    spec = fixed(align="right", pad="0")
    assert written(spec, 42, -42, "Ann") == b"00042\n-0042\n00Ann\n"


def test_a_line_break_in_a_record_is_told():
    assert "holds a line break" in told(fixed(), "a\nb")


@pytest.mark.parametrize("type_", ["csv", "fixed"])
def test_a_letter_that_the_encoding_lacks_is_told_or_replaced(type_):
    def spec(**more):
        return (
            fixed(**more)
            if type_ == "fixed"
            else form(type="csv", columns=[{"from": "name", "header": "NAME"}], **more)
        )

    sentence = told(spec(encoding="cp1252"), "Ann", "Łukasz")
    assert sentence.startswith('Row 2 of the report, column "NAME": cp1252 does not have the letter "Ł" (U+0141)')
    assert b"?uka" in written(spec(encoding="cp1252", replacement="?"), "Łuka")
    assert "Łuka".encode("cp1250") in written(spec(encoding="cp1250"), "Łuka")


def test_without_quotes_a_cell_that_needs_them_is_told():
    spec = form(type="csv", quote=None)
    assert "no `quote` to stand around it" in told(spec, "a,b")
    assert written(spec, 'a"b', None) == b'name\r\na"b\r\n\r\n'


def test_what_a_spreadsheet_would_run_is_made_harmless_unless_a_program_reads_it():
    values = ["=1+1", "+15551234", "@SUM(A1)", "-2", -2]
    assert written(form(type="csv"), *values).decode().split() == [
        "name",
        "'=1+1",
        "'+15551234",
        "'@SUM(A1)",
        "'-2",
        "-2",
    ]
    assert written(form(type="csv", raw=True), *values).decode().split() == [
        "name",
        "=1+1",
        "+15551234",
        "@SUM(A1)",
        "-2",
        "-2",
    ]


def test_a_workbook_holds_it_as_text_that_stays_text():
    book = openpyxl.load_workbook(io.BytesIO(written(form(type="xlsx"), "=1+1", "#N/A", "_x0041_", "a\x01b")))
    cells = [row[0] for row in book["Report"].iter_rows(min_row=2)]
    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [
        ("s", True),
        ("s", False),
        ("s", False),
        ("s", False),
    ]
    assert cells[0].value == "=1+1"
    assert cells[1].value == "#N/A"


def test_text_longer_than_a_cell_of_a_workbook_is_told():
    assert "32,767" in told(form(type="xlsx"), "x" * 32_768)
    assert written(form(type="xlsx"), "x" * 32_767)


def test_a_number_longer_than_a_cell_of_a_workbook_holds_is_text():
    book = openpyxl.load_workbook(io.BytesIO(written(form(type="xlsx"), 1234567890123456, 123456789012345)))
    assert [row[0] for row in book["Report"].values] == ["name", "1234567890123456", 123456789012345]


def test_more_rows_than_a_sheet_has_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr("outbound.forms.xlsx.MOST_ROWS", 3)
    book = openpyxl.load_workbook(io.BytesIO(written(form(type="xlsx", sheet="Staff"), *"abcde")))
    assert {sheet.title: [row[0] for row in sheet.values] for sheet in book} == {
        "Staff": ["name", "a", "b"],
        "Staff 2": ["name", "c", "d"],
        "Staff 3": ["name", "e"],
    }


def test_a_number_that_is_none_is_told():
    for one in ("csv", "json", "xlsx"):
        assert "not a finite number" in told(form(type=one), float("nan"))


def test_json_lines_are_one_object_each():
    content = written(form(type="json", layout="lines"), "a", None)
    assert [json.loads(line) for line in content.splitlines()] == [{"name": "a"}, {"name": None}]


@pytest.mark.parametrize(
    ("described", "at"),
    [
        ({"type": "csv", "delimiter": "||"}, "One sign stands between"),
        ({"type": "csv", "delimiter": "'", "quote": "'"}, "Another sign"),
        ({"type": "csv", "quote": None, "quote_all": True}, "no `quote`"),
        ({"type": "csv", "encoding": "cp1252", "bom": True}, "byte order mark"),
        (
            {"type": "csv", "encoding": "ascii", "columns": [{"from": "a", "header": "Größe"}]},
            "does not have the letter",
        ),
        ({"type": "csv", "encoding": "ascii", "replacement": "é"}, "cannot hold this letter"),
        ({"type": "csv", "quote": None, "columns": [{"from": "a", "header": "a,b"}]}, "no `quote`"),
        ({"type": "fixed", "columns": [{"from": "a", "width": 5, "pad": "0"}]}, "Digits behind a number"),
        ({"type": "fixed", "columns": [{"from": "a", "width": 5, "pad": "\n"}]}, "line break"),
        ({"type": "fixed", "unit": "bytes", "columns": [{"from": "a", "width": 5, "pad": "·"}]}, "must take one"),
        (
            {"type": "fixed", "unit": "bytes", "encoding": "utf-16", "columns": [{"from": "a", "width": 5}]},
            "bytes of utf-16",
        ),
        ({"type": "fixed", "header": True, "columns": [{"from": "a", "header": "longer", "width": 5}]}, "takes 6"),
        ({"type": "xlsx", "sheet": "a/b"}, "sheet's name"),
        ({"type": "xlsx", "sheet": "x" * 32}, "sheet's name"),
        ({"type": "xlsx", "columns": [{"from": "a", "format": "%Y%z"}]}, "Excel has no %z"),
        ({"type": "json", "columns": ["a", {"from": "b", "header": "a"}]}, "keys differ"),
        ({"type": "json", "columns": [{"value": "x"}]}, "needs a `header`"),
        ({"type": "json", "columns": [{"from": "a", "format": {"decimal": ""}}]}, "needs its `decimals`"),
        ({"type": "json", "columns": [{"from": "a", "format": {"decimal": ",", "thousands": ","}}]}, "One mark"),
    ],
)
def test_a_form_that_cannot_be_is_refused(described, at):
    with pytest.raises(msgspec.ValidationError, match=at):
        msgspec.convert(described, Form)


@pytest.mark.parametrize("encoding", ["klingon", "base64", "hex"])
def test_an_encoding_must_be_one_of_text(encoding):
    from gateway.config import ConfigError, decode, read

    with pytest.raises(ConfigError, match="is not an encoding of text"):
        decode(read(f"format: {{type: csv, encoding: {encoding}}}", "partner.yaml"), Form, ("format",))


def test_a_byte_order_mark_comes_once_and_first():
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
        text = written(form(type="csv", encoding=encoding, bom=True), "a").decode(encoding.removesuffix("-sig"))
        assert text.lstrip("\ufeff") == "name\r\na\r\n"
        assert (
            written(form(type="csv", encoding=encoding, bom=True), "a").count(
                "\ufeff".encode("utf-8" if "8" in encoding else "utf-16-le")
            )
            == 1
        )
