"""What every format promises, whatever its bytes look like: run over each entry of `FORMATS`."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import msgspec
import openpyxl
import pytest

from ingest.catalogue import ROW_CODES, describe_file
from ingest.formats import FORMATS, Format, open_table
from ingest.formats.base import BATCH_CELLS, BATCH_ROWS, FormatSpec, Refused
from ingest.formats.csv import CsvFormat
from ingest.formats.excel import ExcelFormat
from ingest.formats.fixed import FixedFormat, RecordType
from ingest.formats.json import JsonFormat
from ingest.formats.xml import XmlFormat


@dataclass
class Bytes:
    content: bytes
    chunk: int = 1 << 20
    name: str = "sample.dat"

    @property
    def size(self):
        return len(self.content)

    def chunks(self):
        return (self.content[start : start + self.chunk] for start in range(0, len(self.content), self.chunk))


def write_csv(header, rows):
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode(), CsvFormat()


def write_fixed(header, rows):
    widths = [max((len(row[column]) for row in rows), default=1) or 1 for column in range(len(header))]
    starts = [2 + sum(widths[:column]) for column in range(len(header))]
    columns = dict(zip(header, zip(starts, widths, strict=True), strict=True))
    lines = ["D" + "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    records = {
        "detail": RecordType(where=(1, 1, "D"), columns=columns),
        "trailer": RecordType(where=(1, 1, "T"), columns={}),
    }
    return "\n".join([*lines, "T"]).encode(), FixedFormat(records=records)


def write_json(header, rows):
    records = [dict(zip(header, row, strict=True)) for row in rows]
    return json.dumps(records, indent=0).encode(), JsonFormat(columns=header)


def write_xml(header, rows):
    root = ET.Element("people")
    for row in rows:
        person = ET.SubElement(root, "person")
        for column, cell in enumerate(row):
            ET.SubElement(person, f"c{column}").text = cell
        person.tail = "\n"
    return ET.tostring(root, "utf-8"), XmlFormat(columns={name: f"c{column}" for column, name in enumerate(header)})


def write_excel(header, rows):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Roster")
    for row in [header, *rows]:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue(), ExcelFormat()


# a new format adds one writer: (header, rows of text) -> the file and the format that describes it
WRITERS: dict[type[FormatSpec], Callable] = {
    CsvFormat: write_csv,
    ExcelFormat: write_excel,
    FixedFormat: write_fixed,
    JsonFormat: write_json,
    XmlFormat: write_xml,
}


def damaged_csv():
    """Text with a line break in quotes, and a blank line, above what is wrong."""
    content = b'id,name\n1,"a\nb"\n\n2,M\xfcller\n3,x,more\n4,"y"z\n5,z\n'
    return content, CsvFormat(), [("undecodable", 4, 5, None), ("ragged_row", 5, 6, None), ("bad_quotes", 6, 7, None)]


def damaged_excel():
    """A second sheet with a title, and a blank row, above what is wrong."""
    book = openpyxl.Workbook()
    book.active.append(["id", "name"])
    book.active.append(["1", "#N/A"])
    other = book.create_sheet("Other")
    for row in (["Title"], ["id", "name"], ["2", "x"], [], ["3", "#REF!"]):
        other.append(row)
    content = io.BytesIO()
    book.save(content)
    spec = ExcelFormat(sheets=["Sheet", "Other"], find_header=["id"])
    return content.getvalue(), spec, [("formula_error", 2, 2, "Sheet"), ("formula_error", 5, 5, "Other")]


def damaged_fixed():
    """A line of another type, and blank ones, above what is wrong: rows count lines that are not blank."""
    records = {
        "header": RecordType(where=(1, 1, "H"), columns={}),
        "one": RecordType(where=(1, 1, "A"), columns={"id": (2, 3)}),
        "two": RecordType(where=(1, 1, "B"), columns={"id": (2, 3)}),
    }
    content = b"H\n\nA001\n   \nB\xff02\nA003 moved\nX\nB004\n"
    wrong = [("undecodable", 3, 5, "two"), ("ragged_row", 4, 6, "one"), ("unknown_record", 5, 7, "one")]
    return content, FixedFormat(records=records, line_length=4), wrong


def damaged_json():
    """A blank line above what is wrong."""
    content = b'{"id": "1", "name": "x"}\n\n{"id": "2", "name": "M\xfcller"}\n{"id": "3",,}\n\n["4"]\n{"id": "5"}\n'
    return content, JsonFormat(), [("undecodable", 2, 3, None), ("bad_json", 3, 4, None), ("bad_json", 4, 6, None)]


def damaged_xml():
    """A record on several lines, and a comment, above what is wrong."""
    content = (
        b"<people>\n<p><id>1</id>\n<name>a\nb</name></p>\n<!-- <p> -->\n<p><id>2</id><name>M\xfcller</name></p>"
        b"\n\n<p><id>3</id><name>" + b"x" * 1_000_001 + b"</name></p>\n<p><id>4\x1f</id></p></people>"
    )
    wrong = [("undecodable", 2, 6, None), ("too_long", 3, 8, None), ("undecodable", 4, 9, None)]
    return content, XmlFormat(), wrong


# ... and one file in which rows are wrong: with the format that describes it, (code, row, line, sheet) of each
DAMAGED: dict[type[FormatSpec], Callable] = {
    CsvFormat: damaged_csv,
    ExcelFormat: damaged_excel,
    FixedFormat: damaged_fixed,
    JsonFormat: damaged_json,
    XmlFormat: damaged_xml,
}

HEADER = ["Employee ID", "Name", "Größe"]
ROWS = [["00123", "O'Neil, Ann", "1,5"], ["N/A", "李 小龙", "0"], ["", "x", "2026-05-01"]]

each_format = pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.__struct_config__.tag)


def opened(kind, header=None, rows=None, **source):
    content, spec = WRITERS[kind](HEADER if header is None else header, ROWS if rows is None else rows)
    return open_table(Bytes(content, **source), spec), len(content)


def flat(table):
    return [
        (row, line, cells, batch.sheet)
        for batch in table.batches()
        for row, line, cells in zip(batch.rows, batch.lines, batch.cells, strict=True)
    ]


def test_every_format_has_a_sample_writer_and_a_damaged_file():
    assert set(WRITERS) == set(DAMAGED) == set(FORMATS)


@each_format
def test_its_name_in_the_config_selects_it(kind):
    spec = WRITERS[kind](HEADER, ROWS)[1]
    assert type(msgspec.convert(msgspec.to_builtins(spec), Format)) is kind


@each_format
def test_an_unknown_option_is_an_error(kind):
    given = msgspec.to_builtins(WRITERS[kind](HEADER, ROWS)[1]) | {"heder_row": 1}
    with pytest.raises(msgspec.ValidationError, match="heder_row"):
        msgspec.convert(given, Format)


@each_format
def test_header_and_cells_come_back_as_the_text_they_were(kind):
    table, _ = opened(kind)
    assert [part.header for part in table.parts] == [HEADER]
    assert [[cell.rstrip(" ") for cell in cells] for _, _, cells, _ in flat(table)] == ROWS  # fixed width pads


@each_format
def test_the_first_row_stands_right_below_the_header(kind):
    table, _ = opened(kind)
    above = table.parts[0].header_row
    assert [row for row, *_ in flat(table)] == [above + 1, above + 2, above + 3]


@each_format
def test_a_clean_file_has_neither_flaws_nor_broken_rows_nor_remarks(kind):
    table, _ = opened(kind)
    assert [(batch.flaws, batch.broken) for batch in table.batches()] == [([], [])]
    assert table.remarks == []


@each_format
def test_positions_rise_through_all_batches(kind):
    table, size = opened(kind, rows=[[f"{number:05}", "x", "y"] for number in range(12_001)])
    batches = list(table.batches())
    rows = [row for batch in batches for row in batch.rows]
    lines = [line for batch in batches for line in batch.lines]
    consumed = [batch.position for batch in batches]
    assert rows == list(range(rows[0], rows[0] + 12_001))
    assert lines == sorted(lines)
    assert consumed == sorted(consumed)
    assert consumed[-1] == size


@each_format
def test_whatever_is_wrong_is_told_with_its_true_row_line_and_sheet(kind):
    content, spec, wrong = DAMAGED[kind]()
    told = []
    for batch in open_table(Bytes(content), spec).batches():
        told += [(one.code, batch.rows[one.index], batch.lines[one.index], batch.sheet) for one in batch.flaws]
        told += [(one.flaw.code, one.row, one.line, batch.sheet) for one in batch.broken]
    assert sorted(told, key=str) == sorted(wrong, key=str)


@each_format
@pytest.mark.parametrize(("columns", "rows"), [(3, 12_001), (300, 2_000)])
def test_no_batch_is_longer_or_wider_than_agreed(kind, columns, rows):
    header = [f"c{number}" for number in range(columns)]
    table, _ = opened(kind, header, [["x"] * columns] * rows)
    sizes = [len(batch.cells) for batch in table.batches()]
    assert sum(sizes) == rows
    assert max(sizes) <= min(BATCH_ROWS, BATCH_CELLS // columns)


@each_format
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_how_the_store_cuts_the_bytes_makes_no_difference(kind, chunk):
    assert flat(opened(kind, chunk=chunk)[0]) == flat(opened(kind)[0])


@each_format
def test_a_header_alone_opens_and_holds_no_batches(kind):
    table, _ = opened(kind, rows=[])
    assert [part.header for part in table.parts] == [HEADER]
    assert list(table.batches()) == []


@each_format
def test_an_empty_file_is_refused(kind):
    with pytest.raises(Refused) as refused:
        open_table(Bytes(b""), WRITERS[kind](HEADER, ROWS)[1])
    assert refused.value.code == "empty_file"


@each_format
@pytest.mark.parametrize("seed", range(20))
def test_any_bytes_give_a_table_or_a_refusal_that_can_be_told(kind, seed):
    content = random.Random(seed).randbytes(3_000)
    refused, table, batches = None, None, []
    try:
        table = open_table(Bytes(content), WRITERS[kind](HEADER, ROWS)[1])
        batches = list(table.batches())
    except Refused as refusal:
        refused = refusal
    assert refused is None or all(describe_file(refused.code, **refused.details))
    for batch in batches:
        assert all(len(cells) == len(table.parts[batch.part].header) for cells in batch.cells)
        assert {flaw.code for flaw in batch.flaws} | {row.flaw.code for row in batch.broken} <= set(ROW_CODES)
