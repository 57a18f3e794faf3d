"""Encryption at rest: the master key, each firm's data key, sensitive columns, their blind indexes, and stored files.

AES-256-GCM throughout (NIST SP 800-38D). The master key wraps one data key a firm; from the data key HKDF (RFC 5869)
derives a key for each purpose. Erasing a firm is destroying its wrapped data key.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from gateway import private
from gateway.errors import Permanent
from gateway.settings import Settings

FRAME_BYTES = 1 << 20

_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_INDEX_BYTES = 16
_SALT_BYTES = 16
_VERSION = b"\x01"  # first byte of all that is stored; another layout gets another number

_log = logging.getLogger(__name__)


def load_master_key(settings: Settings) -> bytes:
    """The key in the settings, else the one in the data folder, made on first use.

    Raises:
        Permanent: the key file does not hold a key.
    """
    if settings.master_key:
        return settings.master_key
    path = settings.data_dir / "master.key"
    if not path.exists():
        _make_key_file(path)
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise Permanent("master_key_invalid", f"{path} does not hold a key of {_KEY_BYTES} bytes in base64.")
    return key


def make_data_key(firm_id: UUID, master: bytes) -> bytes:
    """A new data key for a firm, wrapped: what `firms.wrapped_key` holds."""
    return _wrap(secrets.token_bytes(_KEY_BYTES), firm_id, master)


def rewrap(wrapped: bytes, firm_id: UUID, old: bytes, new: bytes) -> bytes:
    """The same data key under another master key: rotation touches one value a firm and no record.

    Raises:
        Permanent: the old master key is not the one that wrapped it.
    """
    return _wrap(_unwrap(wrapped, firm_id, old), firm_id, new)


def signing_key(wrapped: bytes, key_id: UUID, master: bytes) -> bytes:
    """What signs tokens, from a data key that was made for this id.

    Raises:
        Permanent: `undecipherable`.
    """
    return _derive(_open(AESGCM(master), wrapped, key_id.bytes, f"The signing key {key_id}"), b"tokens")


def derived(master: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose of the whole installation, the same in all its processes."""
    return _derive(master, purpose.encode())


