"""Files out of archives: what comes out, under which name, and which archives are refused."""

from __future__ import annotations

import gzip
import io
import random
import warnings
import zipfile
from dataclasses import dataclass

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ingest.catalogue import describe_file
from ingest.formats import compression
from ingest.formats.base import Refused
from ingest.formats.compression import Unpacked

MIB = 1 << 20


@dataclass
class Bytes:
    content: bytes
    name: str = "roster.zip"
    chunk: int = MIB

    @property
    def size(self):
        return len(self.content)

    def chunks(self):
        return (self.content[start : start + self.chunk] for start in range(0, len(self.content), self.chunk))


def zipped(members, method=zipfile.ZIP_DEFLATED):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return written.getvalue()


def files(content, name="roster.zip", chunk=MIB):
    found = Unpacked(Bytes(content, name, chunk), zip=True, gzip=True)
    return [(member.name, b"".join(member.chunks()), member.size) for member in found]


def refusal(content, **options):
    with pytest.raises(Refused) as refused:
        files(content, **options)
    assert all(describe_file(refused.value.code, **refused.value.details))
    return refused.value.code, describe_file(refused.value.code, **refused.value.details)[0]


NOISE = random.Random(7).randbytes(3 * MIB)


@pytest.mark.parametrize("chunk", [1, 1000, MIB])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_each_member_is_a_file_of_its_own(chunk, method):
    content = zipped([("a.csv", b"id\n1\n"), ("in/b.csv", b"id\n2\n"), ("empty.csv", b"")], method)
    assert files(content, chunk=chunk) == [("a.csv", b"id\n1\n", 5), ("b.csv", b"id\n2\n", 5), ("empty.csv", b"", 0)]


def test_members_beyond_the_part_held_in_memory_come_whole_in_any_order(monkeypatch):
    monkeypatch.setattr(compression, "_TAIL", 1_000)
    members = [(f"{number}.csv", NOISE[number * MIB :][:MIB]) for number in range(3)]
    found = list(Unpacked(Bytes(zipped(members), chunk=10_000), zip=True, gzip=True))
    for index in (2, 0, 1, 1):
        assert b"".join(found[index].chunks()) == members[index][1]
    side_by_side = list(zip(found[0].chunks(), found[1].chunks(), strict=True))
    assert b"".join(first for first, _ in side_by_side) == members[0][1]


class Counted(Bytes):
    """Tells how often it was gone through, in parts of it."""

    given = 0

    def chunks(self):
        for chunk in super().chunks():
            self.given += len(chunk)
            yield chunk

    @property
    def passes(self):
        return self.given / self.size


