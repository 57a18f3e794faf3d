"""A folder of this machine into which a partner's files are dropped.

Only the names that the folder itself holds are touched, and none is followed: all is done relative to the open folder.
One process at a time works in it, by a lock of the folder that ends with the process. A file that was taken goes into
`.taking` first, where nobody else looks for it; is it still the one that was taken, it is deleted and leaves an empty
file of its name in `.taken`, else it goes back. Its bytes lie in the store, encrypted: a plain copy beside them would
outlast the erasure of whoever it names.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from gateway import clock, private
from gateway.config import FieldError
from gateway.errors import Busy
from ingest.arrivals.base import CHUNK_BYTES, NotYet, PlaceFailed, PlaceSpec, Sighting, Taken, Whose

TAKING, TAKEN = ".taking", ".taken"
KEPT_DAYS = 7  # for which the names of what was taken lie in `.taken`
DRAFTS = (".part", ".tmp", ".filepart")

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a fifo must not have us wait for a writer
_BELOW = r"[^./\x00][^/\x00]*(/[^./\x00][^/\x00]*)*"
_SCHEMA = {"pattern": f"^{_BELOW}$"}
_IGNORED = signal.SIGURG  # what the system sends to whoever holds a lease that somebody wants
_NAME_BYTES = 200  # of 255, for we put an import's id before it
_ID_CHARACTERS = 36  # of an import's id, before the name
_KINDS = [(stat.S_ISLNK, "a link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket")]


def _check_folder(folder: str | None) -> str | None:
    """The folder, if a look would go there.

    Raises:
        FieldError: it would not.
    """
    if folder is None:
        return None
    if folder.startswith("/"):
        told = "A folder is written from the firm's own in GATEWAY_DROP_ROOT on, without a slash before it"
        raise FieldError(f"{told}: acme/in, not /srv/drop/northgate/acme/in.")
    if not re.fullmatch(_BELOW, folder):
        raise FieldError(
            "A folder lies below the firm's own; none of its steps is empty, is `..` or begins with a dot."
        )
    return folder


class DropArrival(PlaceSpec, frozen=True, kw_only=True, tag="drop"):
    """A folder of this machine: `data/landing/PARTNER`, or one below the firm's folder of GATEWAY_DROP_ROOT.

    Attributes:
        folder: below GATEWAY_DROP_ROOT/FIRM.
    """

    folder: Annotated[str | None, Meta(extra={"check": _check_folder}, extra_json_schema=_SCHEMA)] = None
    every: str = "1m"  # beside what is heard of at once

    @property
    def keeps(self) -> bool:
        """It never does: a full folder would be looked through again and again."""
        return False

    @property
    def needs_patience(self) -> bool:
        """A folder of this machine tells who writes."""
        return False

    def place(self, whose: Whose) -> str:
        """Where it is."""
        return f"drop:{self.folder or whose.partner}"

    def path(self, whose: Whose) -> Path:
        """Where it is on this machine.

        Raises:
            PlaceFailed: `drop_root_unset`.
        """
        if self.folder is None:
            return whose.settings.data_dir / "landing" / whose.partner
        root = whose.settings.drop_root
        if root is None:
            told = f"Folders such as {self.folder} lie below GATEWAY_DROP_ROOT, which is not set."
            raise PlaceFailed("drop_root_unset", f"{told} Set it, or leave `folder` out.")
        return root / whose.firm / self.folder

    def prepared(self, whose: Whose) -> Path:
        """The same; a folder of ours is made where it is missing.

        Raises:
            PlaceFailed: see `path`.
        """
        path = self.path(whose)
        if self.folder is None:
            private.make_folder(path)
        return path

    @contextmanager
    def open(self, whose: Whose) -> Iterator[DropPlace]:
        """Go there, while no other process is there; our own folder is made.

        Raises:
            PlaceFailed: see `path`; `folder_missing`, `folder_unreadable`.
            Busy: another process is there.
        """
        path = self.prepared(whose)
        root = whose.settings.data_dir / "landing" if self.folder is None else whose.settings.drop_root
        folder = _opened(path, root or path)
        try:
            _lock(folder, path)
            yield DropPlace(path, folder)
        except OSError as error:
            why = f"{path} cannot be worked in: {error.strerror or error}. Let this user read, write and rename there."
            raise PlaceFailed("folder_failed", why) from error
        finally:
            os.close(folder)


def _opened(path: Path, root: Path) -> int:
    """The folder, of which no step below the root is a link."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) if root.is_dir() else -1
    if folder < 0:
        raise PlaceFailed("folder_missing", f"There is no folder {root}. Make it.")
    for step in path.relative_to(root).parts:
        try:
            inner = os.open(step, _FOLDER, dir_fd=folder)
        except OSError as error:
            raise _no_folder(path, error) from error
        finally:
            os.close(folder)
        folder = inner
    return folder


