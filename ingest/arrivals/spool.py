"""What was read of far files so far, encrypted, so that a connection that breaks costs a piece and not the file."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gateway import clock, private
from gateway.crypto import FirmCipher
from gateway.db.models import PlaceFile
from gateway.domain.partners.homes import Home
from gateway.errors import Permanent
from gateway.office import Office
from ingest.arrivals.base import Held, NotYet, Place, Sighting
from ingest.arrivals.wholeness import Fetched

_LENGTH = struct.Struct(">I")
_KEPT_SECONDS = 7 * 86_400  # for which what was read of a file waits for its rest


class Spools:
    """The folder of a partner's, in the data folder."""

    def __init__(self, office: Office, home: Home) -> None:
        self._office, self._home = office, home
        self._folder = office.settings.data_dir / "fetching" / str(home.firm_id)

    @contextmanager
    def of(
        self, place: Place, held: Held, seen: Sighting, row: PlaceFile, check: Callable[[Fetched], None]
    ) -> Iterator[Iterator[bytes]]:
        """The bytes of a file: of a near one straight from there; of a far one, what is missing is fetched first.

        Once whoever wanted them is content, what was spooled goes; otherwise it waits for the next attempt.

        Args:
            place: where it lies.
            held: the file.
            seen: what was seen of it.
            row: what is known of it.
            check: refuses a far file that was fetched, and is not whole.

        Raises:
            NotYet: another process fetches it right now.
        """
        if not place.is_far:
            yield held.chunks(0)
            return
        with self._opened(seen, row) as spool:
            spool.fetch(held)
            check(Fetched(seen.name, seen.size, spool.chunks))
            yield spool.chunks()
            spool.forget()

    @contextmanager
    def _opened(self, seen: Sighting, row: PlaceFile) -> Iterator[_Spool]:
        private.make_folder(self._folder)
        self._sweep()
        version = f"{row.id}-{seen.size}-{seen.mark}".encode().hex()[-100:]
        path = self._folder / f"{row.id}-{version}"
        with self._office.db.firm(self._home.firm_id) as session:
            cipher = self._office.cipher(session, self._home.firm_id)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NotYet("another process fetches it right now") from None
            yield _Spool(file, path, cipher, f"fetching/{path.name}")

    def _sweep(self) -> None:
        """Of what was begun long ago, and not gone on with, nothing is kept."""
        oldest = clock.now().timestamp() - _KEPT_SECONDS
        for one in self._folder.iterdir():
            if one.stat().st_mtime < oldest:
                one.unlink(missing_ok=True)


class _Spool:
    """Frames of one file: each a length and a piece, encrypted for its place in this version of this file."""

    def __init__(self, file: IO[bytes], path: Path, cipher: FirmCipher, key: str) -> None:
        self._file, self._path, self._cipher, self._key = file, path, cipher, key

    def fetch(self, held: Held) -> None:
        """Add what is missing; the last frame may be torn, for whoever wrote it may have been killed."""
        number, offset = self._kept(held)
        self._file.truncate()
        for chunk in held.chunks(offset):
            frame = b"".join(self._cipher.encrypt_stream(iter([chunk]), f"{self._key}/{number}"))
            self._file.write(_LENGTH.pack(len(frame)) + frame)
            self._file.flush()
            number += 1

    def _kept(self, held: Held) -> tuple[int, int]:
        """The frames and bytes that need not be fetched again, behind which the file then stands.

        The last piece is held against what lies there: a size and an mtime in seconds are not all that a file is.
        """
        number = offset = start = end = 0
        last = b""
        for last in self._pieces():
            number, start, offset, end = number + 1, offset, offset + len(last), self._file.tell()
        if last and next(iter(held.chunks(start)), b"")[: len(last)] != last:
            number = offset = end = 0
        self._file.seek(end)
        return number, offset

    def chunks(self) -> Iterator[bytes]:
        """All of it, from the start."""
        yield from self._pieces()

    def forget(self) -> None:
        """It is where it belongs."""
        self._path.unlink()

    def _pieces(self) -> Iterator[bytes]:
        self._file.seek(0)
        number = 0
        while len(head := self._file.read(_LENGTH.size)) == _LENGTH.size:
            frame = self._file.read(*_LENGTH.unpack(head))
            try:
                yield b"".join(self._cipher.decrypt_stream(iter([frame]), f"{self._key}/{number}"))
            except Permanent:  # torn, or of another key: what follows is fetched again
                return
            number += 1
