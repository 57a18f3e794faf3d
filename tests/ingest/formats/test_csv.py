"""Delimited text: what is read, where it stood, and what one bad row costs."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ingest.catalogue import describe_file
from ingest.formats import Format
from ingest.formats.base import Footer, Refused

SPECTRUM = Path(__file__).parents[2] / "data" / "csv-spectrum"
REAL_CASES = Path(__file__).parents[3] / "../shared/data/perm_fy2016.csv"
CASES = sorted(path.stem for path in (SPECTRUM / "csvs").iterdir())


def refusal(read, content, **options):
    with pytest.raises(Refused) as refused:
        read(content, **options)
    assert all(describe_file(refused.value.code, **refused.value.details))
    return refused.value


# ---------------------------------------------------------------- conformance


def test_the_conformance_suite_is_whole():
    assert len(CASES) == 12


def published(case):
    """A pair of the suite, with its two known slips put right.

    This copy of it lost the carriage returns that its `_crlf` files are about, and one pair disagrees with itself about
    a phone number.
    """
    content = (SPECTRUM / "csvs" / f"{case}.csv").read_bytes()
    expected = json.loads((SPECTRUM / "json" / f"{case}.json").read_text("utf-8"))
    if case.endswith("_crlf"):
        content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if case == "location_coordinates":
        expected = [expected | {"Contact Phone Number": "2095257564"}]
    return content, expected


@pytest.mark.parametrize("case", CASES)
def test_csv_spectrum_reads_as_its_json_says(read, case):
    content, expected = published(case)
    table = read(content)
    assert [dict(zip(table.header, cells, strict=True)) for cells in table.cells] == expected
    assert table.broken == []
    assert table.flaws == ([(2, 1, "stray_quote")] if case == "location_coordinates" else [])  # seconds of arc


def test_real_labour_certifications_are_read_whole(read):
    if not REAL_CASES.exists():
        pytest.skip("the published cases of FY2016 are not beside the checkout")
    table = read(REAL_CASES.read_bytes())
    assert len(table.rows) + len(table.broken) == 32_794
    assert table.broken == table.flaws == []


# ---------------------------------------------------------------- positions


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quoted_newlines_do_not_shift_rows_or_lines(read, end):
    table = read(end.join(["id,note", '1,"a', "b", 'c"', "2,x", '3,"y', 'z"', "4,w"]))
    assert table.rows == [
        (2, 2, ["1", end.join("abc")]),
        (3, 5, ["2", "x"]),
        (4, 6, ["3", end.join("yz")]),
        (5, 8, ["4", "w"]),
    ]


def test_one_file_may_mix_all_line_endings(read):
    assert read("a,b\r1,2\n3,4\r\n5,6\r7,8").rows == [
        (2, 2, ["1", "2"]),
        (3, 3, ["3", "4"]),
        (4, 4, ["5", "6"]),
        (5, 5, ["7", "8"]),
    ]


@pytest.mark.parametrize("separator", ["\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_no_other_unicode_separator_ends_a_line(read, separator):
    assert read(f"a,b\n1{separator}1,2\n3,4\n").rows == [(2, 2, [f"1{separator}1", "2"]), (3, 3, ["3", "4"])]


def test_blank_lines_count_as_rows_but_are_not_data(read):
    table = read("a,b\n\n1,2\n   \n\n3,4\n\n")
    assert [(row, line) for row, line, _ in table.rows] == [(3, 3), (6, 6)]
    assert table.remarks == ["4 blank lines were passed over."]


def test_rows_without_content_are_passed_over_and_still_count(read):
    table = read('a,b\n,\n1,2\n" ",\n,,,,\n3,4\n')
    assert [row for row, _, _ in table.rows] == [3, 6]
    assert (table.broken, table.remarks) == ([], ["3 blank rows were passed over."])


# ---------------------------------------------------------------- broken rows


def test_an_unclosed_quote_costs_one_row(read):
    lines = ["a,b"] + [f"{number},x" for number in range(2, 1_000)]
    lines[499] = '500,"x'
    table = read("\n".join(lines))
    assert table.broken == [(500, 500, "bad_quotes")]
    assert [row for row, _, _ in table.rows] == [row for row in range(2, 1_000) if row != 500]
    assert table.rows[-1] == (999, 999, ["999", "x"])


def test_a_row_of_several_lines_survives_an_unclosed_quote_before_it(read):
    table = read('a,b\n1,"x\n2,"y\nz"\n3,w\n')
    assert table.broken == [(2, 2, "bad_quotes")]
    assert table.rows == [(3, 3, ["2", "y\nz"]), (4, 5, ["3", "w"])]


def test_every_row_with_an_unclosed_quote_is_told_by_itself(read):
    table = read('a,b\n1,"x"y\n2,z\n3,"x" \n4,"\n5,w\n')
    assert table.broken == [(2, 2, "bad_quotes"), (4, 4, "bad_quotes"), (5, 5, "bad_quotes")]
    assert table.cells == [["2", "z"], ["5", "w"]]


def test_junk_after_a_closing_quote_breaks_that_row_and_shows_its_cells(read):
    table = read('a,b\n"x"y,1\n2,3\n')
    assert table.broken == [(2, 2, "bad_quotes")]
    assert table.batches[0].broken[0].cells == ["xy", "1"]
    assert table.cells == [["2", "3"]]


def test_quotes_that_reopen_on_every_line_break_each_line_by_itself(read):
    count = 180_000  # 1 MB, more than a record may hold
    table = read("a,b\n" + 'a","x\n' * count)
    assert table.broken == [(row, row, "bad_quotes") for row in range(2, count + 2)]


def test_a_record_that_quotes_stretch_beyond_a_million_characters_is_given_up(read):
    table = read("a,b\n" + 'a","x\n' * 180_000 + 'a"\n3,y\n')
    given_up = [broken for broken in table.broken if broken[2] == "bad_quotes"]
    assert given_up == [(row, row, "bad_quotes") for row in range(2, len(given_up) + 2)]
    assert len(given_up) > 1_000_000 // 7
    assert table.cells == [["3", "y"]]


def test_a_cell_of_a_million_characters_is_read_and_one_more_breaks_the_row(read):
    table = read("a,b\n1," + "x" * 1_000_000 + "\n2," + "x" * 1_000_001 + "\n3,y\n")
    assert [row for row, _, _ in table.rows] == [2, 4]
    assert table.broken == [(3, 3, "too_long")]


def test_a_line_that_is_too_long_is_not_held_and_reading_goes_on_below_it(read):
    table = read("a,b\n1,x\n" + ("y" * 999 + ",") * 4_001 + "\n2,z\n")
    assert table.broken == [(3, 3, "too_long")]
    assert [broken.cells for batch in table.batches for broken in batch.broken] == [[]]
    assert table.rows == [(2, 2, ["1", "x"]), (4, 4, ["2", "z"])]


def test_a_quote_that_runs_into_a_line_that_is_too_long_breaks_both(read):
    table = read('a,b\n1,"x\n2,y\n' + "z" * 4_000_001 + "\n3,w\n")
    assert table.broken == [(2, 2, "too_long"), (4, 4, "too_long")]
    assert table.cells == [["2", "y"], ["3", "w"]]


def test_a_row_that_is_too_short_or_too_long_is_ragged(read):
    table = read("a,b,c\n1,2\n1,2,3\n1,2,3,4\n")
    assert table.broken == [(2, 2, "ragged_row"), (4, 4, "ragged_row")]
    assert [broken.flaw.details for broken in table.batches[0].broken] == [
        {"found": 2, "expected": 3},
        {"found": 4, "expected": 3},
    ]
    assert table.cells == [["1", "2", "3"]]


# ---------------------------------------------------------------- one column, many columns


def test_a_table_of_one_column_has_no_blank_rows(read):
    table = read('id\n1\n\n""\n  \n2\n')
    assert [(row, cells) for row, _, cells in table.rows] == [(2, ["1"]), (6, ["2"])]
    assert table.remarks == ["3 blank lines were passed over."]


def test_a_delimiter_in_a_table_of_one_column_is_ragged(read):
    assert read("name\nAnn\nO'Neil, Ann\n").broken == [(3, 3, "ragged_row")]


def test_ten_thousand_columns_are_read_in_batches_of_few_rows(read):
    names = [f"c{number}" for number in range(10_000)]
    table = read("\n".join([",".join(names), *[",".join(["x"] * 10_000)] * 100]))
    assert table.header == names
    assert [len(batch.cells) for batch in table.batches] == [12] * 8 + [4]


def test_more_columns_than_a_sheet_has_are_refused(read):
    refused = refusal(read, "," * 16_384 + "\n")
    assert refused.code == "too_large"
    assert "16,385 columns" in refused.details["why"]


def test_a_batch_of_long_rows_holds_fewer_of_them(read):
    table = read("a\n" + ("x" * 900_000 + "\n") * 30)
    assert len(table.batches) > 2
    assert sum(len(batch.cells) for batch in table.batches) == 30


# ---------------------------------------------------------------- what surrounds the table


def test_rows_above_the_header_are_no_data_and_still_count(read):
    table = read('Report "of" May\n\n"Run on\n2026-05-01"\nid,name\n1,Ann\n', header_row=4)
    assert (table.header, table.header_row) == (["id", "name"], 4)
    assert table.rows == [(5, 6, ["1", "Ann"])]


def test_skipped_lines_may_hold_any_quotes(read):
    table = read('"broken\nid,name\n1,Ann\n', skip_lines=1, header_row=2)
    assert (table.header, table.rows) == (["id", "name"], [(3, 3, ["1", "Ann"])])


def test_a_feed_may_name_the_columns_itself(read):
    table = read("1,Ann\n2,Bob\n", header_row=0, columns=["id", "name"])
    assert (table.header, table.header_row) == (["id", "name"], 0)
    assert table.rows == [(1, 1, ["1", "Ann"]), (2, 2, ["2", "Bob"])]


def test_the_last_rows_are_a_footer_even_when_they_fit_no_header(read):
    table = read("a,b\n1,2\n3,4\n\nTotal\n\nend,of,file\n\n", footer=Footer(rows=2))
    assert (table.cells, table.broken) == ([["1", "2"], ["3", "4"]], [])
    assert table.remarks == ["3 blank lines were passed over.", "2 footer rows were not read as data."]


def test_a_footer_longer_than_the_file_leaves_no_data(read):
    assert read("a,b\n1,2\n", footer=Footer(rows=3)).rows == []


def test_a_word_in_a_column_ends_the_table(read):
    footer = Footer(column="Name ", is_=["Total", "Totals"])
    table = read("id,name\n1,Total Recall\n2, Totals\n3,Ann\n,\n\n", footer=footer)
    assert table.cells == [["1", "Total Recall"]]
    assert table.remarks == [
        "1 blank row was passed over.",
        "1 blank line was passed over.",
        "2 footer rows were not read as data.",
    ]


def test_the_column_of_a_footer_is_matched_as_all_columns_are(read):
    table = read("EMP_ID,name\n1,Ann\nTotal,\n", footer=Footer(column="Emp Id", is_=["Total"]))
    assert table.cells == [["1", "Ann"]]


def test_a_footer_known_by_a_column_that_is_missing_is_refused(read):
    refused = refusal(read, "a,b\n1,2\n", footer=Footer(column="Name", is_=["Total"]))
    assert (refused.code, refused.details) == ("column_missing", {"missing": "Name"})


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"", {}),
        (b"\xef\xbb\xbf", {}),
        (b"\n \n\n", {}),
        (b"a,b\n1,2\n", {"header_row": 3}),
        (b"a,b\n1,2\n", {"skip_lines": 2, "header_row": 3}),
        (b"", {"header_row": 0, "columns": ["a"]}),
    ],
)
def test_a_file_without_bytes_or_header_is_empty(read, content, options):
    refused = refusal(read, content, **options)
    assert (refused.code, refused.details) == ("empty_file", {"file": "roster.csv"})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04\x14\x00[Content_Types].xml", "it looks like an Excel workbook or another zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "it looks like an old or a password-protected Excel workbook"),
        (b"%PDF-1.7\n", "it looks like a PDF document"),
        (b"a,b\n" + b"\0" * 100, "it holds binary data, not text"),
        ("a,b\n1,2\n".encode("utf-16-le"), "it looks like UTF-16 text without a byte order mark, but UTF-8 was agreed"),
        (b"\n1,2\n", "row 1, where its header should be, is blank"),
        (b'a,"b\n1,2\n', "a quote in row 1, its header, is never closed or not doubled"),
    ],
)
def test_what_is_no_text_table_is_unreadable_and_says_why(read, content, why):
    refused = refusal(read, content)
    assert (refused.code, refused.details["why"], refused.details["expected"]) == ("unreadable", why, "a CSV file")


def test_a_header_of_a_million_characters_is_too_large(read):
    assert refusal(read, "x" * 1_000_001 + ",b\n1,2\n").code == "too_large"


# ---------------------------------------------------------------- the config


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"encoding": "utf-9"}, "There is no text encoding 'utf-9'"),
        ({"encoding": "base64"}, "There is no text encoding 'base64'"),
        ({"encoding": "idna"}, "There is no text encoding 'idna'"),
        ({"encoding": "a\0b"}, "There is no text encoding"),
        ({"delimiter": ""}, "cannot stand between cells"),
        ({"delimiter": "\n"}, "cannot stand between cells"),
        ({"quote": "''"}, "is not one character"),
        ({"quote": ","}, "must be different characters"),
        ({"escape": '"'}, "must be different characters"),
        ({"header_row": 0}, "never both"),
        ({"columns": ["a"]}, "never both"),
        ({"skip_lines": 1}, "Row 1 cannot be the header"),
        ({"header_row": 0, "columns": ["a"] * 16_385}, "at most 16,384 columns"),
        ({"footer": {}}, "A footer is either"),
        ({"footer": {"column": "a"}}, "A footer is either"),
        ({"footer": {"rows": 1, "column": "a", "is": ["b"]}}, "A footer is either"),
        ({"footer": {"rows": 0}}, ">= 1"),
    ],
)
def test_a_format_that_cannot_work_is_a_config_error(options, sentence):
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert({"type": "csv", **options}, Format)


@pytest.mark.parametrize(
    ("word", "character"), [("tab", "\t"), ("pipe", "|"), ("semicolon", ";"), ("comma", ","), ("\x1f", "\x1f")]
)
def test_delimiters_may_be_named(read, word, character):
    assert read(f"a{character}b\n1{character}2\n", delimiter=word).cells == [["1", "2"]]


def test_without_a_quote_character_quotes_are_text(read):
    assert read('a,b\n"1,2"\n', quote=None).cells == [['"1', '2"']]


def test_an_escape_character_frees_quotes_delimiters_and_line_ends(read):
    assert read('a,b\n1\\,1,"x\\"y"\n2\\\n2,z\n', escape="\\").rows == [(2, 2, ["1,1", 'x"y']), (3, 3, ["2\n2", "z"])]
