"""Workbooks that lie, explode or are broken: a table or a refusal, in little memory, and never a crash of ours."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import openpyxl
import pytest
from helpers.spelled import html, spreadsheetml, worksheet, xml_cell, xml_row, xml_workbook

from ingest.catalogue import describe_file
from ingest.formats.base import Refused
from ingest.formats.excel import ExcelFormat, open_table

ROOT = Path(__file__).parents[3]
SAMPLES = Path(__file__).parents[2] / "data" / "excel"
MIB = 1 << 20
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}

# Reads the file named and prints the peak memory of this process and of its child in MiB, rows read, and the refusal.
PROGRAM = """
import re, resource, sys
from pathlib import Path
from ingest.formats.base import Refused
from ingest.formats.excel import ExcelFormat, open_table
path = Path(sys.argv[1])
class File:
    name, size = path.name, path.stat().st_size
    def chunks(self):
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk
read, code = 0, "-"
try:
    for batch in open_table(File(), ExcelFormat(sheets=[".*"])).batches():
        read += len(batch.rows)
except Refused as refused:
    code = refused.code
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024
print(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, read, code)
"""


@dataclass
class Bytes:
    content: bytes
    name: str = "roster.xlsx"

    @property
    def size(self):
        return len(self.content)

    def chunks(self):
        yield self.content


def cell(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def rows(first, last, *more):
    return "".join(
        f'<row r="{row}">{cell(f"A{row}", f"E{row}")}{cell(f"B{row}", "x")}{"".join(more)}</row>'
        for row in range(first, last + 1)
    )


def package(out, pieces, **changed):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, changed.get(name, text))
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(f'<worksheet xmlns="{MAIN}"><dimension ref="A1:XFD1048576"/><sheetData>'.encode())
            for piece in pieces:
                part.write(piece.encode())
            part.write(b"</sheetData></worksheet>")
    return out


def packed(*pieces, **changed):
    return package(io.BytesIO(), pieces, **changed).getvalue()


def outcome(content, **options):
    """Cells, or the code of the refusal."""
    try:
        table = open_table(Bytes(content), ExcelFormat(**options))
        return [cells for batch in table.batches() for cells in batch.cells]
    except Refused as refusal:
        refused = refusal
    assert all(describe_file(refused.code, **refused.details))
    return refused.code


def plain():
    book = openpyxl.Workbook()
    for row in (["ID", "N"], ["1", "x"]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# ---------------------------------------------------------------- memory

HOSTILE = {
    "declares 17 billion cells, holds 2,000": ([rows(1, 1_000)], (999, "-")),
    "one cell in the last corner": ([rows(1, 1_000), f'<row r="1048576">{cell("XFD1048576", "x")}</row>'], (1_000, "-")),
    "wide rows": ([rows(1, 60, *(cell("XFD1", "x"),))], (59, "-")),
    "a cell of 90 MB": ([rows(1, 5), '<row r="6"><c r="A6" t="inlineStr"><is><t>', *repeat("0" * MIB, 90), "</t></is></c></row>"], (0, "too_large")),
    "a bomb of 300 MB": ([rows(1, 5), *repeat(" " * MIB, 300)], (0, "too_large")),
    "text of 60 MB in 4,000 cells": ([rows(1, 1), *(f'<row r="{row}">{cell(f"A{row}", "y" * 15_000)}</row>' for row in range(2, 4_002))], (4_000, "-")),
}  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_workbook_claims_it_takes_less_than_300_mb(tmp_path, name):
    pieces, expected = HOSTILE[name]
    path = package(tmp_path / "hostile.xlsx", pieces)
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], env=environment, capture_output=True, text=True, check=True
    )
    ours, its, read, code = told.stdout.split()
    assert (int(read), code) == expected
    assert int(ours) < 150
    assert int(its) < 300


def spread(*rows):
    """XML Spreadsheet 2003 around rows."""
    return xml_workbook(worksheet(xml_row("ID"), *rows))


LAST = xml_cell("x", 'ss:Index="16384"')
TEXTS = {
    "a page of 300,000 rows": (lambda: html("<table><tr><td>ID", "<tr><td>x" * 300_000, "</table>"), (300_000, "-")),
    "more rows than a sheet has": (lambda: html("<table>", "<tr>" * 1_048_576, "<tr><td>x</table>"), (0, "too_large")),
    "a million tables": (lambda: html("<table><tr><td>ID</table>" * 1_000_000), (0, "too_large")),
    "a cell of 60 MB": (lambda: html("<table><tr><td>ID<tr><td>", "x" * 60_000_000, "</table>"), (0, "-")),
    "wide cells": (lambda: html("<table><tr><td>ID", f"<tr>{'<td colspan=1000>' * 16}<td>x" * 9, "</table>"), (9, "-")),
    "long cells": (lambda: spread(xml_row("x", more='ss:Index="9"'), xml_row("x" * 99) * 50_000), (50_001, "-")),
    "one cell in the last corner": (lambda: spread(xml_row(LAST, more='ss:Index="1048576"')), (1, "-")),
}  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("name", TEXTS)
def test_whatever_text_says_that_it_holds_it_takes_less_than_300_mb(tmp_path, name):
    content, expected = TEXTS[name]
    (tmp_path / "hostile.xls").write_bytes(content())
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "hostile.xls")]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    ours, its, read, code = told.stdout.split()
    assert (int(read), code) == expected
    assert int(ours) < 150
    assert int(its) < 300


def test_three_hundred_sheets_are_three_hundred_parts():
    book = openpyxl.Workbook()
    book.active.title = "S0"
    for number in range(1, 300):
        book.create_sheet(f"S{number}")
    for sheet in book:
        sheet.append(["ID"])
        sheet.append([sheet.title])
    out = io.BytesIO()
    book.save(out)
    assert outcome(out.getvalue(), sheets=["S.*"]) == [[f"S{number}"] for number in range(300)]


def test_the_first_rows_of_all_sheets_together_may_not_hold_too_much(monkeypatch):
    monkeypatch.setattr("ingest.formats.workbook.MAX_HEADS", 100_000)
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet()):
        sheet.append(["ab"] * 1_000)
    out = io.BytesIO()
    book.save(out)
    assert outcome(out.getvalue(), sheets=["Sheet"]) == []
    assert outcome(out.getvalue(), sheets=["Sheet.?", "Sheet1"]) == "too_large"


# ---------------------------------------------------------------- broken and hostile files


def test_a_protected_workbook_is_told_as_such():
    assert outcome((SAMPLES / "protected.xlsx").read_bytes()) == "password_protected"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"ID,Name\n1,x\n", "unreadable"),
        (b"<html>Your session has expired.</html>", "unreadable"),
        (b"<people><person/></people>", "unreadable"),
        (b"PK\x03\x04" + bytes(500), "unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5_000), "unreadable"),
    ],
)
def test_what_is_no_workbook_is_refused(content, code):
    assert outcome(content) == code


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("name", ["roster.xls", "roster.ods", "protected.xlsx", None])
def test_a_workbook_cut_short_is_a_state_and_never_a_traceback(name, share):
    content = (SAMPLES / name).read_bytes() if name else plain()
    assert outcome(content[: int(len(content) * share)]) in {"unreadable", "password_protected", "too_large"}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", ["roster.xls", "roster.ods", None])
def test_flipped_bytes_give_rows_or_a_refusal(name, seed):
    content = bytearray((SAMPLES / name).read_bytes() if name else plain())
    chance = random.Random(seed)
    for _ in range(20):
        content[chance.randrange(8, len(content))] = chance.randrange(256)
    found = outcome(bytes(content))
    assert isinstance(found, list) or found in {"unreadable", "too_large", "empty_file", "password_protected"}


TEXT = {
    "HTML": html([["ID", "N"], ["100023", "Müller & x"]] * 9),
    "XML Spreadsheet": spreadsheetml({"S": [["ID", "N"], *[[100023, "Müller & x"]] * 9]}),
}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", TEXT)
def test_text_with_flipped_bytes_gives_rows_or_a_refusal(name, seed):
    content = bytearray(TEXT[name])
    chance = random.Random(seed)
    for _ in range(1 + seed % 4):
        content[chance.randrange(20, len(content))] = chance.randrange(256)
    found = outcome(bytes(content))
    assert isinstance(found, list) or found in {"unreadable", "too_large", "empty_file"}


DIMENSIONS = bytes.fromhex("00020e00")  # the record that says how far a sheet reaches [MS-XLS] 2.4.90
STRINGS = bytes.fromhex("fc00")  # the record that says how many shared strings there are [MS-XLS] 2.4.265


@pytest.mark.parametrize(("mark", "skipped", "lie"), [(DIMENSIONS, 0, 14), (STRINGS, 2, 8)])
def test_an_old_workbook_that_lies_about_its_sizes_is_read_or_refused(mark, skipped, lie):
    content = bytearray((SAMPLES / "roster.xls").read_bytes())
    at = content.index(mark) + len(mark) + skipped
    content[at : at + lie] = b"\xff" * lie
    found = outcome(bytes(content))
    assert found in ("unreadable", "too_large") or found[0][:2] == ["100023", "Müller, Ann"]


@pytest.mark.parametrize("field", [range(44, 48), range(48, 52), range(60, 64), range(72, 76), range(30, 34)])
def test_a_container_that_lies_about_its_sectors_is_read_or_refused(field):
    content = bytearray((SAMPLES / "roster.xls").read_bytes())
    for place in field:  # of the header [MS-CFB] 2.2
        content[place] = 0x7F
    found = outcome(bytes(content))
    assert found in ("unreadable", "too_large") or found[0][:2] == ["100023", "Müller, Ann"]


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"])
def test_xml_entities_are_refused_before_anything_could_expand_them(part):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>' + PARTS[part]
    assert outcome(packed(rows(1, 3), **{part: bomb})) == "unreadable"


def test_macros_are_never_looked_at():
    out = io.BytesIO(plain())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", random.Random(1).randbytes(5_000))
    assert outcome(out.getvalue()) == [["1", "x"]]


def test_errors_in_cells_without_places_are_found_the_slow_way():
    content = packed(rows(1, 2), "<row><c t='e'><v>#N/A</v></c><c><v>1</v></c></row>")
    [batch] = open_table(Bytes(content), ExcelFormat()).batches()
    assert batch.cells == [["E2", "x"], ["#N/A", "1"]]
    assert [(one.index, one.column, one.code) for one in batch.flaws] == [(1, 0, "formula_error")]


def test_too_many_packed_files_are_too_much():
    out = io.BytesIO(plain())
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(10_001):
            archive.writestr(f"xl/media/{number}", "")
    assert outcome(out.getvalue()) == "too_large"


def test_a_reader_killed_from_outside_refuses_the_file_and_nothing_more():
    table = open_table(Bytes(packed(rows(1, 60_000))), ExcelFormat())
    batches = table.batches()
    table._workbook._reader._process.kill()
    with pytest.raises(Refused) as refused:
        list(batches)
    assert refused.value.code == "too_large"


def test_no_reader_and_no_copy_outlive_a_table_that_is_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    table = open_table(Bytes(plain()), ExcelFormat())
    process = table._workbook._reader._process
    assert list(tmp_path.iterdir()) == []
    del table
    assert process.poll() is not None
