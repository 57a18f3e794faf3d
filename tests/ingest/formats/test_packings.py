"""Packed files where plain ones are expected: told by what they are packed with."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile

import pytest
from helpers.spreadsheets import Bytes, workbook

from ingest.catalogue import describe_file
from ingest.formats import FORMATS, open_table
from ingest.formats.base import Refused
from ingest.formats.compression import Unpacked
from ingest.formats.csv import CsvFormat
from ingest.formats.excel import ExcelFormat
from ingest.formats.fixed import FixedFormat, RecordType
from ingest.formats.json import JsonFormat
from ingest.formats.packings import packing_of
from ingest.formats.xml import XmlFormat
from ingest.infer.sniffing import NotUnderstood, container_of

CSV = b"EMP_ID,Name\n1,Ann\n" * 20


def tar(content):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("roster.csv")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


# the beginnings of what the standard library does not write
PACKED = {
    "gzip": gzip.compress(CSV),
    "xz": lzma.compress(CSV),
    "bzip2": bz2.compress(CSV),
    "tar": tar(CSV),
    "zstd": b"\x28\xb5\x2f\xfd\x04\x58" + CSV,
    "7-Zip": b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(60),
    "RAR": b"Rar!\x1a\x07\x01\0" + bytes(60),
    "LZ4": b"\x04\x22\x4d\x18\x64\x40" + CSV,
    "lzip": b"LZIP\x01\x0c" + CSV,
    "compress": b"\x1f\x9d\x90" + CSV,
    "CAB": b"MSCF" + bytes(60),
}
SPECS = {
    CsvFormat: CsvFormat(encoding="cp1252"),
    ExcelFormat: ExcelFormat(),
    FixedFormat: FixedFormat(records={"detail": RecordType(columns={"id": (1, 3)})}),
    JsonFormat: JsonFormat(),
    XmlFormat: XmlFormat(),
}

each_packing = pytest.mark.parametrize("packing", PACKED)


@each_packing
@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.__struct_config__.tag)
def test_a_packed_file_is_refused_by_the_name_of_its_packing(kind, packing):
    with pytest.raises(Refused) as refused:
        open_table(Bytes(PACKED[packing], "roster.dat"), SPECS[kind])
    sentence, fix = describe_file(refused.value.code, **refused.value.details)
    assert sentence == f"The file roster.dat cannot be read: it is packed with {packing}."
    assert fix.endswith(", unpacked, or as zip or gzip if that was agreed, and send it again.")


@each_packing
def test_a_packed_file_in_an_archive_is_an_archive_again(packing):
    with pytest.raises(Refused) as refused:
        list(Unpacked(Bytes(gzip.compress(PACKED[packing]), "roster.gz"), zip=True, gzip=True))
    assert refused.value.details["why"] == "roster in it is an archive again"


@each_packing
def test_a_packed_sample_is_told_as_such(packing):
    with pytest.raises(NotUnderstood, match=f"packed with {packing}. Unpack it"):
        container_of(Bytes(PACKED[packing], "roster.csv"))


@pytest.mark.parametrize(
    "content", [CSV, b"BZh,Name\n1,2\n", b"LZIP code\n1\n", b"Rar!,x\n", workbook({"S": [["ID"]]})]
)
def test_what_only_begins_alike_is_not_packed(content):
    assert packing_of(content) is None
