"""Where the parts of an xlsx lie, and the same workbook laid out as its readers expect it (ECMA-376 part 2).

Readers look for parts at the places at which Excel puts them, and for the names of the Transitional class; the standard
allows any place, and "Strict Open XML Spreadsheet" has names of its own (ISO/IEC 29500-1).
"""

from __future__ import annotations

import posixpath
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

from ingest.formats.base import Refused

BOOK, STYLES = "xl/workbook.xml", "xl/styles.xml"  # where Excel puts them
_TEXTS = "xl/sharedStrings.xml"
_CHUNK = 1 << 20
_HEAD = 64 * 1024  # bytes in which the first element of a part begins
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/"
_STRICT_MAIN = f"{_STRICT}spreadsheetml/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
_FIRST_TAG = re.compile(rb"(?:\s|\xef\xbb\xbf|<\?[^>]*\?>|<!--.*?-->)*<[A-Za-z_][^>]*>", re.DOTALL)
_KINDS = (".xml", ".bin")  # others were not looked at for entities
_SHARED = {"styles": STYLES, "sharedStrings": _TEXTS}  # by the end of the type of a relation to it


class Relation(NamedTuple):
    """From one part to another.

    Attributes:
        kind: the last word of its type: `worksheet`.
        target: the entry of the archive.
    """

    id: str
    kind: str
    target: str


def workbook_of(archive: zipfile.ZipFile) -> str | None:
    """The entry that is the workbook, found by the relation that leads to it, or where it stands as a rule."""
    named = [one.target for one in _relations(archive, "") if one.kind == "officeDocument"]
    found = next((one for one in [*named, BOOK] if one in archive.namelist()), None)
    if found is None or found.endswith(".bin"):
        return found
    return found if _parsed(archive, found).tag.rpartition("}")[2] == "workbook" else None


@contextmanager
def regular(path: Path) -> Iterator[Path]:
    """The same workbook with each part where readers look for it; a file without a name unless it lies so already.

    Raises:
        Refused: `unreadable`, a part that it names is not there; the details lack the file's name.
    """
    with zipfile.ZipFile(path) as archive:
        book = workbook_of(archive) or BOOK
        root = _parsed(archive, book)
        relations = _relations(archive, book)
        if book == BOOK and not root.tag.startswith(f"{{{_STRICT}") and all(map(_is_usual, relations)):
            yield path
            return
        with tempfile.TemporaryFile() as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
                _lay_out(archive, root, relations, copy)
            file.flush()
            yield Path(f"/dev/fd/{file.fileno()}")


def _is_usual(relation: Relation) -> bool:
    return _SHARED.get(relation.kind, relation.target) == relation.target


def _lay_out(archive: zipfile.ZipFile, root: Element, relations: list[Relation], copy: zipfile.ZipFile) -> None:
    """Only what cells need: worksheets, styles and shared texts."""
    worksheets = {one.id: one.target for one in relations if one.kind == "worksheet"}
    sheets = [(one, place) for one in root.iterfind(".//{*}sheet") if (place := worksheets.get(_relation(one)))]
    parts = {f"xl/worksheets/sheet{number}.xml": place for number, (_, place) in enumerate(sheets, 1)}
    shared = {_SHARED[one.kind]: one.target for one in relations if one.kind in _SHARED}
    for place, source in (parts | shared).items():
        _copy(archive, source, copy, place)
    copy.writestr("[Content_Types].xml", _content_types([*parts], [*shared]))
    copy.writestr("_rels/.rels", _relations_part([("officeDocument", f"/{BOOK}")]))
    named = [("worksheet", f"/{place}") for place in parts]
    more = [(kind, f"/{place}") for kind, place in _SHARED.items() if place in shared]
    copy.writestr("xl/_rels/workbook.xml.rels", _relations_part([*named, *more]))
    copy.writestr(BOOK, _workbook_part(root, [one for one, _ in sheets]))


def _copy(archive: zipfile.ZipFile, source: str, copy: zipfile.ZipFile, place: str) -> None:
    """A part; its first tag, where namespaces are declared, with those of the Transitional class."""
    if source not in archive.namelist():
        raise Refused("unreadable", why=f"the part {source} of the workbook is missing")
    with archive.open(source) as part, copy.open(place, "w", force_zip64=True) as written:
        head = part.read(_HEAD)
        tag = _FIRST_TAG.match(head)
        end = tag.end() if tag else 0
        written.write(head[:end].replace(_STRICT_MAIN.encode(), _MAIN.encode()) + head[end:])
        while chunk := part.read(_CHUNK):
            written.write(chunk)


def _relations(archive: zipfile.ZipFile, part: str) -> list[Relation]:
    """Those of a part, or of the package itself, to other parts of it."""
    folder, name = posixpath.split(part)
    entries = {name.casefold(): name for name in archive.namelist()}  # names of parts are equal whatever their case
    listed = entries.get(posixpath.join(folder, "_rels", f"{name}.rels").casefold())
    if listed is None:
        return []
    found = []
    for one in _parsed(archive, listed):
        target = posixpath.normpath(posixpath.join("/", folder, one.get("Target", ""))).lstrip("/")
        if one.get("TargetMode") != "External" and target.lower().endswith(_KINDS):
            kind = one.get("Type", "").rpartition("/")[2]
            found.append(Relation(one.get("Id", ""), kind, entries.get(target.casefold(), target)))
    return found


def _parsed(archive: zipfile.ZipFile, part: str) -> Element:
    try:
        return fromstring(archive.read(part))  # noqa: S314 - entities were refused by `inspect`
    except (ParseError, KeyError) as error:
        raise Refused("unreadable", why=f"the part {part} of the workbook is damaged or missing") from error


def _relation(sheet: Element) -> str:
    return next((value for name, value in sheet.items() if name.endswith("relationships}id")), "")


def _content_types(sheets: list[str], shared: list[str]) -> str:
    kinds = {STYLES: "styles", _TEXTS: "sharedStrings", BOOK: "sheet.main"} | dict.fromkeys(sheets, "worksheet")
    overrides = "".join(
        f'<Override PartName="/{place}" ContentType="{_TYPES}.{kinds[place]}+xml"/>'
        for place in (BOOK, *sheets, *shared)
    )
    default = f'<Default Extension="rels" ContentType="{_RELATIONS_TYPE}"/>'
    return f'<Types xmlns="{_PACKAGE}/content-types">{default}{overrides}</Types>'


def _relations_part(relations: list[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(relations, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _workbook_part(root: Element, sheets: list[Element]) -> str:
    settings = root.find("{*}workbookPr")
    since_1904 = settings is not None and settings.get("date1904", "0") in {"1", "true", "on"}
    listed = "".join(
        f'<sheet name="{escape(one.get("name", ""))}" state="{escape(one.get("state", "visible"))}" '
        f'sheetId="{number}" r:id="r{number}"/>'
        for number, one in enumerate(sheets, 1)
    )
    names = f'xmlns="{_MAIN}" xmlns:r="{_OFFICE}"'
    return f'<workbook {names}><workbookPr date1904="{int(since_1904)}"/><sheets>{listed}</sheets></workbook>'