def _no_folder(path: Path, error: OSError) -> PlaceFailed:
    if error.errno == errno.ENOENT:
        return PlaceFailed("folder_missing", f"There is no folder {path}. Make it, and let this user write in it.")
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return PlaceFailed("folder_missing", f"{path} is no folder, or is reached by a link. Name the folder itself.")
    return PlaceFailed(
        "folder_unreadable", f"{path} cannot be read: {error.strerror}. Let this user read and write it."
    )


def _lock(folder: int, path: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Busy("place_busy", f"Another process is at {path}; it is looked at again in a moment.") from None


class DropPlace:
    """A folder that is open and ours."""

    is_far = False

    def __init__(self, path: Path, folder: int) -> None:
        self._path, self._folder = path, folder

    def look(self) -> Iterator[Sighting]:
        """What lies there, and before it what a killed process had put aside."""
        for one in sorted(self._names(TAKING)):
            if seen := self._seen(f"{TAKING}/{one}", one[_ID_CHARACTERS + 1 :]):
                yield seen._replace(aside=UUID(one[:_ID_CHARACTERS]))
        for name in sorted(self._names("")):
            if not is_draft(name) and (seen := self._seen(name, name)):
                yield seen
        self._forget_old()

    @contextmanager
    def hold(self, seen: Sighting) -> Iterator[HeldFile]:
        """Open it; a lease on it fails while somebody has it open for writing.

        Raises:
            NotYet: it is gone, or another one.
        """
        with self._file(seen.path) as file:
            if _mark(os.fstat(file)) != seen.mark:
                raise NotYet("it was changed right now")
            yield HeldFile(self, seen, file)

    def drop(self, seen: Sighting) -> None:
        """Remove a done-file."""
        with suppress(FileNotFoundError):
            if _mark(os.stat(seen.path, dir_fd=self._folder, follow_symlinks=False)) == seen.mark:
                os.unlink(seen.path, dir_fd=self._folder)

    def ping(self) -> Iterator[str]:
        """Whether it can be read and written."""
        yield f"The folder {self._path} is there and can be read."
        try:
            self._make(TAKEN)
        except OSError as error:
            why = f"Nothing can be moved within {self._path}: {error.strerror}. Let this user write in it."
            raise PlaceFailed("folder_not_writable", why) from error
        yield f"Files that were taken can be deleted; their names stay in {self._path / TAKEN} for {KEPT_DAYS} days."

    # ------------------------------------------------------------ for the files

    def put_aside(self, seen: Sighting, import_id: str) -> str:
        """Move it out of everybody's sight, under the name of its import."""
        if seen.aside:
            return seen.path
        self._make(TAKING)
        aside = f"{TAKING}/{import_id}-{seen.name}"
        os.rename(seen.path, aside, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        return aside

    def put_away(self, aside: str, name: str, import_id: str) -> None:
        """Delete it, and leave its name for some days to whoever looks for it."""
        self._make(TAKEN)
        self._make(f"{TAKEN}/{import_id}")
        self._leave_name(f"{TAKEN}/{import_id}/{name}")
        os.unlink(aside, dir_fd=self._folder)

    def put_back(self, aside: str, name: str) -> None:
        """Give it its name again, unless another file has that by now; the next look finds it in either place.

        Two links, then one: whoever is killed in between leaves two names of one file, of which this removes the first.
        """
        with suppress(FileExistsError):
            os.link(aside, name, src_dir_fd=self._folder, dst_dir_fd=self._folder, follow_symlinks=False)
        if self._is_same(aside, name):
            os.unlink(aside, dir_fd=self._folder)

    def digest(self, path: str) -> str | None:
        """The sha256 of a file at which nobody writes; None while somebody does."""
        with self._file(path) as file:
            if leased(file) is False:
                return None
            found = hashlib.sha256()
            for chunk in _read(file, 0):
                found.update(chunk)
            return found.hexdigest()

    # ------------------------------------------------------------ helpers

    def _names(self, where: str) -> list[str]:
        try:
            folder = os.open(where or ".", _FOLDER, dir_fd=self._folder)
        except FileNotFoundError:
            return []
        try:
            return os.listdir(folder)  # noqa: PTH208 - of an open folder
        finally:
            os.close(folder)

    def _seen(self, path: str, name: str) -> Sighting | None:
        try:
            found = os.stat(path, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return Sighting(path, name, found.st_size, _mark(found), _refusal(name, found))

    @contextmanager
    def _file(self, path: str) -> Iterator[int]:
        try:
            file = os.open(path, _FILE, dir_fd=self._folder)
        except OSError as error:
            gone = error.errno in {errno.ENOENT, errno.ELOOP}
            why = "it is gone again" if gone else f"it cannot be read: {error.strerror}"
            raise NotYet(why) from error
        try:
            yield file
        finally:
            os.close(file)

    def _is_same(self, one: str, other: str) -> bool:
        first, second = (os.stat(path, dir_fd=self._folder, follow_symlinks=False) for path in (one, other))
        return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)

    def _make(self, name: str) -> None:
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=self._folder)

    def _leave_name(self, path: str) -> None:
        with suppress(FileExistsError):  # left by whoever was killed after this
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=self._folder))

    def _forget_old(self) -> None:
        """Old names of `.taken` go; and at once whatever holds bytes, which earlier versions kept there."""
        oldest = clock.now().timestamp() - KEPT_DAYS * 86_400
        for one in self._names(TAKEN):
            with suppress(FileNotFoundError, NotADirectoryError):
                is_old = os.stat(f"{TAKEN}/{one}", dir_fd=self._folder, follow_symlinks=False).st_mtime < oldest
                if is_old or self._holds_bytes(f"{TAKEN}/{one}"):
                    shutil.rmtree(f"{TAKEN}/{one}", dir_fd=self._folder)

    def _holds_bytes(self, folder: str) -> bool:
        paths = (f"{folder}/{name}" for name in self._names(folder))
        return any(os.stat(path, dir_fd=self._folder, follow_symlinks=False).st_size for path in paths)


