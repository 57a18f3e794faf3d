"""Files out of gzip and zip: each member a file of its own, never written anywhere, and no bomb let through."""

from __future__ import annotations

import functools
import gzip as gz
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import IO, TYPE_CHECKING

from ingest.formats.base import Refused, Source
from ingest.formats.packings import packing_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_MEMBERS = 1_000
MAX_BYTES = 2 << 30  # of all members together
MAX_RATIO = 200  # bytes out for a byte in, from the first MiB on; text comes to 30 at most
_PIECE = 1 << 20
_TAIL = 8 << 20  # the end of an archive, where zip keeps its directory; held in memory, and so are small archives
_SIGNATURE = 4  # bytes
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what every tool writes unless told otherwise
_ENCRYPTED = 0x1  # of a member's flags (APPNOTE 4.4.4)
_EXPECTED = "a gzip or zip archive"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP = b"\x1f\x8b"
_ARCHIVE_NAMES = (".zip", ".gz", ".tgz", ".7z", ".rar", ".tar", ".bz2", ".xz", ".zst", ".lz4", ".lz", ".z", ".cab")
_WORKBOOK = "[Content_Types].xml"  # the part that every Office document has (ECMA-376, part 2): a zip to be read whole
_SYSTEM_FILES = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")


class _NowhereError(OSError):
    """A place that an archive names, but that no file has."""


_DAMAGE = (
    gz.BadGzipFile,
    zipfile.BadZipFile,
    IndexError,  # zipfile looks at the first letter of a member's name, whether there is one or not
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,
    _NowhereError,
)


