"""Workbooks that ask for a password: told as such, never as damage."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from helpers.compound import record, small
from helpers.spreadsheets import MANIFEST, open_document, refusal

SAMPLES = Path(__file__).parents[2] / "data" / "excel"
NOISE = bytes(range(7, 200, 3))

# [MS-XLS] 2.4.117: the kind of encryption, and what the reader of a password needs
XOR = struct.pack("<HHH", 0, 0x1234, 0xABCD)
RC4 = struct.pack("<HHH", 1, 1, 1) + NOISE[:48]
CRYPTO_API = struct.pack("<HHH", 1, 4, 2) + NOISE
OLD_XOR = struct.pack("<HH", 0x1234, 0xABCD)  # as in BIFF5, which has no other kind


def protected_xls(pass_record, version=0x0600, *, write_protected=False):
    """The beginning of a workbook whose records are noise behind the one that says how."""
    begin = record(0x0809, struct.pack("<HH12x", version, 5))
    before = record(0x0086) if write_protected else b""
    noise = record(0x0085, NOISE[:20]) + record(0x00E0, NOISE[:20]) + record(0x00FC, NOISE)
    return small(begin + before + record(0x002F, pass_record) + noise + record(0x000A))


@pytest.mark.parametrize("shape", [XOR, RC4, CRYPTO_API], ids=["XOR", "RC4", "CryptoAPI"])
@pytest.mark.parametrize("write_protected", [False, True])
def test_an_encrypted_old_workbook_is_told_as_such(shape, write_protected):
    assert refusal(protected_xls(shape, write_protected=write_protected)).code == "password_protected"


def test_a_still_older_one_too():
    assert refusal(protected_xls(OLD_XOR, version=0x0500)).code == "password_protected"


def test_a_whole_old_workbook_with_that_record_is_told_as_such_as_well():
    content = bytearray((SAMPLES / "roster.xls").read_bytes())
    at = content.index(bytes.fromhex("09081000000605")) + 20  # the record behind the beginning of the workbook
    content[at : at + 2] = struct.pack("<H", 0x002F)
    assert refusal(bytes(content)).code == "password_protected"


ENCRYPTED = (
    '<manifest:encryption-data manifest:checksum-type="SHA1/1K" manifest:checksum="x">'
    '<manifest:algorithm manifest:algorithm-name="Blowfish CFB"/></manifest:encryption-data>'
)


def repacked(content, changed):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            for new, part in changed(name, before.read(name)):
                after.writestr(new, part)
    return out.getvalue()


def of_parts(name, part):
    """As LibreOffice writes it: each part is noise, and the manifest says how it was made."""
    if name == "META-INF/manifest.xml":
        entry = f'<manifest:file-entry manifest:full-path="content.xml">{ENCRYPTED}</manifest:file-entry>'
        return [(name, MANIFEST.replace("</manifest:manifest>", f"{entry}</manifest:manifest>"))]
    return [(name, NOISE if name == "content.xml" else part)]


def as_a_whole(name, part):
    """As its newer versions may do: all parts are one, and none of them is seen."""
    return [("encrypted-package", NOISE)] if name == "content.xml" else of_parts(name, part)


@pytest.mark.parametrize("encrypted", [of_parts, as_a_whole])
def test_an_encrypted_open_document_is_told_as_such(encrypted):
    content = repacked(open_document({"S": [["ID"], ["1"]]}), encrypted)
    assert refusal(content).code == "password_protected"


def test_an_encrypted_new_workbook_is_told_as_such():
    assert refusal((SAMPLES / "protected.xlsx").read_bytes()).code == "password_protected"