class FirmCipher:
    """What encrypts and decrypts one firm's values and files.

    Nonces are random: 96 bits allow 2^32 values under one key before a repeat is a 2^-32 risk (SP 800-38D, 8.3), 8,000
    times the documents of all firms.
    """

    def __init__(self, firm_id: UUID, wrapped: bytes, master: bytes) -> None:
        data_key = _unwrap(wrapped, firm_id, master)
        self._firm = firm_id.bytes
        self._columns = AESGCM(_derive(data_key, b"columns"))
        self._index_key = _derive(data_key, b"index")
        self._files_key = _derive(data_key, b"files")

    def encrypt_column(self, values: Sequence[str | None], column: str) -> list[bytes | None]:
        """Version, nonce, ciphertext and tag of each value; a value moved to another column or firm will not decrypt.

        Equal values give different bytes each time: compare `index_column`, never these.
        """
        encrypt, bound = self._columns.encrypt, self._firm + column.encode()
        nonces = memoryview(os.urandom(_NONCE_BYTES * len(values)))
        return [
            None if value is None else b"".join((_VERSION, nonce, encrypt(nonce, value.encode(), bound)))
            for value, nonce in zip(values, _cut(nonces, _NONCE_BYTES), strict=True)
        ]

    def decrypt(self, stored: bytes, column: str) -> str:
        """The value that was encrypted for this column.

        Raises:
            Permanent: `undecipherable`, another key or column, or a changed byte.
        """
        return _open(self._columns, stored, self._firm + column.encode(), f"A stored value of {column}").decode()

    def index_column(self, values: Sequence[str | None], column: str) -> list[bytes | None]:
        """16 bytes that are equal for equal values of one column in one firm: keyed BLAKE2b (RFC 7693).

        Case and spaces count; bring values into one form first.
        """
        keyed = hashlib.blake2b(column.encode() + b"\0", key=self._index_key, digest_size=_INDEX_BYTES)
        return [None if value is None else _digest(keyed, value) for value in values]

    def encrypt_stream(self, chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
        """A file in frames of 1 MiB, by the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár, 2015).

        A random salt gives each file a key of its own; a frame's nonce is its number and whether it is the last, so
        frames cannot be dropped, repeated, reordered or cut off; firm and `name` are bound, so that a file cannot pass
        for another.
        """
        salt = secrets.token_bytes(_SALT_BYTES)
        yield _VERSION + salt
        encrypt, bound = self._file_key(salt).encrypt, self._firm + name.encode()
        for number, (frame, last) in enumerate(_frames(chunks, FRAME_BYTES)):
            yield encrypt(_frame_nonce(number, last=last), frame, bound)

    def decrypt_stream(self, chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
        """The file again, in pieces of at most 1 MiB. A piece is true when it is given, the whole once it ends.

        Raises:
            Permanent: `undecipherable`, another key or name, or a changed, missing or misplaced byte.
        """
        rest = iter(chunks)
        head, held = _take(rest, len(_VERSION) + _SALT_BYTES)
        if not head.startswith(_VERSION) or len(head) != len(_VERSION) + _SALT_BYTES:
            raise _undecipherable(f"The file {name}")
        decrypt, bound = self._file_key(head[len(_VERSION) :]).decrypt, self._firm + name.encode()
        for number, (frame, last) in enumerate(_frames(_chain(held, rest), FRAME_BYTES + _TAG_BYTES)):
            try:
                piece = decrypt(_frame_nonce(number, last=last), frame, bound)
            except InvalidTag:
                raise _undecipherable(f"The file {name}") from None
            yield piece

    def _file_key(self, salt: bytes) -> AESGCM:
        return AESGCM(_derive(self._files_key, salt))


def plain_size(stored: int) -> int:
    """How many bytes a file held before it was encrypted to this many."""
    body = stored - len(_VERSION) - _SALT_BYTES
    return body - _TAG_BYTES * max(1, -(-body // (FRAME_BYTES + _TAG_BYTES)))


def _make_key_file(path: Path) -> None:
    """Under another name first, then linked: of two processes that make one, the first wins and nobody reads half."""
    private.make_folder(path.parent)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
    _log.warning("Made a master key in %s. Keep a copy elsewhere: nothing encrypted can be read without it.", path)


def _wrap(data_key: bytes, firm_id: UUID, master: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(master).encrypt(nonce, data_key, firm_id.bytes)


def _unwrap(wrapped: bytes, firm_id: UUID, master: bytes) -> bytes:
    return _open(AESGCM(master), wrapped, firm_id.bytes, f"The data key of firm {firm_id}")


def _open(cipher: AESGCM, stored: bytes, bound: bytes, what: str) -> bytes:
    nonce, sealed = stored[1 : 1 + _NONCE_BYTES], stored[1 + _NONCE_BYTES :]
    if stored[:1] != _VERSION or len(sealed) < _TAG_BYTES:
        raise _undecipherable(what)
    try:
        return cipher.decrypt(nonce, sealed, bound)
    except InvalidTag:
        raise _undecipherable(what) from None


def _undecipherable(what: str) -> Permanent:
    return Permanent(
        "undecipherable", f"{what} cannot be decrypted: the master key is another one, or the bytes were changed."
    )


def _derive(key: bytes, purpose: bytes) -> bytes:
    """HKDF's second half alone: the key that goes in is random already (RFC 5869, 3.3)."""
    return HKDFExpand(algorithm=SHA256(), length=_KEY_BYTES, info=b"gateway/" + purpose).derive(key)


def _digest(keyed: hashlib.blake2b, value: str) -> bytes:
    digest = keyed.copy()
    digest.update(value.encode())
    return digest.digest()


def _frame_nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NONCE_BYTES - 1) + (b"\x01" if last else b"\x00")


def _frames(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """The same bytes in pieces of `size`, and whether each is the last one, which may be shorter or empty."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) > size:
            yield bytes(memoryview(held)[:size]), False
            del held[:size]
    yield bytes(held), True


def _take(chunks: Iterator[bytes], size: int) -> tuple[bytes, bytes]:
    """The first `size` bytes, as far as there are any, and what was read beyond them."""
    held = b""
    for chunk in chunks:
        held += chunk
        if len(held) >= size:
            break
    return held[:size], held[size:]


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _cut(data: memoryview, size: int) -> Iterator[memoryview]:
    return (data[start : start + size] for start in range(0, len(data), size))
