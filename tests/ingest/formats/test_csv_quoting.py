"""Quotes, escapes and repeated headers that are structure, and never data without a word."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_a_space_before_a_quote_is_no_part_of_the_cell(read):
    table = read('ID, "Last", Notes\n"E901", "Okafor", x\n"E902",  "Lee, Bo", "a ""b"""\n')
    assert table.header == ["ID", "Last", "Notes"]
    assert table.cells == [["E901", "Okafor", "x"], ["E902", "Lee, Bo", 'a "b"']]
    assert table.broken == table.flaws == []


def test_a_space_before_a_quote_may_open_a_cell_of_several_lines(read):
    for chunk in (1 << 20, 3):
        table = read('a,b\n1, "x\ny"\n2, z\n3,"w"\n', chunk=chunk)
        assert table.rows == [(2, 2, ["1", "x\ny"]), (3, 4, ["2", " z"]), (4, 5, ["3", "w"])]


def test_a_quote_behind_a_space_that_is_never_closed_costs_its_line(read):
    table = read('a,b\n1, "x\n2,y\n3,"z"\n')
    assert table.broken == [(2, 2, "bad_quotes")]
    assert table.cells == [["2", "y"], ["3", "z"]]


def test_spaces_inside_quotes_and_before_plain_text_stay(read):
    assert read('a,b\n" ""x""", y\n').cells == [[' "x"', " y"]]


@pytest.mark.parametrize("cell", ['O"Neil"', 'Okafor"', 'x "', '\t"x"', '\xa0"x"', 'a""'])
def test_a_cell_that_ends_in_a_quote_which_it_did_not_open_breaks_its_row(read, cell):
    table = read(f"a,b\n1,{cell}\n2,y\n")
    assert table.broken == [(2, 2, "bad_quotes")]
    assert table.cells == [["2", "y"]]


def test_a_quote_inside_text_that_is_not_quoted_is_told_and_the_text_stays(read):
    table = read('a,b,c\n1,5" pipe,"a ""b"" c"\n')
    assert table.cells == [["1", '5" pipe', 'a "b" c']]
    assert table.flaws == [(2, 1, "stray_quote")]


def test_a_lost_quote_that_turns_the_others_round_does_not_swallow_rows(read):
    table = read('a,b,c\n1,x","y\n2,z,w\n3,"v",u\n')
    assert table.broken == [(2, 2, "bad_quotes")]
    assert table.cells == [["2", "z", "w"], ["3", "v", "u"]]


def test_a_quoted_row_that_reads_whole_though_a_cell_lost_its_quote_is_read_line_by_line(read):
    table = read('a,b,c\n1,x","y\n2",z\n3,v,w\n')
    assert table.broken == [(2, 2, "bad_quotes"), (3, 3, "bad_quotes")]
    assert table.cells == [["3", "v", "w"]]


def test_a_quote_in_one_row_and_one_in_another_do_not_make_one_row_of_all_between(read):
    table = read('a,b,c,d,e\n1,2,"3,4,5\nf,g,h,i,j\n6,7,8",9,10\nk,l,m,n,o\n')
    assert table.broken == [(2, 2, "bad_quotes"), (4, 4, "bad_quotes")]
    assert table.cells == [list("fghij"), list("klmno")]
    assert read('a,b,c,d,e\n1,2,3,4,"x, y\nz, w"\n').broken == []


def test_an_escape_character_before_anything_else_is_text(read):
    content = 'a,b\nC:\\new\\x,"C:\\new\\"",\n'.replace('",\n', '"\n')
    assert read(content, escape="\\").cells == [["C:\\new\\x", 'C:\\new"']]
    assert read("a,b\n\\\\srv\\x,\\N\n", escape="\\").cells == [["\\srv\\x", "\\N"]]
    assert read('a,b\n\\",5\\" x\n', escape="\\").cells == [['"', '5" x']]


def test_a_header_that_is_repeated_is_passed_over(read):
    content = 'ID,Last\n1,Ito\nID,Last\n2,Lee\n"ID", Last \nID,Lasts\n'
    table = read(content)
    assert [row for row, _, _ in table.rows] == [2, 4, 6]
    assert table.remarks == ["2 repeated headers were passed over."]
    assert read("ID,Last\n1,Ito\n", header_row=0, columns=["ID", "Last"]).cells == [["1", "Ito"]]


awkward = st.lists(st.lists(st.text(st.sampled_from('a ",\n'), max_size=5), min_size=3, max_size=3), max_size=6)


@given(rows=awkward, quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
@settings(max_examples=400, deadline=None)
def test_what_is_properly_quoted_is_never_doubted(read, rows, quoting):
    out = io.StringIO(newline="")
    csv.writer(out, quoting=quoting, lineterminator="\r\n").writerows([["x", "y", "z"], *rows])
    table = read(out.getvalue())
    assert table.cells == [row for row in rows if "".join(row).strip()]
    assert table.broken == table.flaws == []


@given(st.lists(st.text(st.sampled_from('ab\\,"'), max_size=8), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_whatever_is_escaped_comes_back_and_backslashes_of_paths_do_too(read, cells):
    """A backslash is written as two where one would free what follows, and as it is before a letter."""

    def written(cell):
        return re.sub(r'\\(?![ab])|[,"]', lambda found: "\\" + found[0], cell)

    table = read("n," + ",".join("x" for _ in cells) + "\n1," + ",".join(map(written, cells)) + "\n", escape="\\")
    assert table.cells == [["1", *cells]]
