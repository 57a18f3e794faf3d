"""Headers of several rows in delimited text: groups above the names of columns."""

from __future__ import annotations

import msgspec
import pytest

from ingest.catalogue import describe_file
from ingest.formats import Format
from ingest.formats.base import Refused

GROUPED = "ID,Name,Address,,Start\n,,Street,City,\n1,Ann,Main St,Bonn,2026\n"


def test_a_header_of_two_rows_joins_groups_to_the_names_below(read):
    table = read(GROUPED, header_rows=2)
    assert table.header == ["ID", "Name", "Address Street", "Address City", "Start"]
    assert table.header_row == 1
    assert table.rows == [(3, 3, ["1", "Ann", "Main St", "Bonn", "2026"])]


def test_a_group_is_filled_up_to_the_next_one(read):
    text = "Person,,,Paper,,\nId,First,Last,Kind,,Expiry\n1,A,B,x,?,2030\n"
    assert read(text, header_rows=2).header == [
        "Person Id",
        "Person First",
        "Person Last",
        "Paper Kind",
        "",
        "Paper Expiry",
    ]


def test_a_group_ends_where_the_group_above_it_does(read):
    text = "Home,,Work,\nStreet,,,Street\nName,No,Floor,Name\na,b,c,d\n"
    assert read(text, header_rows=3).header == [
        "Home Street Name",
        "Home Street No",
        "Work Floor",
        "Work Street Name",
    ]


def test_a_name_that_stands_in_both_rows_is_one_name(read):
    assert read("Id,Name\nId,Last\n1,x\n", header_rows=2).header == ["Id", "Name Last"]


def test_cells_at_the_end_that_no_row_names_have_no_name(read):
    table = read("Person,,,\nId,Name,,\n1,x,,\n2,y,,\n", header_rows=2)
    assert table.header[:2] == ["Person Id", "Person Name"]
    assert not "".join(table.header[2:])


def test_rows_of_a_header_may_differ_in_length(read):
    assert read("Person\nId,Name\n1,x\n", header_rows=2).header == ["Person Id", "Person Name"]


def test_rows_of_a_header_stand_below_others_and_may_hold_line_breaks(read):
    table = read('Report\n\n"The\nperson",\nId,Name\n1,x\n', header_row=3, header_rows=2)
    assert table.header == ["The\nperson Id", "The\nperson Name"]
    assert table.rows == [(5, 6, ["1", "x"])]


def test_a_header_of_several_rows_is_passed_over_where_it_stands_again(read):
    table = read(GROUPED + GROUPED, header_rows=2)
    assert [cells[0] for cells in table.cells] == ["1", "1"]
    assert table.remarks == ["2 repeated header rows were passed over."]


def test_a_row_that_only_begins_like_the_header_is_data(read):
    assert len(read("A,\nx,y\nA,1\nx,2\n", header_rows=2).cells) == 2


def test_a_footer_may_be_known_by_a_joined_name(read):
    footer = {"column": "Address / Street", "is": ["Total"]}
    text = GROUPED + "2,Bo,Elm St,Bonn,2026\n,,Total,2,\n"
    spec = msgspec.convert({"type": "csv", "header_rows": 2, "footer": footer}, Format)
    assert len(read(text, header_rows=2, footer=spec.footer).cells) == 2


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        ("A,B\n", "empty_file", "no rows"),
        (" \n\n1,2\n", "unreadable", "row 1, where its header should be, is blank"),
        ('A,B\n"x\n1,2\n', "unreadable", "a quote in row 2, its header"),
    ],
)
def test_a_header_that_lacks_a_row_or_cannot_be_told_apart_refuses_the_file(read, content, code, told):
    with pytest.raises(Refused) as refused:
        read(content, header_rows=2)
    assert refused.value.code == code
    assert told in describe_file(code, **refused.value.details)[0]


@pytest.mark.parametrize("options", [{"header_row": 0, "columns": ["a"], "header_rows": 2}, {"header_rows": 0}])
def test_a_table_without_a_header_has_no_rows_of_it(options):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "csv", **options}, Format)
