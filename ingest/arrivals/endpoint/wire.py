"""SFTP version 3 as bytes (draft-ietf-secsh-filexfer-02), which all clients speak: requests read, answers written."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import IntEnum, IntFlag
from stat import S_IFDIR, S_IFREG, filemode
from typing import NamedTuple

VERSION = 3
MOST_PACKET = (256 << 10) + 1024  # as OpenSSH takes it: 255 KiB of data and a little around it
MOST_DATA = 255 << 10


class Kind(IntEnum):
    """Of a packet."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    SETSTAT = 9
    FSETSTAT = 10
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    RMDIR = 15
    REALPATH = 16
    STAT = 17
    RENAME = 18
    READLINK = 19
    SYMLINK = 20
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


class Code(IntEnum):
    """Of a status."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    OP_UNSUPPORTED = 8


class Flag(IntFlag):
    """How a file is to be opened."""

    READ = 1
    WRITE = 2
    APPEND = 4
    CREATE = 8
    TRUNCATE = 16
    EXCLUSIVE = 32


class Refused(Exception):  # noqa: N818 - it is an answer
    """What a client is told instead of what it asked for.

    Args:
        code: by which programs tell it.
        sentence: for people; many clients show it.
    """

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


class Malformed(Exception):  # noqa: N818 - see Refused
    """A packet that ends too early."""


class Attrs(NamedTuple):
    """Of a file or folder; None where a client says nothing of it.

    Attributes:
        mtime: when it was last changed; we tell it, and take nobody's word for it.
    """

    size: int | None = None
    mode: int | None = None
    mtime: datetime | None = None

    @classmethod
    def of_folder(cls, mode: int) -> Attrs:
        """A folder's."""
        return cls(0, S_IFDIR | mode, datetime.fromtimestamp(0, UTC))

    @classmethod
    def of_file(cls, size: int, mode: int, mtime: datetime) -> Attrs:
        """A file's."""
        return cls(size, S_IFREG | mode, mtime)


class Entry(NamedTuple):
    """One line of a listing."""

    name: str
    attrs: Attrs


_SIZE, _OWNER, _MODE, _TIMES, _EXTENDED = 1, 2, 4, 8, 0x80000000
_U32, _U64 = struct.Struct(">I"), struct.Struct(">Q")
_STATUS = struct.Struct(">IBII")


class Request:
    """A packet being read, from its kind on."""

    __slots__ = ("_at", "_data", "id", "kind")

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 1
        self.kind = data[0] if data else 0
        self.id = self.u32()  # of INIT, the version

    def u32(self) -> int:
        """A number of 32 bits."""
        return int.from_bytes(self._take(4))

    def u64(self) -> int:
        """A number of 64 bits."""
        return int.from_bytes(self._take(8))

    def string(self) -> bytes:
        """Bytes behind their number."""
        return self._take(self.u32())

    def attrs(self) -> Attrs:
        """What a client says of a file; of what we do not heed, only that it can be read."""
        flags = self.u32()
        size = self.u64() if flags & _SIZE else None
        if flags & _OWNER:
            self._take(8)
        mode = self.u32() if flags & _MODE else None
        if flags & _TIMES:
            self._take(8)
        return Attrs(size, mode)

    def _take(self, count: int) -> bytes:
        at, self._at = self._at, self._at + count
        if self._at > len(self._data):
            raise Malformed
        return self._data[at : self._at]


def status(request_id: int, code: Code, sentence: str = "") -> bytes:
    """An answer without anything but whether it was done."""
    told = sentence.encode()
    head = _STATUS.pack(17 + len(told), Kind.STATUS, request_id, code)
    return b"".join((head, _U32.pack(len(told)), told, b"\0\0\0\0"))


def handle(request_id: int, name: bytes) -> bytes:
    """An open file or folder."""
    return _packet(Kind.HANDLE, request_id, _string(name))


def data(request_id: int, chunk: bytes) -> bytes:
    """What was read."""
    return _packet(Kind.DATA, request_id, _string(chunk))


def attrs(request_id: int, told: Attrs) -> bytes:
    """What is known of a file."""
    return _packet(Kind.ATTRS, request_id, _attrs(told))


def names(request_id: int, entries: Iterable[Entry], owner: str = "") -> bytes:
    """Lines of a listing, or one path."""
    lines = [_string(one.name.encode()) + _string(_long(one, owner)) + _attrs(one.attrs) for one in entries]
    return _packet(Kind.NAME, request_id, _U32.pack(len(lines)), *lines)


def extended(request_id: int, *numbers: int) -> bytes:
    """What an extension answers."""
    return _packet(Kind.EXTENDED_REPLY, request_id, *map(_U64.pack, numbers))


def version(extensions: Iterable[bytes]) -> bytes:
    """What we speak; each extension in its version 1."""
    return _packet(Kind.VERSION, VERSION, *(_string(one) + _string(b"1") for one in extensions))


def _packet(kind: Kind, request_id: int, *parts: bytes) -> bytes:
    body = b"".join((bytes([kind]), _U32.pack(request_id), *parts))
    return _U32.pack(len(body)) + body


def _string(value: bytes) -> bytes:
    return _U32.pack(len(value)) + value


def _attrs(told: Attrs) -> bytes:
    seconds = int(told.mtime.timestamp()) if told.mtime else 0
    parts = ((_SIZE, told.size, _U64), (_MODE, told.mode, _U32))
    flags = sum(flag for flag, value, _ in parts if value is not None) | (_TIMES if told.mtime else 0)
    values = b"".join(form.pack(value) for _, value, form in parts if value is not None)
    times = _U32.pack(seconds) * 2 if told.mtime else b""
    return _U32.pack(flags) + values + times


def _long(one: Entry, owner: str) -> bytes:
    """The line that `ls -l` shows."""
    if one.attrs.mode is None or one.attrs.mtime is None:
        return one.name.encode()
    at = f"{one.attrs.mtime:%b %d %H:%M}"
    return f"{filemode(one.attrs.mode)} 1 {owner:<8} {owner:<8} {one.attrs.size or 0:>9} {at} {one.name}".encode()
