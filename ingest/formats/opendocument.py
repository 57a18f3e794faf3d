"""What an ods says that calamine leaves out: error cells, merged cells, forms of numbers, days that are 0, and what is
hidden (OpenDocument 1.3 part 3).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from ingest.formats.calamine_gaps import HEAD_ROWS, MAX_ROWS, Gaps
from ingest.formats.shown import Form

_CHUNK = 1 << 20
_CONTENT, _STYLES = "content.xml", "styles.xml"
_DAY_0 = "1899-12-30"  # where the document names no other
# A document without any of these says nothing that calamine leaves out; looking for them takes a tenth of parsing it.
_MARKS = (
    b"-spanned=",
    b'value-type="error"',
    b"<text:p>#",
    b"<text:p>Err:",
    b"null-date",
    b':visibility="collapse"',
    b':visibility="filter"',
    f'date-value="{_DAY_0}'.encode(),
)
_LONGEST_MARK = 40  # bytes
# a style that shows numbers with noughts in front, or behind letters
_FORM_MARK = re.compile(
    rb'min-integer-digits="(?:[2-9]|[1-9][0-9])"|<number:text>[^<]{0,20}[0-9A-Za-z]|:scientific-number'
)
_EXPONENT = re.compile(r"-?[0-9.,]+E[-+][0-9]+")
_FORM = re.compile(r"(?:[A-Za-z](?:[^0-9]*[^0-9\s])?)?[0-9][0-9 ()/-]*")
_ERROR = re.compile(r"#N/A|#REF!|#VALUE!|#DIV/0!|#NAME\?|#NUM!|#NULL!|Err:[0-9]{3}")

_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_LIBRE_OFFICE = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_PARAGRAPH = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 p"
_UNSEEN = {"collapse", "filter"}
_CELLS = {_TABLE + "table-cell", _TABLE + "covered-table-cell"}


def gaps(path: Path) -> list[Gaps]:
    """One for each sheet, in order; none at all where calamine tells everything."""
    with zipfile.ZipFile(path) as archive:
        return _parsed(archive) if _is_marked(archive) else []


def _is_marked(archive: zipfile.ZipFile) -> bool:
    if _STYLES in archive.namelist() and any(map(_FORM_MARK.search, _pieces(archive, _STYLES))):
        return True
    return any(
        any(mark in piece for mark in _MARKS) or _FORM_MARK.search(piece) for piece in _pieces(archive, _CONTENT)
    )


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part in pieces that do not cut every mark: what one cuts, the next has whole."""
    tail = b""
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            yield tail + chunk
            tail = chunk[-_LONGEST_MARK:]


def _parsed(archive: zipfile.ZipFile) -> list[Gaps]:
    content = _Content()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = content.start, content.end
    parser.CharacterDataHandler = content.text
    with archive.open(_CONTENT) as part:
        parser.ParseFile(part)
    return content.sheets


class _Content:
    """The sheets so far, and where in the last one the parser stands: row and column are 0-based."""

    def __init__(self) -> None:
        self.sheets: list[Gaps] = []
        self._day_0 = _DAY_0
        self._depth = self._cell_depth = self._tables = 0
        self._row = self._rows = self._column = self._columns = 0
        self._left = 0  # columns that have been declared
        self._cell: dict[str, str] = {}
        self._shown = ""
        self._is_paragraph = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._is_paragraph = name == _PARAGRAPH and self._depth == self._cell_depth + 1  # not that of a remark
        if name in _CELLS and self._tables == 1:
            self._cell, self._shown, self._cell_depth = attributes, "", self._depth
            self._columns = int(attributes.get(_TABLE + "number-columns-repeated", 1))
        elif name == _TABLE + "table-row" and self._tables == 1:
            self._rows, self._column = int(attributes.get(_TABLE + "number-rows-repeated", 1)), 0
            if attributes.get(_TABLE + "visibility") in _UNSEEN:
                self.sheets[-1].hidden.note(self._row + 1, min(self._rows, MAX_ROWS - self._row))
        elif name == _TABLE + "table-column" and self._tables == 1:
            self._pass_columns(attributes)
        elif name == _TABLE + "table":
            self._tables += 1
            if self._tables == 1:
                self.sheets.append(Gaps(merges=[]))
                self._row = self._left = 0
        elif name == _TABLE + "null-date":
            self._day_0 = attributes.get(_TABLE + "date-value", _DAY_0)

    def end(self, name: str) -> None:
        if self._depth == self._cell_depth:
            self._end_cell()
        elif name == _TABLE + "table-row" and self._tables == 1:
            self._row += self._rows
        elif name == _TABLE + "table":
            self._tables -= 1
        self._depth -= 1
        self._is_paragraph = False

    def text(self, text: str) -> None:
        if self._is_paragraph and len(self._shown) < _LONGEST_MARK:
            self._shown += text

    def _end_cell(self) -> None:
        sheet = self.sheets[-1]
        shown = self._shown.strip()
        if self._cell.get(_LIBRE_OFFICE + "value-type") == "error" or _ERROR.fullmatch(shown):
            self._note(sheet.errors, shown or "#N/A")
        day, _, clock = self._cell.get(_OFFICE + "date-value", "").partition("T")
        if day == self._day_0:
            self._note(sheet.numbers, clock[:8] if clock.strip("0:.") else "0")
        if form := _form_of(self._cell.get(_OFFICE + "value", ""), shown):
            for column in range(self._column, self._column + self._columns):
                sheet.shown.note(self._row + 1, column, form, self._rows)
        if self._row < HEAD_ROWS:
            self._note_merge(sheet)
        self._column += self._columns
        self._cell_depth = 0

    def _pass_columns(self, attributes: dict[str, str]) -> None:
        following = self._left + int(attributes.get(_TABLE + "number-columns-repeated", 1))
        if attributes.get(_TABLE + "visibility") in _UNSEEN:
            self.sheets[-1].hidden.note_columns(self._left, following - 1)
        self._left = following

    def _note(self, texts: dict[int, dict[int, str]], text: str) -> None:
        for row in range(self._row, self._row + self._rows):
            texts[row + 1].update(dict.fromkeys(range(self._column, self._column + self._columns), text))

    def _note_merge(self, sheet: Gaps) -> None:
        columns = int(self._cell.get(_TABLE + "number-columns-spanned", 1))
        rows = int(self._cell.get(_TABLE + "number-rows-spanned", 1))
        if sheet.merges is not None and max(rows, columns) > 1:
            first = self._row, self._column
            sheet.merges.append((first, (self._row + rows - 1, self._column + columns - 1)))


def _form_of(value: str, shown: str) -> Form | None:
    """The form in which a number is shown: an exponent, noughts in front, or behind letters."""
    if value and _EXPONENT.fullmatch(shown):
        return Form(is_exponent=True)
    digits = "".join(filter(str.isdecimal, shown))
    if not (value.isdecimal() and _FORM.fullmatch(shown) and digits.lstrip("0") == value.lstrip("0")):
        return None
    if len(digits) <= len(value) and not shown[0].isalpha():
        return None
    return Form(tuple("0" if one.isdecimal() else f"'{one}" for one in shown), len(digits))
