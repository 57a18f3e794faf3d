"""What says nothing, and where files were joined: passed over with a remark, in every format."""

from __future__ import annotations

import io
import json

import openpyxl
import pytest

from ingest.formats import open_table
from ingest.formats.excel import ExcelFormat
from ingest.formats.fixed import FixedFormat, RecordType
from ingest.formats.json import JsonFormat, JsonTable
from ingest.formats.xml import XmlFormat
from ingest.rows import RowsFormat

from .conftest import Bytes

ENDED = "The end-of-file mark (0x1A) behind the last line was passed over."
FIXED = FixedFormat(records={"row": RecordType(columns={"id": (1, 2), "name": (3, 4)})})


def sheet(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def opened(content, spec):
    table = open_table(Bytes(content), spec)
    rows = [(row, cells) for batch in table.batches() for row, cells in zip(batch.rows, batch.cells, strict=True)]
    return rows, table.remarks


@pytest.mark.parametrize("chunk", [1 << 20, 1, 5])
@pytest.mark.parametrize("end", ["\x1a", "\x1a\x1a\x1a", "\x1a\n"])
def test_an_end_of_file_mark_is_no_row(read, chunk, end):
    table = read("id,name\n1,Ito\n" + end, chunk=chunk)
    assert (table.cells, table.broken, table.flaws) == ([["1", "Ito"]], [], [])
    assert ENDED in table.remarks
    assert read("id,name\n1,Ito" + end, chunk=chunk).cells == [["1", "Ito"]]


@pytest.mark.parametrize("chunk", [1 << 20, 1, 5])
def test_marks_between_joined_files_are_no_text(read, chunk):
    table = read('id,name\n1,Ito\n\ufeffid,name\n2,Lee\x1a\r\n\x1a\ufeff"3","Kim"\n', chunk=chunk)
    assert (table.cells, table.broken, table.flaws) == ([["1", "Ito"], ["2", "Lee"], ["3", "Kim"]], [], [])
    assert table.remarks == [
        "3 lines were read without a mark of the beginning or end of a file.",
        "1 repeated header was passed over.",
    ]


@pytest.mark.parametrize("cell", ["I\ufefft\ufeffo", "It\x1ao", "Ito\x1a,"])
def test_such_a_mark_in_the_middle_of_a_cell_is_undecodable(read, cell):
    assert ("undecodable" in {code for *_, code in read(f"id,name,x\n1,{cell},y\n2,Lee,z\n").flaws}) == (
        "," not in cell
    )
    assert read("id,name\n1,Ito \ufeff\n").flaws == []


def test_a_mark_in_front_of_a_line_moves_no_column_of_fixed_width():
    rows, remarks = opened("01Ito \n\ufeff02Lee \n\x1a".encode(), FIXED)
    assert rows == [(1, ["01", "Ito "]), (2, ["02", "Lee "])]
    assert remarks == ["1 line was read without a mark of the beginning or end of a file.", ENDED]


@pytest.mark.parametrize(
    ("content", "spec"),
    [
        (json.dumps([{"id": "1"}, {}, {"id": None}, {"id": " "}, {"id": "2"}]).encode(), JsonFormat()),
        (
            b"<r><p><id>1</id></p><p/><p><id/></p><p><id> </id></p><p><id>2</id></p></r>",
            XmlFormat(columns={"id": "id"}),
        ),
        (sheet(["id", "x"], ["1"], [""], [" ", ""], [None], ["2"]), ExcelFormat()),
        (b'id,x\n1,\n,\n" ",\n,,,,\n2,\n', None),
        (b"01\n\n   \n \n02\n", FixedFormat(records={"row": RecordType(columns={"id": (1, 2)})})),
    ],
    ids=["json", "xml", "excel", "csv", "fixed"],
)
def test_a_record_without_content_is_passed_over_in_every_format(read, content, spec):
    if spec is None:
        table = read(content)
        rows, remarks = [(row, cells) for row, _, cells in table.rows], table.remarks
    else:
        rows, remarks = opened(content, spec)
    assert [cells[0] for _, cells in rows] == (["1", "2"] if spec is not FIXED else ["01", "02"]) or rows[0][1] == [
        "01"
    ]
    assert any(remark.startswith("3 blank") for remark in remarks)


def test_a_row_that_was_sent_singly_has_an_answer_though_it_says_nothing():
    [batch] = JsonTable(Bytes(b'{"id": ""}\n{"id": "1"}\n'), RowsFormat()).batches()
    assert batch.cells == [[""], ["1"]]


def test_a_header_that_stands_again_in_a_sheet_is_passed_over():
    rows, remarks = opened(sheet(["id", "name"], ["1", "Ito"], ["id", " name"], ["2", "Lee"]), ExcelFormat())
    assert [cells for _, cells in rows] == [["1", "Ito"], ["2", "Lee"]]
    assert "1 repeated header row was passed over." in remarks
    two = sheet(["A", "", "B"], ["x", "y", ""], ["1", "2", "3"], ["A", "", "B"], ["x", "y"], ["4", "5", "6"])
    assert [cells for _, cells in opened(two, ExcelFormat(header_rows=2))[0]] == [["1", "2", "3"], ["4", "5", "6"]]
