"""The file store: what arrives and what we write, encrypted under the firm's key, streamed in and out.

A key names one file for good, such as `northgate/acme/0197.../roster.csv`; the file under it is whole or not there.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from gateway import private
from gateway.crypto import FRAME_BYTES, FirmCipher, plain_size
from gateway.errors import Full, NotFound, Permanent, Problem, Transient
from gateway.settings import Settings

_log = logging.getLogger(__name__)
_OS_ERROR = re.compile(r"([A-Z][^:]*) \(os error \d+\)")  # as the library tells the system's word, after a path
_PART_BYTES = 5 << 20  # the least that S3 takes as a part of a multipart upload


@dataclass(frozen=True, slots=True)
class Stored:
    """What was put: the size and the SHA-256 (hex) of its plain bytes."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file to be read, as often as needed; satisfies `ingest.formats.base.Source`."""

    store: Store
    key: str
    cipher: FirmCipher
    name: str
    size: int

    def chunks(self) -> Iterator[bytes]:
        """The plain bytes in pieces of at most 1 MiB.

        Raises:
            Permanent: `undecipherable`, possibly after true pieces were given.
        """
        return self.store.read(self.key, self.cipher)


class Store:
    """The files of one installation, in a folder."""

    def __init__(self, folder: Path) -> None:
        private.make_folder(folder)
        self._folder = folder
        self._store = LocalStore(folder)

    @classmethod
    def of(cls, settings: Settings) -> Store:
        """The folder `files` in the data folder."""
        return cls(settings.data_dir / "files")

    def put(self, key: str, chunks: Iterable[bytes], cipher: FirmCipher) -> Stored:
        """Store a file of any size while it is read; an error in `chunks` leaves nothing behind.

        Raises:
            Full: `disk_full`.
            Permanent: `storage_refused`.
        """
        tally = _Tally(chunks)
        try:
            self._put(key, cipher.encrypt_stream(tally, key))
        except Problem:
            if tally.failure:  # theirs who gave the bytes, not the store's
                raise tally.failure from None
            raise
        return Stored(tally.size, tally.sha256.hexdigest())

    def open(self, key: str, cipher: FirmCipher, *, name: str | None = None) -> StoredFile:
        """A file to be read, under the name by which it arrived (else the last part of its key).

        Raises:
            NotFound: nothing is stored under the key.
        """
        with _telling(key):
            size = plain_size(obstore.head(self._store, key)["size"])
        return StoredFile(self, key, cipher, name or key.rsplit("/", 1)[-1], size)

    def read(self, key: str, cipher: FirmCipher) -> Iterator[bytes]:
        """The plain bytes in pieces of at most 1 MiB."""
        with _telling(key):
            stored = obstore.get(self._store, key).stream(FRAME_BYTES)
            yield from cipher.decrypt_stream(map(bytes, stored), key)

    def read_bytes(self, key: str, cipher: FirmCipher) -> bytes:
        """A small file at once."""
        return b"".join(self.read(key, cipher))

    def delete(self, key: str) -> None:
        """Remove a file, or half of one; one that is not there is gone already."""
        with _telling(key):
            (self._folder / key).unlink(missing_ok=True)

    def holds(self, key: str) -> bool:
        """Whether a whole file is stored under a key."""
        return (self._folder / key).is_file()

    def older(self, than: datetime) -> Iterator[str]:
        """Keys of what was last written before an instant, halves of files that a killed process left among them."""
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = Path(folder, name)
                with suppress(FileNotFoundError):  # renamed or deleted meanwhile
                    if path.stat().st_mtime < than.timestamp():
                        yield path.relative_to(self._folder).as_posix()

    def export(self, key: str, cipher: FirmCipher, path: Path) -> None:
        """Write the plain file where a person wants it; nothing stands there until it is whole."""
        draft = path.with_name(f".{path.name}.part")
        try:
            with private.create(draft) as out:
                out.writelines(self.read(key, cipher))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _put(self, key: str, frames: Iterable[bytes]) -> None:
        path = self._folder / key
        with _telling(key):
            private.make_folder(path.parent)  # the library would leave it to the umask, as it does the file
            # one part at a time keeps 5 MiB in memory instead of 60
            obstore.put(self._store, key, _pulled_elsewhere(frames), chunk_size=_PART_BYTES, max_concurrency=1)
            private.close(path)
            self._sync(key)

    def _sync(self, key: str) -> None:
        """A file that a committed row speaks of must outlast a power cut, and so must its name."""
        path = self._folder / key
        for each in (path, *list(path.parents)[: key.count("/") + 1]):
            descriptor = os.open(each, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


class _Tally:
    """Counts and digests what passes through, and keeps the error that ended it."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.size = 0
        self.sha256 = hashlib.sha256()
        self.failure: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                self.size += len(chunk)
                self.sha256.update(chunk)
                yield chunk
        except Exception as error:
            self.failure = error
            raise


def _pulled_elsewhere(frames: Iterable[bytes]) -> Iterator[bytes]:
    """Each frame pulled by a thread of its own: it may come out of this store, which cannot read while it writes."""
    pulled = iter(frames)
    with ThreadPoolExecutor(max_workers=1) as puller:
        while (frame := puller.submit(next, pulled, None).result()) is not None:
            yield frame


@contextmanager
def _telling(key: str) -> Iterator[None]:
    """Turn what the store says into a `Problem`; errors of whoever gave the bytes pass.

    Raises:
        NotFound, Permanent, Transient: as the store's error means.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("stored file", key) from error
    except PermissionError as error:
        raise Permanent("storage_refused", f"The file store does not let us at {key}.") from error
    except (BaseError, OSError) as error:
        if "No space left on device" in str(error):
            raise Full("disk_full", "The disk of the file store is full; make room and try again.") from error
        why = _reason(error)
        _log.warning("The file store failed at %s: %s", key, error)
        raise Transient("storage_unavailable", f"The file store failed{why}; try again later.") from error


def _reason(error: Exception) -> str:
    """What the system called it, without the path that it names: partners read it."""
    if isinstance(error, OSError) and error.strerror:
        return f": {error.strerror}"
    found = _OS_ERROR.search(str(error))
    return f": {found[1]}" if found else ""
