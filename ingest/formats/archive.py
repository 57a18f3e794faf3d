"""What a workbook's container says before anything in it is parsed: its kind, its sizes, its error cells."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import fromstring

from ingest.formats.base import Refused

MIB = 1 << 20
MAX_ENTRIES = 10_000
MAX_UNPACKED = 2_048 * MIB
MAX_RATIO = 200  # sheets of short numbers come to 20, blank formatted ones to 100
_HARMLESS = 100 * MIB  # below this no ratio matters
_PROLOGUE = 64 * 1024

_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the compound file of xls, and of encrypted xlsx [MS-OFFCRYPTO]
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_DAMAGED = "it is damaged or cut short"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

_ERROR_MARK, _ODD_ERROR_MARK = b' t="e"', b" t='e'"
_ERROR = re.compile(
    rb'<(?:\w+:)?c(?=\s[^<>]* t="e")[^<>]* r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*>'
    rb"(?:<(?:\w+:)?f[^<>]*/>|<(?:\w+:)?f[^<>]*>[^<]*</(?:\w+:)?f>)?<(?:\w+:)?v>([^<]*)<"
)

Errors = dict[int, dict[int, str]]  # row (1-based) -> column (0-based) -> what the cell shows


class Irregular(Exception):  # noqa: N818 - a reason to read the workbook the slow way, not a failure
    """A sheet whose error cells cannot be placed without parsing it."""


def inspect(path: Path) -> str:
    """Which kind of workbook it is: `xlsx`, `ods`, `xls` or `other`.

    Raises:
        Refused: `unreadable`, `password_protected` or `too_large`; the details lack the file's name.
    """
    with path.open("rb") as file:
        head = file.read(8)
        if head == _CFB:
            return _inspect_compound(file)
    if not head.startswith(b"PK"):
        raise Refused("unreadable", why="it is no Excel workbook")
    try:
        with zipfile.ZipFile(path) as archive:
            return _inspect_zip(archive)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise Refused("unreadable", why=_DAMAGED) from error


def error_cells(path: Path, sheet: str) -> Errors:
    """The cells of an xlsx sheet that hold an error such as #N/A, which calamine gives as blank.

    Raises:
        Irregular: there are some whose place is not written beside them.
    """
    errors: Errors = defaultdict(dict)
    with zipfile.ZipFile(path) as archive, archive.open(_part_of(archive, sheet)) as part:
        for piece in _whole_cells(part):
            if _ODD_ERROR_MARK in piece:
                raise Irregular
            if _ERROR_MARK in piece:
                found = _ERROR.findall(piece)
                if len(found) != piece.count(_ERROR_MARK):
                    raise Irregular
                for letters, row, shown in found:
                    errors[int(row)][_column(letters)] = shown.decode("utf-8", "replace")
    return errors


def _inspect_compound(file: IO[bytes]) -> str:
    """An xls; an encrypted xlsx stands in the same container, under a name in UTF-16."""
    tail = b""
    while chunk := file.read(MIB):
        if _ENCRYPTED in tail + chunk:
            raise Refused("password_protected")
        tail = chunk[-len(_ENCRYPTED) :]
    return "xls"


def _inspect_zip(archive: zipfile.ZipFile) -> str:
    entries = archive.infolist()
    unpacked, packed = sum(one.file_size for one in entries), sum(one.compress_size for one in entries)
    if len(entries) > MAX_ENTRIES:
        raise Refused("too_large", why=f"it packs {len(entries):,} files")
    if unpacked > MAX_UNPACKED or unpacked > max(_HARMLESS, MAX_RATIO * packed):
        raise Refused("too_large", why=f"it unpacks to {unpacked // MIB:,} MB")
    if any(one.flag_bits & 1 for one in entries):
        raise Refused("password_protected")
    for one in entries:
        if one.filename.endswith((".xml", ".rels")):
            _refuse_entities(archive, one)
    return _kind({one.filename for one in entries})


def _refuse_entities(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """A package may not hold document type declarations (ECMA-376 part 2, 8.1.4); none that can expand gets further."""
    with archive.open(entry) as part:
        start = part.read(_PROLOGUE).replace(b"\0", b"").upper()
    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
        raise Refused("unreadable", why="it declares XML entities, which no spreadsheet program writes")


def _kind(names: set[str]) -> str:
    if any(name.endswith("workbook.xml") for name in names):
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    if any(name.endswith("workbook.bin") for name in names):
        return "other"
    raise Refused("unreadable", why="it is a zip archive without a workbook")


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Where the archive keeps a sheet (ECMA-376 part 1, 18.2.19)."""
    folder = next(name for name in archive.namelist() if name.endswith("workbook.xml")).rpartition("/")[0]
    book = fromstring(archive.read(f"{folder}/workbook.xml"))  # noqa: S314 - entities were refused by `inspect`
    relations = fromstring(archive.read(f"{folder}/_rels/workbook.xml.rels"))  # noqa: S314 - as above
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    for one in book.iterfind(".//{*}sheet"):
        if one.get("name") == sheet and one.get(_RELATION) in targets:
            return posixpath.normpath(posixpath.join("/", folder, targets[one.get(_RELATION)])).lstrip("/")
    raise Irregular


def _whole_cells(part: IO[bytes]) -> Iterator[bytes]:
    """The XML of a sheet in pieces that do not cut a cell."""
    held = b""
    while chunk := part.read(MIB):
        held += chunk
        cut = held.rfind(b"row>") + 4  # the end of a row, whatever its namespace prefix
        yield held[:cut]
        held = held[cut:]
    yield held


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