class Unpacked:
    """The files in a stored file, one level deep; the stored file itself where it is no archive of a kind to unpack.

    Attributes:
        remarks: sentences for the receipt; complete once all have been asked for.
    """

    def __init__(self, source: Source, *, zip: bool, gzip: bool) -> None:  # noqa: A002 - as the feed spells them
        self._source = source
        self._zip, self._gzip = zip, gzip
        self._read = 0  # bytes of all members so far
        self.remarks: list[str] = []

    @functools.cached_property
    def is_archive(self) -> bool:
        """Whether it is an archive of a kind to unpack, sound or not; a workbook is a zip to be read whole."""
        head = _head(self._source)
        if head.startswith(_GZIP):
            return self._gzip
        return self._zip and head.startswith(_ZIP) and not self._is_workbook()

    def __iter__(self) -> Iterator[Source]:
        """The files as they lie in the archive, each once its whole content has been found sound.

        Raises:
            Refused: `empty_file`, `password_protected`, `too_large` or `unreadable`.
        """
        if not self.is_archive:
            yield self._source
            return
        for member in self._members():
            for piece in self._checked(member):
                member.size += len(piece)
            yield member

    def forward(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Name and content of each file of an archive as they lie in it, so that all are had by going through it once.

        Each content is to be read to its end before the next is asked for; it is found sound, or not, on the way.

        Raises:
            Refused: as above, and so does reading a content.
        """
        for member in self._members():
            yield member.name, self._checked(member)

    def _is_workbook(self) -> bool:
        try:
            return _WORKBOOK in self._zipped.namelist()
        except _DAMAGE:
            return False

    @functools.cached_property
    def _zipped(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(_Seekable(self._source, _TAIL))

    def _members(self) -> list[Member]:
        with self._telling_damage():
            if _head(self._source).startswith(_GZIP):
                return [Member(_without_suffix(self._source.name), self._gunzipped)]
            return self._in_zip()

    def _in_zip(self) -> list[Member]:
        """In the order of their places in the file: the directory's may lead to and fro, a pass over all for each."""
        archive = self._zipped
        files = self._files(archive.infolist())
        if len(files) > MAX_MEMBERS:
            raise self._refused("too_large", why=f"it holds {len(files):,} files; {MAX_MEMBERS:,} is the most")
        if not files:
            raise self._refused("empty_file")
        files.sort(key=lambda entry: entry.header_offset)
        return [Member(_bare(entry.filename), functools.partial(archive.open, entry)) for entry in files]

    def _gunzipped(self) -> io.BufferedIOBase:
        return gz.GzipFile(fileobj=io.BufferedReader(_Seekable(self._source, 0)), mode="rb")

    def _files(self, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
        """All that may be a partner's data; says what else there was."""
        files = [entry for entry in entries if not entry.is_dir()]
        kept = [entry for entry in files if not _SYSTEM_FILES.search(entry.filename)]
        if any(entry.flag_bits & _ENCRYPTED for entry in kept):
            raise self._refused("password_protected")
        if not all(entry.compress_type in _METHODS for entry in kept):
            raise NotImplementedError("it uses a method other than deflate")
        for count, what in ((len(entries) - len(files), "folder"), (len(files) - len(kept), "operating system file")):
            if count:
                self.remarks.append(f"{count:,} {what}{'s' * (count > 1)} in the archive passed over.")
        return kept

    def _checked(self, member: Member) -> Iterator[bytes]:
        """A member's content, at whose end its checksum has held; it is neither a bomb nor an archive."""
        with self._telling_damage():
            for number, piece in enumerate(member.chunks()):
                if not number and (packing_of(piece) or member.name.lower().endswith(_ARCHIVE_NAMES)):
                    why = f"{member.name} in it is an archive again"
                    raise self._refused("unreadable", why=why, expected="one archive with plain files in it")
                self._read += len(piece)
                self._check_budget()
                yield piece

    @contextmanager
    def _telling_damage(self) -> Iterator[None]:
        try:
            yield
        except _DAMAGE as error:
            raise self._refused("unreadable", why=f"the archive is damaged ({error})", expected=_EXPECTED) from error

    def _check_budget(self) -> None:
        if self._read > MAX_BYTES:
            raise self._refused("too_large", why=f"unpacked, it has more than {MAX_BYTES >> 30} GiB")
        if self._read > _PIECE and self._read > MAX_RATIO * self._source.size:
            raise self._refused("too_large", why=f"unpacked, it is more than {MAX_RATIO} times its size")

    def _refused(self, code: str, **details: object) -> Refused:
        return Refused(code, file=self._source.name, **details)


class Member:
    """One file in an archive, unpacked anew each time it is read.

    Attributes:
        name: without any folder.
        size: bytes, once it has been found sound.
    """

    def __init__(self, name: str, opened: Callable[[], IO[bytes] | io.BufferedIOBase]) -> None:
        self._opened = opened
        self.name = name
        self.size = 0

    def chunks(self) -> Iterator[bytes]:
        """The content in pieces of at most 1 MiB."""
        with self._opened() as stream:
            while piece := stream.read(_PIECE):
                yield piece


class _Seekable(io.RawIOBase):
    """A stored file as zip needs it: sought at will. Going back starts over, but for the last `tail` bytes, kept."""

    def __init__(self, source: Source, tail: int) -> None:
        self._source = source
        self._size = source.size
        self._tail_begins = max(0, self._size - tail)
        self._tail = b""
        self._at = 0
        self._rewind()

    def _rewind(self) -> None:
        self._chunks = iter(self._source.chunks())
        self._chunk = b""
        self._begun = 0  # where that chunk begins

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise _NowhereError("it names a place before its beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        piece = (self._from_tail() if self._at >= self._tail_begins else self._from_chunks())[: len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _from_tail(self) -> memoryview:
        if not self._tail and self._tail_begins < self._size:
            self._tail = _last(self._source, self._size - self._tail_begins)
        return memoryview(self._tail)[self._at - self._tail_begins :]

    def _from_chunks(self) -> memoryview:
        if self._at < self._begun:
            self._rewind()
        while self._at >= self._begun + len(self._chunk):
            self._begun += len(self._chunk)
            self._chunk = next(self._chunks, b"")
            if not self._chunk:
                break
        return memoryview(self._chunk)[self._at - self._begun :]


def _last(source: Source, count: int) -> bytes:
    held = bytearray()
    for chunk in source.chunks():
        held += chunk
        if len(held) > 2 * count:
            del held[:-count]
    return bytes(held[-count:])


def _head(source: Source) -> bytes:
    head = b""
    for chunk in source.chunks():
        head += chunk
        if len(head) >= _SIGNATURE:
            break
    return head


def _without_suffix(name: str) -> str:
    return _bare(name[:-3] if name.lower().endswith(".gz") else name)


def _bare(name: str) -> str:
    """The last part of a path in either notation: nothing that could lead anywhere."""
    base = PurePath(name.replace("\\", "/")).name
    return "unnamed" if base in {"", ".", ".."} else base
