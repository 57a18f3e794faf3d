"""Delimiters of several characters: cells between them come as if one character stood there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import FieldError
from ingest.formats.csv import CsvFormat
from ingest.formats.text import SLICE

LONG = ["||", "~|~", "::", "\t\t", " | ", ";#;", "|~", "..."]


@pytest.mark.parametrize("mark", LONG)
@pytest.mark.parametrize("chunk", [1, 5, 1 << 20])
def test_cells_may_stand_between_several_characters(read, mark, chunk):
    table = read(f"id{mark}name{mark}city\r\n1{mark}Ann{mark}\r\n2{mark}{mark}Bonn\r\n", chunk=chunk, delimiter=mark)
    assert table.header == ["id", "name", "city"]
    assert table.rows == [(2, 2, ["1", "Ann", ""]), (3, 3, ["2", "", "Bonn"])]


@pytest.mark.parametrize("mark", LONG)
def test_quotes_hold_a_long_delimiter_as_they_hold_others(read, mark):
    table = read(f'a{mark}b\n"x{mark}y"{mark}"say ""{mark}"""\n"two\nlines{mark}"{mark}2\n', delimiter=mark)
    assert table.rows == [
        (2, 2, [f"x{mark}y", f'say "{mark}"']),
        (3, 3, [f"two\nlines{mark}", "2"]),
    ]


def test_an_escape_frees_a_long_delimiter(read):
    assert read("a||b\nx\\||y||C:\\new\n", delimiter="||", quote=None, escape="\\").cells == [["x||y", "C:\\new"]]


def test_parts_of_a_long_delimiter_are_text(read):
    assert read("a~|~b\nx|y~|~~z\n", delimiter="~|~").cells == [["x|y", "~z"]]


def test_a_broken_row_between_long_delimiters_costs_itself_and_is_shown_as_sent(read):
    table = read('a||b\n1||"open\n2||y\n3||z||?\n', delimiter="||")
    assert table.cells == [["2", "y"]]
    assert table.broken == [(2, 2, "bad_quotes"), (4, 4, "ragged_row")]
    assert [one.cells for batch in table.batches for one in batch.broken][1] == ["3", "z", "?"]


def test_a_character_that_stands_for_nothing_is_no_delimiter(read):
    table = read("a||b\nx\uffffy||2\n", delimiter="||")
    assert table.flaws == [(2, 0, "undecodable")]
    assert len(table.cells[0]) == 2


def test_a_first_line_that_names_a_delimiter_is_a_row_where_several_characters_were_agreed(read):
    assert read("sep=||\na||b\n1||2\n", delimiter="||", header_row=2).cells == [["1", "2"]]


def test_a_long_delimiter_may_fall_between_two_slices(read):
    rows = [["x" * 50, "y" * 50] for _ in range(SLICE // 100)]
    text = "a~|~b\n" + "".join("~|~".join(row) + "\n" for row in rows)
    assert read(text, delimiter="~|~").cells == rows


@given(
    rows=st.lists(st.tuples(*[st.text(st.sampled_from('x|"\n ~\\é'), max_size=6)] * 3), min_size=1, max_size=20),
    mark=st.sampled_from(["||", "~|~", "|~|"]),
)
@settings(max_examples=200, deadline=None)
def test_what_was_quoted_comes_back_exactly(read, rows, mark):
    quoted = [mark.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [("a", "b", "c"), *rows]]
    table = read("\n".join(quoted), delimiter=mark)
    assert table.cells == [list(row) for row in rows if "".join(row).strip()]


@pytest.mark.parametrize(
    ("options", "suggestion"),
    [
        ({"delimiter": ""}, None),
        ({"delimiter": "comme"}, "comma"),
        ({"delimiter": "semi-colon"}, "semicolon"),
        ({"delimiter": "Tab"}, "tab"),
        ({"delimiter": "|x|"}, None),
        ({"delimiter": "|\n"}, None),
    ],
)
def test_a_delimiter_that_is_a_word_is_told_with_the_nearest_one(options, suggestion):
    with pytest.raises(FieldError) as caught:
        CsvFormat(**options)
    assert (caught.value.at, caught.value.suggestion) == (("delimiter",), suggestion)


@pytest.mark.parametrize("options", [{"delimiter": '|"|'}, {"delimiter": "|\\", "escape": "\\"}])
def test_a_long_delimiter_holds_neither_quote_nor_escape(options):
    with pytest.raises(ValueError, match="different characters"):
        CsvFormat(**options)
