"""Workbooks out of rows, and what was read from them, laid flat."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

import msgspec
import openpyxl
import pytest

from ingest.catalogue import describe_file
from ingest.formats.base import Refused
from ingest.formats.excel import ExcelFormat, open_table

DAY = "yyyy-mm-dd"
ODF = "urn:oasis:names:tc:opendocument:xmlns:"
NAMES = (
    f'xmlns:office="{ODF}office:1.0" xmlns:table="{ODF}table:1.0" xmlns:text="{ODF}text:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)
MIME = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = (
    f'<manifest:manifest xmlns:manifest="{ODF}manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIME}"/></manifest:manifest>'
)


@dataclass
class Bytes:
    content: bytes
    name: str = "roster.xlsx"

    @property
    def size(self):
        return len(self.content)

    def chunks(self):
        return (self.content[start : start + (1 << 20)] for start in range(0, len(self.content), 1 << 20))


@dataclass
class Read:
    """Rows as (row, cells) of all parts, flaws as (row, column, code, value)."""

    parts: list
    rows: list = field(default_factory=list)
    sheets: list = field(default_factory=list)
    flaws: list = field(default_factory=list)
    remarks: list = field(default_factory=list)

    @property
    def header(self):
        return self.parts[0].header

    @property
    def cells(self):
        return [cells for _, cells in self.rows]


def read(content, **options):
    table = open_table(Bytes(content), msgspec.convert(options, ExcelFormat))
    found = Read(table.parts)
    for batch in table.batches():
        found.rows += zip(batch.rows, batch.cells, strict=True)
        found.sheets += [(batch.part, batch.sheet)] * len(batch.rows)
        found.flaws += [(batch.rows[one.index], one.column, one.code, one.value) for one in batch.flaws]
        assert batch.rows == batch.lines
    found.remarks = table.remarks
    return found


def workbook(sheets, merges=(), epoch=None, hidden=()):
    """Bytes of a workbook: {name: rows}; a value may be (value, number format)."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    if epoch:
        book.epoch = epoch
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                plain, style = value if isinstance(value, tuple) else (value, None)
                cell = sheet.cell(number, column, plain)
                if style:
                    cell.number_format = style
        for merge in merges:
            sheet.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def refusal(content, **options):
    with pytest.raises(Refused) as refused:
        read(content, **options)
    assert all(describe_file(refused.value.code, **refused.value.details))
    return refused.value


def streamed(content):
    """The same workbook with a last row that can only be read the slow way: its error cell has no place beside it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        for entry in before.infolist():
            part = before.read(entry)
            if entry.filename.startswith("xl/worksheets/"):
                part = part.replace(b"</sheetData>", b"<row><c t='e'><v>#N/A</v></c></row></sheetData>")
            after.writestr(entry, part)
    return out.getvalue()


def open_document(sheets, settings=""):
    """Bytes of an ods: {name: rows}; a value is text, a number, a day, a truth, None, or a cell as XML."""
    tables = "".join(
        f'<table:table table:name="{name}">{"".join(map(_row, rows))}</table:table>' for name, rows in sheets.items()
    )
    content = f"<office:document-content {NAMES}><office:body><office:spreadsheet>{settings}{tables}"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", MIME, zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", f"{content}</office:spreadsheet></office:body></office:document-content>")
    return out.getvalue()


def odf_cell(text, kind="string", more="", element="table-cell"):
    """A cell of OpenDocument that shows a text."""
    shown = f"<text:p>{escape(text)}</text:p>" if text else ""
    return f'<table:{element} office:value-type="{kind}" {more}>{shown}</table:{element}>'


def _row(values):
    return f"<table:table-row>{''.join(map(_cell, values))}</table:table-row>"


def _cell(value):
    if isinstance(value, bool):
        return odf_cell(str(value).upper(), "boolean", f'office:boolean-value="{str(value).lower()}"')
    if isinstance(value, dt.date):
        return odf_cell(f"{value:%d.%m.%y}", "date", f'office:date-value="{value.isoformat()}"')
    if isinstance(value, float | int):
        return odf_cell(f"{value:,.2f}", "float", f'office:value="{value}"')
    if value is None:
        return "<table:table-cell/>"
    return value if value.startswith("<table:") else odf_cell(value)
