"""Which workbooks are looked into for corrections, and in which forms programs save them."""

from __future__ import annotations

import io
import re
import zipfile
from xml.sax.saxutils import escape

import openpyxl
import pytest
from helpers.inbox import Pretended, counts, people, person
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.partners.homes import find_home
from ingest import corrections, glance, receipts
from ingest.formats.workbook import Workbook

MARK = b">Row<"
MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]


class InPieces(Pretended):
    """A file that the store gives in small pieces."""

    def chunks(self):
        return (self.raw[start : start + 1000] for start in range(0, len(self.raw), 1000))


class OneWay(io.RawIOBase):
    """Where a program that streams writes to: it cannot go back to fill in sizes."""

    def __init__(self):
        self.written = bytearray()

    def writable(self):
        return True

    def write(self, piece):
        self.written += piece
        return len(piece)


def packed(method: int, *, streamed: bool = False, **members: bytes) -> bytes:
    out = OneWay() if streamed else io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.xml", content)
    return bytes(out.written) if isinstance(out, OneWay) else out.getvalue()


def book_of(*rows: list[str]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rejected(inbox) -> tuple[dict, bytes]:
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, dob="soon")])
    office = inbox.office
    path = receipts.make_workbook(office, find_home(office, "acme"), told["import_id"])
    book = openpyxl.load_workbook(path)
    book.active["C2"] = "01/02/1980"
    out = io.BytesIO()
    book.save(out)
    return told, out.getvalue()


# ---------------------------------------------------------------- what is looked into


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("before", [0, 10, 300_000, *range(glance._PIECE - 8, glance._PIECE)])
def test_the_mark_is_found_wherever_it_stands(method, before):
    content = packed(method, first=b"a" * before + b"<t>Row</t>", last=b"b")
    assert glance.may_hold(InPieces("x", content), MARK)
    assert not glance.may_hold(InPieces("x", content), b">Column<")


def test_members_whose_size_stands_behind_them_are_passed(monkeypatch):
    content = packed(zipfile.ZIP_DEFLATED, streamed=True, first=b"a" * 5000, second=b"<t>Row</t>")
    assert glance.may_hold(Pretended("x", content), MARK)
    assert not glance.may_hold(Pretended("x", content), b">Column<")


def test_an_archive_that_it_cannot_follow_is_left_to_the_reader():
    whole = packed(zipfile.ZIP_DEFLATED, first=b"a" * 50_000)
    streamed = packed(zipfile.ZIP_STORED, streamed=True, first=b"a" * 5000)
    assert not glance.may_hold(Pretended("x", whole), MARK)
    for odd in (whole[:60], whole[:40] + b"\xff" * 20 + whole[60:], streamed):
        assert glance.may_hold(Pretended("x", odd), MARK)


def test_a_bomb_is_left_to_the_reader_which_has_limits(monkeypatch):
    monkeypatch.setattr(glance, "MOST_UNPACKED", 1 << 20)
    bomb = packed(zipfile.ZIP_DEFLATED, first=b"a" * (4 << 20))
    assert glance.may_hold(Pretended("x", bomb), MARK)


@given(st.binary(max_size=300), st.integers(0, 200))
def test_no_bytes_bring_it_down(noise, cut):
    glance.may_hold(Pretended("x", b"PK\x03\x04" + noise), MARK)
    whole = packed(zipfile.ZIP_DEFLATED, first=b"abc" * 50)
    glance.may_hold(Pretended("x", whole[:cut] + noise + whole[cut:]), MARK)


def test_what_only_begins_like_an_archive_is_no_corrections_file():
    assert corrections.recognise(Pretended("x", b"PK\x03\x04 and so on")) is None


def test_an_ordinary_workbook_is_not_read_to_find_that_out(monkeypatch):
    read = []
    monkeypatch.setattr(corrections, "Workbook", lambda *args: read.append(args) or Workbook(*args))

    assert corrections.recognise(Pretended("x", book_of(["EMP_ID", "Rows"], ["E1", "In a Row"]))) is None
    assert not read
    assert corrections.recognise(Pretended("x", book_of(["EMP_ID", "Row"], ["E1", "7"]))) is None
    assert read


# ---------------------------------------------------------------- how programs save it


def as_excel_saves_it(content: bytes) -> bytes:
    """All text in a table of its own, sizes behind the members."""
    out, texts = OneWay(), []
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            xml = old.read(name)
            if "worksheets/sheet" in name and name.endswith(".xml"):
                xml = re.sub(rb't="inlineStr"><is>(.*?)</is>', lambda one: shared(texts, one[1]), xml)
            if not name.endswith("sharedStrings.xml"):
                new.writestr(name, xml)
        head = b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        new.writestr("xl/sharedStrings.xml", head + b"".join(b"<si>%s</si>" % one for one in texts) + b"</sst>")
    return bytes(out.written)


def shared(texts: list[bytes], text: bytes) -> bytes:
    texts.append(text)
    return b't="s"><v>%d</v>' % (len(texts) - 1)


def as_libreoffice_saves_it(content: bytes) -> bytes:
    """As .ods."""
    rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    cells = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    told = "".join(
        f"<table:table-row>{''.join(cells.format(escape(cell or '')) for cell in row)}</table:table-row>"
        for row in rows
    )
    names = " ".join(
        f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in ("office", "table", "text")
    )
    xml = (
        f'<?xml version="1.0"?><office:document-content {names} office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="errors">{told}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", xml)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
    return out.getvalue()


@pytest.mark.parametrize("save", [bytes, as_excel_saves_it, as_libreoffice_saves_it])
def test_whichever_program_saves_it_the_workbook_is_known(inbox, save):
    told, content = rejected(inbox)
    back = inbox.drop("x", save(content))
    assert (back["state"], counts(back), back["corrects"]) == ("loaded", {"read": 1, "created": 1}, told["import_id"])
