"""Uploads that have not arrived yet: a file each, encrypted at any offset, which outlives its connection and ours.

The store's encryption goes from a file's beginning to its end and knows no second try, so what may be resumed cannot
stream into it. Here bytes are AES-256 in counter mode under a key of the partial's own, which stands in the head of the
file, sealed with its name under the firm's key; one that is sent again from its beginning gets another. The bytes are
secret, but not sealed against changes: that they are in the store alone.

The bytes are always whole from the first to `size`: those that come too early wait in memory, a little while.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from msgspec import Struct

from gateway import clock
from gateway.crypto import FirmCipher
from gateway.errors import Permanent
from ingest.arrivals.endpoint.wire import Code, Refused

MOST_EARLY = 4 << 20  # bytes that may wait for those before them

_HEAD = 4_096  # bytes: the sealed head, and nothing
_MAGIC = b"gwp1"
_COLUMN = "sftp.partials"
_KEY_BYTES, _BLOCK = 32, 16
_CHUNK = 1 << 20


class _Head(Struct):
    """What must be known of a partial to go on with it.

    Attributes:
        boot: of the machine: after a power cut nobody knows how much of a file is on the disk.
        is_closed: it was closed, under a name that is not final yet.
    """

    name: str
    key: bytes
    boot: str
    is_closed: bool = False


class Partial:
    """One upload.

    Attributes:
        size: of its bytes.
        touched_at: when it was last written to.
        holder: whoever has it open; nobody else's writes count.
    """

    def __init__(self, path: Path, cipher: FirmCipher, head: _Head, descriptor: int, size: int) -> None:
        self.path, self.size, self.touched_at = path, size, clock.now()
        self.holder: object | None = None
        self._cipher, self._head, self._descriptor = cipher, head, descriptor
        self._early: dict[int, bytes] = {}
        self._stream: CipherContext | None = None
        self._at = 0  # where the stream stands

    @classmethod
    def begin(cls, folder: Path, cipher: FirmCipher, name: str) -> Self:
        """A new one, empty."""
        path = folder / str(uuid4())
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        one = cls(path, cipher, _Head(name, os.urandom(_KEY_BYTES), _boot()), descriptor, 0)
        one._write_head()
        return one

    @classmethod
    def found(cls, path: Path, cipher: FirmCipher) -> Self | None:
        """One that an earlier process left; None where nobody can go on with it."""
        descriptor = os.open(path, os.O_RDWR)
        head = _read_head(descriptor, cipher)
        if head is None or not (head.is_closed or head.boot == _boot()):
            os.close(descriptor)
            return None
        known = os.fstat(descriptor)
        one = cls(path, cipher, head, descriptor, max(0, known.st_size - _HEAD))
        one.touched_at = datetime.fromtimestamp(known.st_mtime, UTC)
        return one

    @property
    def name(self) -> str:
        """Under which it is being sent."""
        return self._head.name

    @property
    def is_closed(self) -> bool:
        """Whether it waits for its final name only."""
        return self._head.is_closed

    def rename(self, name: str) -> None:
        """Give it another name; it is still no arrival."""
        self._head.name = name
        self._write_head()

    def open(self) -> None:
        """Somebody goes on with it."""
        if self._head.is_closed:
            self._head.is_closed = False
            self._write_head()

    def close(self) -> None:
        """It is whole, and waits for its final name: from now on it outlasts a power cut."""
        self._head.is_closed = True
        self._write_head()
        os.fsync(self._descriptor)

    def write(self, offset: int, data: bytes) -> None:
        """Take bytes at an offset; beyond the end they wait for those before them.

        Raises:
            Refused: too much would wait.
        """
        self.touched_at = clock.now()
        if offset > self.size:
            self._keep_early(offset, data)
            return
        self._put(offset, data)
        while self._early and (first := min(self._early)) <= self.size:
            self._put(first, self._early.pop(first))

    def truncate(self, size: int) -> None:
        """Cut it off.

        Raises:
            Refused: it is not that long.
        """
        if size > self.size:
            raise Refused(Code.FAILURE, "A file cannot be made longer than what was sent of it.")
        os.ftruncate(self._descriptor, _HEAD + size)
        self.size, self._stream = size, None
        self._early.clear()
        if not size:
            self._head.key = os.urandom(_KEY_BYTES)
            self._write_head()

    def check_whole(self) -> None:
        """See that nothing waits for bytes that never came.

        Raises:
            Refused: something does.
        """
        if self._early:
            raise Refused(Code.FAILURE, f"The bytes from {self.size} to {min(self._early)} were never sent.")

    def forget_early(self) -> None:
        """Nobody will send what was missing: its connection is gone."""
        self._early.clear()

    def chunks(self) -> Iterator[bytes]:
        """The plain bytes, in pieces."""
        stream, at = self._stream_at(0), 0
        while at < self.size:
            piece = os.pread(self._descriptor, min(_CHUNK, self.size - at), _HEAD + at)
            if not piece:
                raise Permanent("partial_gone", f"{self.path} was cut off by somebody else.")
            at += len(piece)
            yield stream.update(piece)

    def put_aside(self) -> None:
        """Leave it where it is, for another process."""
        os.close(self._descriptor)

    def delete(self) -> None:
        """Remove it for good."""
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _keep_early(self, offset: int, data: bytes) -> None:
        if sum(map(len, self._early.values())) + len(data) > MOST_EARLY:
            raise Refused(Code.FAILURE, f"The bytes from {self.size} to {offset} are missing; send a file in order.")
        self._early[offset] = data

    def _put(self, offset: int, data: bytes) -> None:
        if self._stream is None or offset != self._at:
            self._stream = self._stream_at(offset)
        sealed = memoryview(self._stream.update(data))
        self._at = offset + len(data)
        at = _HEAD + offset
        while sealed:
            written = os.pwrite(self._descriptor, sealed, at)
            sealed, at = sealed[written:], at + written
        self.size = max(self.size, self._at)

    def _stream_at(self, offset: int) -> CipherContext:
        """The counter starts at 0; both directions are the same."""
        counter = (offset // _BLOCK).to_bytes(_BLOCK)
        stream = Cipher(AES(self._head.key), CTR(counter)).encryptor()
        stream.update(bytes(offset % _BLOCK))
        return stream

    def _write_head(self) -> None:
        told = base64.b64encode(msgspec.msgpack.encode(self._head)).decode()
        [sealed] = self._cipher.encrypt_column([told], _COLUMN)
        head = _MAGIC + len(sealed or b"").to_bytes(4) + (sealed or b"")
        os.pwrite(self._descriptor, head.ljust(_HEAD, b"\0"), 0)


def owner_of(path: Path) -> UUID | None:
    """The id by which a partial's file is called; None where the file is none of ours."""
    try:
        return UUID(path.name)
    except ValueError:
        return None


def _read_head(descriptor: int, cipher: FirmCipher) -> _Head | None:
    """None where a killed process left half a head, or somebody else's file lies here."""
    head = os.pread(descriptor, _HEAD, 0)
    length = int.from_bytes(head[len(_MAGIC) : len(_MAGIC) + 4])
    if not head.startswith(_MAGIC) or len(head) < _HEAD:
        return None
    try:
        told = cipher.decrypt(head[len(_MAGIC) + 4 :][:length], _COLUMN)
    except Permanent:
        return None
    return msgspec.msgpack.decode(base64.b64decode(told), type=_Head)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # not on Linux: what a power cut leaves is trusted there
        return ""