class HeldFile:
    """A file of the folder, open."""

    def __init__(self, place: DropPlace, seen: Sighting, file: int) -> None:
        self._place, self._seen, self._file = place, seen, file

    def is_whole(self) -> bool | None:
        """Whether a read lease is granted, which it is not while anybody has the file open for writing."""
        return leased(self._file)

    def chunks(self, offset: int) -> Iterator[bytes]:
        """Its bytes.

        Raises:
            NotYet: it was written meanwhile.
        """
        yield from _read(self._file, offset)
        if _mark(os.fstat(self._file)) != self._seen.mark:
            raise NotYet("it was changed while it was read")

    def settle(self, taken: Taken) -> bool:
        """Move it out of sight, see that it is what was taken and that nobody writes it, and move it to `.taken`."""
        import_id = str(taken.import_id)
        try:
            aside = self._place.put_aside(self._seen, import_id)
        except FileNotFoundError:
            return False
        if self._place.digest(aside) != taken.sha256:
            self._place.put_back(aside, self._seen.name)
            return False
        self._place.put_away(aside, self._seen.name, import_id)
        return True


def is_draft(name: str) -> bool:
    """Whether a name says that the file is not finished, or not meant for us."""
    return name.startswith(".") or name.lower().endswith(DRAFTS)


def leased(file: int) -> bool | None:
    """Whether nobody has an open file open for writing; None where the file system cannot tell.

    A process that wants to write it from now on has us told by SIGURG, which nobody minds; SIGIO, sent unless something
    else is asked for, would end us. It waits until the file is closed, or the system's `lease-break-time` is over.
    """
    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, _IGNORED)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return False if error.errno == errno.EAGAIN else None
    return True


def _read(file: int, offset: int) -> Iterator[bytes]:
    while chunk := os.pread(file, CHUNK_BYTES, offset):
        offset += len(chunk)
        yield chunk


def _mark(found: os.stat_result) -> str:
    """Changes whenever the file does, also where its mtime is set back; and when it is renamed: it is read again."""
    return f"{found.st_ino}:{found.st_mtime_ns}:{found.st_ctime_ns}"


def _refusal(name: str, found: os.stat_result) -> str | None:
    if stat.S_ISREG(found.st_mode):
        too_long = len(os.fsencode(name)) > _NAME_BYTES
        return f"Its name is longer than {_NAME_BYTES} bytes; shorten it." if too_long else None
    kind = next((name for is_it, name in _KINDS if is_it(found.st_mode)), "a device")
    return f"It is {kind}; only files are taken."
