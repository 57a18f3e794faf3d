"""Workbooks that are text, as HR systems export them under the name of .xls: HTML tables, and XML Spreadsheet 2003."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ingest.formats.base import Source
from ingest.formats.html import read_tables
from ingest.formats.spool import Spool
from ingest.formats.spreadsheetml import read_worksheets

KINDS = HTML, SPREADSHEET_ML = "html", "spreadsheetml"
HEAD = 64 * 1024  # bytes that `kind_of` looks at

_MARKS = b"\xef\xbb\xbf\xff\xfe"
_WORKBOOK = re.compile(rb"""<(?:\w+:)?workbook\s[^>]*["']urn:schemas-microsoft-com:office:spreadsheet["']""")
_FIRST = re.compile(rb"(?:\s|<\?[^>]*>|<!--.*?-->|<!doctype\s[^>]*>)*<([a-z][a-z0-9:]*)[\s>/]", re.DOTALL)
_ELEMENTS = frozenset(
    b"b body br center div font form h1 h2 h3 head hr link meta p script span style table title".split()
)


class File:
    """A file on disk as formats see it."""

    name = ""  # whoever asked knows it

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """The content in pieces of 1 MiB."""
        with self._path.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece


def kind_of(head: bytes) -> str | None:
    """Which of them a file is that begins so; None of any other file. Wide characters are told by their ASCII."""
    text = head[:HEAD].replace(b"\0", b"").lstrip(_MARKS).lstrip().lower()
    if not text.startswith(b"<"):
        return None
    if _WORKBOOK.search(text):
        return SPREADSHEET_ML
    first = _FIRST.match(text)
    if first and (first[1] == b"html" or (first[1] in _ELEMENTS and b"<tr" in text)):
        return HTML
    return HTML if text.startswith(b"<!doctype html") else None


def spooled(source: Source, kind: str) -> Spool:
    """All sheets of such a file.

    Raises:
        Refused: `unreadable` or `too_large`.
    """
    spool = Spool()
    if kind == HTML:
        read_tables(source, spool)
    else:
        read_worksheets(source, spool)
    spool.flush()
    return spool
