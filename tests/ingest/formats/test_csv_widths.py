"""Rows that are not as wide as their header: none is ever read under names that are not its own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.catalogue import describe_file
from ingest.formats.base import Doubted

HEADER = "ID,Last,First,Title,City,Notes"
GOOD = ["1,Smith,Ann,Engineer,Boston,x", "3,Reyes,Luis,Clerk,Reno,", "4,Ito,Ken,Welder,Salem,y"]
SHIFTED = "2,Okafor, Jr.,Ngozi,Analyst,Austin,"


def written(*lines):
    return "\n".join(lines) + "\n"


def doubted(read, *lines):
    with pytest.raises(Doubted) as refused:
        read(written(*lines))
    assert all(describe_file(refused.value.code, **refused.value.details))
    return refused.value


def test_a_cell_too_many_is_ragged_even_when_the_last_one_is_blank(read):
    table = read(written(HEADER, GOOD[0], SHIFTED, *GOOD[1:]))
    assert table.broken == [(3, 3, "ragged_row")]
    assert [cells[0] for cells in table.cells] == ["1", "3", "4"]


def test_one_row_is_no_habit(read):
    assert read(written(HEADER, SHIFTED)).broken == [(2, 2, "ragged_row")]


def test_blank_cells_that_the_header_has_too_belong_to_the_table(read):
    table = read(written(HEADER + ",,", *(row + ",," for row in GOOD)))
    assert (table.broken, table.remarks, len(table.cells)) == ([], [], 3)
    assert table.cells[0] == ["1", "Smith", "Ann", "Engineer", "Boston", "x", "", ""]


def test_text_below_a_blank_name_at_the_end_is_ragged_where_other_rows_have_none(read):
    """The row has lost the comma at its end, and has one too many in a name: together that is the right number."""
    table = read(written(HEADER + ",", *(row + "," for row in GOOD), SHIFTED + "on leave"))
    assert table.broken == [(5, 5, "ragged_row")]
    assert table.batches[-1].broken[0].flaw.details == {"found": 7, "expected": 6}


def test_a_column_that_just_has_no_name_is_a_column(read):
    table = read(written("a,b,", "1,2,x", "3,4,y", "5,6,"))
    assert table.cells == [["1", "2", "x"], ["3", "4", "y"], ["5", "6", ""]]


def test_blank_cells_beyond_the_header_are_dropped_where_every_row_has_them(read):
    table = read("a,b\n1,2,, \n3,4,,\n")
    assert (table.cells, table.broken) == ([["1", "2"], ["3", "4"]], [])
    assert table.remarks == ["Every row has 2 blank cells more than the header at its end."]


def test_text_that_was_cut_at_a_comma_in_every_row_is_no_blank_cell_too_many(read):
    rows = ["4,Smith, Ann,Engineer,Boston,", "5,Ito, Ken,Welder,Salem,"]
    assert doubted(read, "ID,LastFirst,Title,City,Notes", *rows).code == "header_misfit"
    assert len(read("a, b\n1, 2, \n3, 4, \n").cells) == 2


def test_a_row_that_lacks_the_blank_cell_which_all_others_have_is_ragged(read):
    table = read(written("a,b", *["1,2,"] * 1_200, "3,4", "5,6,,"))
    assert table.broken == [(1_202, 1_202, "ragged_row"), (1_203, 1_203, "ragged_row")]
    assert table.cells == [["1", "2"]] * 1_200


def test_a_header_with_a_name_less_than_the_rows_have_cells_holds_the_file(read):
    rows = ["4,Smith,Ann,Engineer,Boston,x", "5,Ito,Ken,Welder,Salem,", "6,Lee,Bo,Clerk,Reno,y"]
    told = doubted(read, "ID,LastFirst,Title,City,Notes", *rows)
    assert (told.code, told.details) == ("header_misfit", {"file": "roster.csv", "expected": 5, "found": 6})


def test_a_few_rows_that_fit_do_not_make_up_for_many_that_do_not(read):
    assert doubted(read, "a,b", "1,2", *["1,2,"] * 5).code == "header_misfit"


def test_text_that_comes_late_where_all_rows_had_a_blank_cell_too_many_holds_the_file(read):
    rows = ["4,Smith,Ann,Engineer,Boston,"] * 30_000
    assert doubted(read, "ID,LastFirst,Title,City,Notes", *rows, "5,Ito,Ken,Welder,Salem,on leave").code


def test_a_short_row_is_ragged_though_it_may_only_lack_its_end(read):
    table = read(written(HEADER, *GOOD, "5,Lee,Bo,Clerk,Reno"))
    assert table.broken == [(5, 5, "ragged_row")]


def test_a_header_with_a_name_more_than_the_rows_have_cells_holds_the_file(read):
    """Whether the last name has no cell, or one before it, makes all the difference, and nothing tells."""
    rows = ["1,Smith,Ann,Engineer,Boston,x", "3,Reyes,Luis,Clerk,Reno,y"]
    assert doubted(read, "ID,Badge,Last,First,Title,City,Notes", *rows).details["found"] == 6
    assert doubted(read, HEADER + ",Badge", *rows).details["found"] == 6


def test_names_that_are_blank_in_a_header_need_no_cell(read):
    table = read("a,b,,\n1,2\n3,4\n")
    assert (table.header, table.cells, table.remarks) == (["a", "b"], [["1", "2"], ["3", "4"]], [])


def test_rows_that_end_early_only_in_part_are_ragged(read):
    table = read(written("a,b,c", "1,2", "3,4", "5,6,7"))
    assert table.broken == [(2, 2, "ragged_row"), (3, 3, "ragged_row")]


@given(
    rows=st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=3, max_size=12),
    place=st.integers(0, 11),
    at=st.integers(1, 4),
    surplus=st.sampled_from([None, "", "x"]),
)
@settings(max_examples=300, deadline=None)
def test_whatever_one_row_gains_or_loses_no_cell_is_read_under_another_name(read, rows, place, at, surplus):
    """The oracle: each row carries its number and, in each cell that is not blank, the name of its column."""
    true = [[name if said else "" for name, said in zip("abcd", row, strict=True)] for row in rows]
    lines = [[str(number), *row] for number, row in enumerate(true)]
    lines[place % len(rows)][at : at + (surplus is None)] = [] if surplus is None else [surplus]
    table = read(written("n,a,b,c,d", *map(",".join, lines)))
    assert len(table.broken) == 1
    assert all(cells[1:] == true[int(cells[0])] for cells in table.cells)
