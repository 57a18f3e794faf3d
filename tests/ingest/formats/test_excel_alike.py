"""The same table in every spelling of a workbook is the same text."""

from __future__ import annotations

import datetime as dt

import pytest
from helpers.packages import moved, strict
from helpers.spelled import html, spreadsheetml
from helpers.spreadsheets import DAY, read, streamed, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

LETTERS = st.characters(categories=["L", "Nd", "P", "Sc", "Sm"], exclude_characters="_=#")
WORDS = st.text(LETTERS, min_size=1, max_size=12)
TEXTS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
DAYS = st.dates(dt.date(1900, 3, 1), dt.date(9999, 12, 31)).map(lambda day: (day, DAY))
WHOLE = st.integers(-(10**17), 10**17) | st.integers(-99_999, 99_999)
SHOWN = st.tuples(st.integers(0, 999_999), st.sampled_from(["00000", '"E"0', "000-00-0000", "0.00E+00", "#,##0"]))
FRACTIONS = st.decimals(-(10**9), 10**9, places=4).map(float)
VALUES = st.none() | TEXTS | st.booleans() | WHOLE | SHOWN | FRACTIONS | DAYS
ROWS = st.lists(st.lists(VALUES, min_size=1, max_size=5), max_size=8)

HEADER = [f"Column {number}" for number in range(5)]


@given(rows=ROWS)
@settings(max_examples=25, deadline=None)
def test_a_table_reads_equal_in_every_spelling(rows):
    sheets = {"S": [HEADER, *rows]}
    usual = workbook(sheets)
    expected = read(usual)
    shown = [HEADER, *shown_rows(expected.rows)]
    for content in (strict(usual), strict(moved(usual)), spreadsheetml(sheets), html(shown)):
        found = read(content)
        assert (found.header, found.rows, found.flaws) == (expected.header, expected.rows, expected.flaws)


def shown_rows(rows):
    """A row of HTML for each row of the sheet, blank ones too."""
    cells = dict(rows)
    return [cells.get(number, []) for number in range(2, max(cells, default=1) + 1)]


@pytest.mark.parametrize("value", [0.1 + 0.2, 1e-7, 1e22, -0.0, 123456789.123456789, 2**53 + 1, -1e15])
def test_numbers_at_the_edge_of_what_a_workbook_holds_are_equal_too(value):
    sheets = {"S": [["Number", "x"], [value, "x"]]}
    usual = workbook(sheets)
    expected = read(usual).rows
    assert read(spreadsheetml(sheets)).rows == read(strict(usual)).rows == expected
    assert read(streamed(strict(usual))).rows[:1] == expected


@pytest.mark.parametrize("serial", [0, 0.25, 1, 59, 61, 43890.75, 2958465, 2958466, -1, -1.5])
def test_numbers_under_a_format_of_days_are_equal_too(serial):
    sheets = {"S": [["Day", "x"], [(serial, DAY), "x"]]}
    expected = read(workbook(sheets)).rows
    assert read(spreadsheetml(sheets)).rows == expected
