"""What an xlsx says that its readers leave out: error cells, negative numbers, forms of numbers, merged cells, and what
is hidden (ECMA-376 part 1). Its parts lie where Excel puts them: see `package.regular`.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import fromstring

from ingest.formats.answers import Merge
from ingest.formats.calamine_gaps import HEAD_ROWS, Gaps, Irregular
from ingest.formats.cells import text_of
from ingest.formats.package import BOOK, STYLES
from ingest.formats.shown import BUILT_IN, Form, form_of

_CHUNK = 1 << 20
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ERROR_MARK, _ODD_ERROR_MARK = b' t="e"', b" t='e'"
_ODD_STYLE_MARK = b" s='"
_ERROR = re.compile(
    rb'<(?:\w+:)?c(?=\s[^<>]* t="e")[^<>]* r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*>'
    rb"(?:<(?:\w+:)?f[^<>]*/>|<(?:\w+:)?f[^<>]*>[^<]*</(?:\w+:)?f>)?<(?:\w+:)?v>([^<]*)<"
)
_DAY_MARK = b' t="d"'  # a day as text, as the Strict class has it
_CLOCK = re.compile(
    rb'<(?:\w+:)?c(?=\s[^<>]* t="d")[^<>]* r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*>'
    rb"(?:<(?:\w+:)?f[^<>]*/>|<(?:\w+:)?f[^<>]*>[^<]*</(?:\w+:)?f>)?<(?:\w+:)?v>(1899-12-30|1904-01-01)T([0-9:]{8})"
)
_NEGATIVE = re.compile(rb">(-[0-9][0-9.eE+-]*)<")  # begins with what is rare, for speed; `v` is looked for behind it
_CELL = re.compile(rb"<(?:\w+:)?c\s")
_PLACE = re.compile(rb' r="([A-Z]{1,3})([0-9]{1,7})"')
_MERGE = re.compile(rb'mergeCell [^<>]*ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_HIDDEN_MARK = b" hidden="
_HIDDEN = re.compile(rb"""<(?:\w+:)?(row|col)(?=\s)(?=[^<>]*\shidden=["'](?:1|true|on)["'])([^<>]*)>""")
_PLACES = {kind: re.compile(rb"""\s%s=["']([0-9]{1,7})["']""" % kind) for kind in (b"r", b"min", b"max")}


def gaps(path: Path, sheet: str) -> Gaps:
    """The error cells and negative numbers of a sheet, and its cells with a form.

    Raises:
        Irregular: there are some whose place is not written beside them.
    """
    found = Gaps()
    with zipfile.ZipFile(path) as archive, archive.open(_part_of(archive, sheet)) as part:
        forms, day_0 = _forms(archive), _day_0(archive)
        styled = re.compile(rb' s="(' + b"|".join(map(re.escape, forms)) + rb')"')
        for piece in _whole_cells(part):
            _find_errors(piece, found)
            _find_negatives(piece, found)
            _find_hidden(piece, found)
            if _DAY_MARK in piece:
                _find_clocks(piece, day_0, found)
            if forms and _ODD_STYLE_MARK in piece:
                raise Irregular
            for match in styled.finditer(piece) if forms else ():
                _note_form(piece, match.start(), forms[match[1]], found)
    return found


def outline(path: Path, sheet: str) -> Gaps:
    """What a sheet hides, and the merged cells that begin where headers stand; they are written below all rows."""
    found, merges = Gaps(), dict[Merge, None]()
    with zipfile.ZipFile(path) as archive, archive.open(_part_of(archive, sheet)) as part:
        for piece in _whole_cells(part):
            _find_hidden(piece, found)
            for left, top, right, bottom in _MERGE.findall(piece):
                if int(top) <= HEAD_ROWS:
                    merges[(int(top) - 1, _column(left)), (int(bottom) - 1, _column(right))] = None
    found.merges = list(merges)
    return found


def _find_errors(piece: bytes, found: Gaps) -> None:
    if _ODD_ERROR_MARK in piece:
        raise Irregular
    if _ERROR_MARK in piece:
        cells = _ERROR.findall(piece)
        if len(cells) != piece.count(_ERROR_MARK):
            raise Irregular
        for letters, row, shown in cells:
            found.errors[int(row)][_column(letters)] = shown.decode("utf-8", "replace")


def _find_negatives(piece: bytes, found: Gaps) -> None:
    for match in _NEGATIVE.finditer(piece):
        if piece[match.start() - 1 : match.start()] != b"v":
            continue
        at = piece.rfind(b' r="', 0, match.start())
        place = _PLACE.match(piece, at) if at >= 0 else None
        if place is None or piece.find(b"c>", at, match.start()) >= 0:
            raise Irregular
        found.numbers[int(place[2])][_column(place[1])] = _number(match[1])


def _find_hidden(piece: bytes, found: Gaps) -> None:
    """Rows and columns; rows whose number is not written beside them are not told."""
    for kind, attributes in _HIDDEN.findall(piece) if _HIDDEN_MARK in piece else ():
        row, first, last = (int(match[1]) if (match := place.search(attributes)) else 0 for place in _PLACES.values())
        if kind == b"row" and row:
            found.hidden.note(row)
        elif kind == b"col" and first:
            found.hidden.note_columns(first - 1, last - 1)


def _find_clocks(piece: bytes, day_0: bytes, found: Gaps) -> None:
    """A time of day is one on the day that is 0; midnight there is 0."""
    for letters, row, day, clock in _CLOCK.findall(piece):
        if day == day_0:
            found.numbers[int(row)][_column(letters)] = clock.decode() if clock.strip(b"0:") else "0"


def _note_form(piece: bytes, at: int, form: Form, found: Gaps) -> None:
    start = piece.rfind(b"<", 0, at)
    tag = piece[start : piece.find(b">", at) + 1]
    if not _CELL.match(tag):
        return  # a row's own style, or a column's: each cell has one besides
    place = _PLACE.search(tag)
    if place is None:
        raise Irregular
    found.shown.note(int(place[2]), _column(place[1]), form)


def _forms(archive: zipfile.ZipFile) -> dict[bytes, Form]:
    """The forms by the numbers of the styles that have them (18.8.10, 18.8.31); of a sheet without styles none."""
    if STYLES not in archive.namelist():
        return {}
    styles = fromstring(archive.read(STYLES))  # noqa: S314 - entities were refused by `inspect`
    named = {one.get("numFmtId"): one.get("formatCode", "") for one in styles.iterfind(".//{*}numFmts/{*}numFmt")}
    codes = BUILT_IN | named
    made = {number: form for number, code in codes.items() if (form := form_of(code))}
    cells = enumerate(styles.iterfind(".//{*}cellXfs/{*}xf"))
    return {str(place).encode(): made[one.get("numFmtId")] for place, one in cells if one.get("numFmtId") in made}


def _day_0(archive: zipfile.ZipFile) -> bytes:
    book = fromstring(archive.read(BOOK))  # noqa: S314 - entities were refused by `inspect`
    settings = book.find("{*}workbookPr")
    since_1904 = settings is not None and settings.get("date1904") in {"1", "true", "on"}
    return b"1904-01-01" if since_1904 else b"1899-12-30"


def _number(written: bytes) -> str:
    try:
        return text_of(float(written))
    except ValueError:  # text such as `-1-1`, of which no reader makes a date
        return written.decode()


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Where the archive keeps a sheet (18.2.19)."""
    folder = BOOK.rpartition("/")[0]
    book = fromstring(archive.read(BOOK))  # noqa: S314 - entities were refused by `inspect`
    relations = fromstring(archive.read(f"{folder}/_rels/workbook.xml.rels"))  # noqa: S314 - as above
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    for one in book.iterfind(".//{*}sheet"):
        if one.get("name") == sheet and one.get(_RELATION) in targets:
            return posixpath.normpath(posixpath.join("/", folder, targets[one.get(_RELATION)])).lstrip("/")
    raise Irregular


def _whole_cells(part: IO[bytes]) -> Iterator[bytes]:
    """The XML of a sheet in pieces that do not cut a cell."""
    held = b""
    while chunk := part.read(_CHUNK):
        rows, end, held = (held + chunk).rpartition(b"row>")  # the end of a row, whatever its namespace prefix
        yield rows + end
    yield held


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
