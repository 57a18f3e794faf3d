"""What partners encrypt with OpenPGP, opened before it is looked at: one file, or a zip or gzip archive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gateway import pgp
from ingest.formats.base import Refused, Source
from ingest.formats.compression import MAX_BYTES, MAX_RATIO, Unpacked

_MIB = 1 << 20
_MESSAGE = re.compile(rb"\s*-----BEGIN PGP MESSAGE-----|[\x84-\x86\xc1]")  # RFC 9580: begins with whom it is for
_SUFFIX = re.compile(r"\.(pgp|gpg|asc)$", re.IGNORECASE)


class Keys(NamedTuple):
    """What opens a partner's files.

    Attributes:
        private: ours, in armour.
        signer: the public key, in armour, of whoever must have signed; without, nobody must.
    """

    private: str
    signer: str | None


def is_message(source: Source) -> bool:
    """Whether a file begins as an encrypted message does."""
    return _MESSAGE.match(next(iter(source.chunks()), b"")[:256]) is not None


class Decrypted:
    """The files in an encrypted file; the same as `ingest.formats.compression.Unpacked` to whoever asks.

    Nothing of it is given before all of it has been opened once, its signature included.

    Args:
        source: the encrypted file.
        keys: what opens it.
        zip: whether an archive within is unpacked as well.
        gzip: the same, of the other kind.
    """

    def __init__(self, source: Source, keys: Keys, *, zip: bool, gzip: bool) -> None:  # noqa: A002 - as the feed
        self._source, self._keys = source, keys
        self._zip, self._gzip = zip, gzip
        self.remarks: list[str] = []

    def __iter__(self) -> Iterator[Source]:
        """See `Unpacked`."""
        within = self._within()
        yield from within
        self.remarks += within.remarks

    def forward(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """See `Unpacked`."""
        within = self._within()
        if within.is_archive:
            yield from within.forward()
        else:
            yield from ((one.name, iter(one.chunks())) for one in within)
        self.remarks += within.remarks

    def _within(self) -> Unpacked:
        content = _Content(self._source, self._keys)
        content.size = sum(map(len, content.chunks()))
        return Unpacked(content, zip=self._zip, gzip=self._gzip)


class _Content:
    """What stands in the message, opened anew each time it is read."""

    def __init__(self, source: Source, keys: Keys) -> None:
        self._source, self._keys = source, keys
        self.name = _SUFFIX.sub("", source.name)
        self.size = 0

    def chunks(self) -> Iterator[bytes]:
        """The plain bytes.

        Raises:
            Refused: `too_large`, and a code of `gateway.pgp`.
            KeyUnusable: see `gateway.pgp.opened`.
        """
        read = 0
        try:
            for piece in pgp.opened(self._source.chunks(), self._keys.private, self._keys.signer):
                read += len(piece)
                self._check_budget(read)
                yield piece
        except pgp.Unopened as unopened:
            raise Refused(unopened.code, file=self._source.name, why=unopened.sentence) from unopened

    def _check_budget(self, read: int) -> None:
        if read > MAX_BYTES:
            raise Refused("too_large", file=self._source.name, why=f"opened, it has more than {MAX_BYTES >> 30} GiB")
        if read > _MIB and read > MAX_RATIO * self._source.size:
            why = f"opened, it is more than {MAX_RATIO} times its size"
            raise Refused("too_large", file=self._source.name, why=why)
