"""What a workbook's container says before anything in it is parsed: its kind and its sizes."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO

from ingest.formats import spelled
from ingest.formats.base import Refused
from ingest.formats.package import workbook_of

MIB = 1 << 20
MAX_ENTRIES = 10_000
MAX_UNPACKED = 2_048 * MIB
MAX_RATIO = 200  # sheets of short numbers come to 20, blank formatted ones to 100
_HARMLESS = 100 * MIB  # below this no ratio matters
_PROLOGUE = 64 * 1024

_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the compound file of xls, and of encrypted xlsx [MS-OFFCRYPTO]
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MANIFEST = "META-INF/manifest.xml"
_ENCRYPTED_PART = b"encryption-data"  # in the manifest, of each part that is encrypted (OpenDocument part 2, 4.4)
_DAMAGED = "it is damaged or cut short"


def inspect(path: Path) -> str:
    """Which kind of workbook it is: `xlsx`, `ods`, `xls`, `html`, `spreadsheetml` or `other`.

    Raises:
        Refused: `unreadable`, `password_protected` or `too_large`; the details lack the file's name.
    """
    with path.open("rb") as file:
        head = file.read(len(_CFB))
        if head == _CFB:
            return _inspect_compound(file)
        if not head.startswith(b"PK"):
            return _inspect_text(head + file.read(spelled.HEAD))
    try:
        with zipfile.ZipFile(path) as archive:
            return _inspect_zip(archive)
    # zipfile looks at the first letter of a member's name, whether there is one or not
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, IndexError, NotImplementedError) as error:
        raise Refused("unreadable", why=_DAMAGED) from error


def _inspect_compound(file: IO[bytes]) -> str:
    """An xls; an encrypted xlsx stands in the same container, under a name in UTF-16."""
    tail = b""
    while chunk := file.read(MIB):
        if _ENCRYPTED in tail + chunk:
            raise Refused("password_protected")
        tail = chunk[-len(_ENCRYPTED) :]
    return "xls"


def _inspect_text(head: bytes) -> str:
    if kind := spelled.kind_of(head):
        return kind
    if head.lower().startswith(b"mime-version:"):
        raise Refused("unreadable", why="it is a web page with its pictures in one file (MHTML)")
    raise Refused("unreadable", why="it is no Excel workbook")


def _inspect_zip(archive: zipfile.ZipFile) -> str:
    entries = archive.infolist()
    unpacked, packed = sum(one.file_size for one in entries), sum(one.compress_size for one in entries)
    if len(entries) > MAX_ENTRIES:
        raise Refused("too_large", why=f"it packs {len(entries):,} files")
    if unpacked > MAX_UNPACKED or unpacked > max(_HARMLESS, MAX_RATIO * packed):
        raise Refused("too_large", why=f"it unpacks to {unpacked // MIB:,} MB")
    if any(one.flag_bits & 1 for one in entries) or _is_encrypted_document(archive):
        raise Refused("password_protected")
    for one in entries:
        if one.filename.lower().endswith((".xml", ".rels")):
            _refuse_entities(archive, one)
    return _kind(archive)


def _is_encrypted_document(archive: zipfile.ZipFile) -> bool:
    """An OpenDocument's parts are encrypted one by one, or in a package of their own; which ones, its manifest says."""
    if _MANIFEST not in archive.namelist():
        return False
    with archive.open(_MANIFEST) as part:
        return _ENCRYPTED_PART in part.read(MIB)


def _refuse_entities(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """A package may not hold document type declarations (ECMA-376 part 2, 8.1.4); none that can expand gets further."""
    with archive.open(entry) as part:
        start = part.read(_PROLOGUE).replace(b"\0", b"").upper()
    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
        raise Refused("unreadable", why="it declares XML entities, which no spreadsheet program writes")


def _kind(archive: zipfile.ZipFile) -> str:
    if book := workbook_of(archive):
        return "other" if book.endswith(".bin") else "xlsx"
    if "content.xml" in archive.namelist():
        return "ods"
    raise Refused("unreadable", why="it is a zip archive without a workbook")