def to_and_fro(count, size):
    """A zip whose directory names a file at its beginning, one at its end, the second, the last but one."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            archive.writestr(f"{number}.csv", NOISE[number : number + size])
        archive.filelist.sort(key=lambda entry: min(int(entry.filename[:-4]), count - int(entry.filename[:-4]) - 0.5))
    return written.getvalue()


def test_files_are_had_by_going_through_an_archive_once_however_its_directory_orders_them(monkeypatch):
    monkeypatch.setattr(compression, "_TAIL", 10_000)
    source = Counted(to_and_fro(100, 50_000), chunk=10_000)
    found = Unpacked(source, zip=True, gzip=True)
    for number, (name, content) in enumerate(found.forward()):
        assert (name, b"".join(content)) == (f"{number}.csv", NOISE[number : number + 50_000])
    assert number == 99
    assert source.passes < 2.5  # one for the directory at its end, one for the files


def test_a_file_that_is_damaged_is_refused_while_it_is_read():
    content = zipped([("a.csv", b"id,name\n" * 9), ("b.csv", b"x")], zipfile.ZIP_STORED)
    found = Unpacked(Bytes(content.replace(b"id,name", b"id,nome", 1)), zip=True, gzip=True).forward()
    with pytest.raises(Refused, match="unreadable"):
        list(next(found)[1])


def test_pieces_are_at_most_a_mebibyte():
    (member,) = Unpacked(Bytes(gzip.compress(NOISE), "a.gz"), zip=True, gzip=True)
    assert max(map(len, member.chunks())) <= MIB


@pytest.mark.parametrize(
    ("name", "inner"), [("a.csv.gz", "a.csv"), ("A.CSV.GZ", "A.CSV"), ("a.csv", "a.csv"), ("..gz", "unnamed")]
)
def test_gzip_gives_the_file_without_its_suffix(name, inner):
    assert files(gzip.compress(b"id\n1\n") + gzip.compress(b"2\n"), name) == [(inner, b"id\n1\n2\n", 7)]


@pytest.mark.parametrize("content", [b"", b"i", b"id\n1\n", b"%PDF-1.7"])
def test_what_is_no_archive_comes_as_it_is(content):
    assert files(content, "a.csv") == [("a.csv", content, len(content))]


def test_nothing_is_unpacked_unless_the_feed_says_so():
    for content in (zipped([("a", b"x")]), gzip.compress(b"x")):
        (same,) = Unpacked(Bytes(content), zip=False, gzip=False)
        assert b"".join(same.chunks()) == content


def test_a_workbook_is_a_file_and_no_archive():
    content = zipped([("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")])
    assert files(content, "staff.xlsx") == [("staff.xlsx", content, len(content))]


def test_folders_and_system_files_are_passed_over_and_told():
    content = zipped([("in/", b""), ("in/a.csv", b"1"), ("__MACOSX/in/._a.csv", b"x"), ("in/.DS_Store", b"x")])
    found = Unpacked(Bytes(content), zip=True, gzip=True)
    assert [member.name for member in found] == ["a.csv"]
    assert found.remarks == [
        "1 folder in the archive passed over.",
        "2 operating system files in the archive passed over.",
    ]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "C:\\secrets\\passwd", "..\\..\\passwd", "a/./passwd"]
)
def test_a_name_leads_nowhere(name):
    assert [found for found, *_ in files(zipped([(name, b"x")]))] == ["passwd"]


@pytest.mark.parametrize("name", ["..", "a/.."])
def test_a_name_that_is_none_gets_one(name):
    assert [found for found, *_ in files(zipped([(name, b"x")]))] == ["unnamed"]


# ---------------------------------------------------------------- refusals


def test_an_encrypted_member_is_refused():
    content = bytearray(zipped([("a.csv", b"id\n1\n")]))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    assert refusal(bytes(content))[0] == "password_protected"


@pytest.mark.parametrize("name", ["a.zip", "b.csv.gz", "c.tar", "d.7Z"])
def test_an_archive_in_an_archive_is_refused(name):
    assert "is an archive again" in refusal(zipped([(name, b"anything")]))[1]
    assert "is an archive again" in refusal(zipped([("x.csv", gzip.compress(b"x"))]))[1]


def test_a_gzip_in_a_gzip_is_refused():
    assert "is an archive again" in refusal(gzip.compress(gzip.compress(b"x")), name="a.csv.gz")[1]


def test_an_archive_without_files_is_empty():
    assert refusal(zipped([]))[0] == refusal(zipped([("in/", b"")]))[0] == "empty_file"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv.gz", gzip.compress(bytes(64 * MIB))), ("a.zip", zipped([("a.csv", bytes(64 * MIB))]))],
)
def test_a_bomb_is_refused_by_its_ratio(name, content):
    told = f"The file {name} is too large: unpacked, it is more than 200 times its size."
    assert refusal(content, name=name) == ("too_large", told)


def test_a_mebibyte_may_be_packed_as_small_as_it_likes():
    assert files(gzip.compress(bytes(MIB)), "a.gz")[0][2] == MIB


def test_members_that_share_their_bytes_count_each_time():
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", (b"a" * 99 + b"\n" + NOISE[:900]) * 1_000)
        archive.filelist *= 300
    code, _ = refusal(written.getvalue())
    assert code in {"too_large", "unreadable"}  # zipfile itself refuses the overlap in some versions of Python


def test_all_members_together_have_a_limit(monkeypatch):
    monkeypatch.setattr(compression, "MAX_BYTES", MIB)
    assert refusal(zipped([("a", NOISE[:MIB]), ("b", b"x")]))[0] == "too_large"
    assert len(files(zipped([("a", NOISE[: MIB - 1]), ("b", b"x")]))) == 2


def test_a_thousand_members_are_the_most():
    assert len(files(zipped([(f"{number}", b"x") for number in range(1_000)]))) == 1_000
    assert "1,001 files" in refusal(zipped([(f"{number}", b"x") for number in range(1_001)]))[1]


@pytest.mark.parametrize("content", [gzip.compress(NOISE[:5_000]), zipped([("a.csv", NOISE[:5_000])])])
@pytest.mark.parametrize("end", [5, 20, 100, 4_000, -1])
def test_a_truncated_archive_is_refused(content, end):
    assert refusal(content[:end])[0] == "unreadable"


def test_a_checksum_that_fails_is_refused():
    content = zipped([("a.csv", b"id,name\n" * 9)], zipfile.ZIP_STORED).replace(b"id,name", b"id,nome", 1)
    assert "archive is damaged" in refusal(content)[1]


def test_an_unusual_method_is_refused():
    assert "other than deflate" in refusal(zipped([("a.csv", b"x" * 100)], zipfile.ZIP_LZMA))[1]


SOUND = [zipped([("a.csv", b"id\n1\n" * 20), ("b/c.csv", b"x")]), gzip.compress(b"id\n1\n" * 20)]


@given(
    content=st.sampled_from(SOUND),
    changes=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 400),
)
@settings(max_examples=800, deadline=None)
def test_a_damaged_archive_gives_whole_files_or_a_refusal(content, changes, cut):
    damaged = bytearray(content)
    for place, byte in changes:
        damaged[place % len(damaged)] = byte
    try:
        with warnings.catch_warnings(action="ignore"):
            found = files(bytes(damaged[: cut or None]))
    except Refused as refused:
        event(refused.code)
        return
    assert all(len(content) == size for _, content, size in found)
