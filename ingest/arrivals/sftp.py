"""A partner's own SFTP server, from which we fetch.

It cannot show who writes. What says that a file is whole is agreed, or its size and mtime stand still. Before a file
that was taken is moved or deleted, it gets a hidden name, and is compared: one that was replaced meanwhile goes back.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID, uuid4

from msgspec import Meta, field

from gateway import sftp
from gateway.config import FieldError
from gateway.dialing import is_example
from gateway.late import Late
from ingest.arrivals.base import CHUNK_BYTES, NotYet, PlaceFailed, PlaceSpec, Sighting, Taken, Whose
from ingest.arrivals.drop import is_draft

if TYPE_CHECKING:
    import paramiko
else:
    paramiko = Late("paramiko")

LOOK_SECONDS = 120.0  # to log in and list, and for each file beside its bytes

_SLOWEST = 100_000  # bytes a second that a file is given time for; what was fetched of a slower one is kept
_ASIDE = ".taking-"
_ID_CHARACTERS = 36
_DEEP = 8  # folders below the agreed one that are looked into
_PIECE_BYTES = 32_768  # the most that every server gives at once; all pieces of a chunk are on their way together


class SftpArrival(PlaceSpec, frozen=True, kw_only=True, tag="sftp"):
    """Where it is, how to log in, which files are ours and what becomes of them. Secrets are named, never written.

    Attributes:
        key, password: names of secrets; where both are there, the key is tried first.
        host_keys: as ssh-keyscan prints them, any of which the server may show; several while it changes its own.
        ready: what tells that a file is whole, where no done-file does: a size that stands still over two looks, a name
            that it gets by a rename at its end, or its end itself, as the feed's format knows it.
    """

    host: str
    port: Annotated[int, Meta(ge=1, le=65_535)] = 22
    user: str
    key: str | None = None
    password: str | None = None
    host_keys: list[str] = field(default_factory=list)
    folder: str = "."
    recursive: bool = False
    after: Annotated[str, Meta(pattern=r"^(leave|delete|move:.+)$")] = "leave"
    ready: Literal["steady", "rename", "trailer"] = "steady"
    every: str = "1h"

    def __post_init__(self) -> None:
        try:
            sftp.pins(self.host_keys)
        except ValueError as error:
            raise FieldError(str(error), at=("host_keys",)) from None

    @property
    def is_example(self) -> bool:
        """By its host."""
        return is_example(self.host)

    @property
    def keeps(self) -> bool:
        """Whether what was taken stays where it is."""
        return self.after == "leave"

    @property
    def needs_patience(self) -> bool:
        """Whether nothing but a size that stands still tells that a file is whole."""
        return self.done is None and self.ready == "steady"

    @property
    def waits_for_end(self) -> bool:
        """Whether the file's own format tells that it is whole."""
        return self.ready == "trailer"

    def place(self, whose: Whose) -> str:  # noqa: ARG002 - other places need it
        """Where it is."""
        return f"sftp://{self.user}@{self.host}:{self.port}/{self.folder.removeprefix('/')}"

    @contextmanager
    def open(self, whose: Whose) -> Iterator[SftpPlace]:
        """Log in.

        Raises:
            Problem: those of `gateway.sftp.session`.
            PlaceFailed: the folder cannot be read, or a secret is not there.
        """
        key, password = (name and whose.secret(name) for name in (self.key, self.password))
        server = sftp.Server(self.host, self.port, self.user, key, password, self.host_keys)
        limit = sftp.Limit(LOOK_SECONDS)
        with sftp.session(server, whose.settings.allow_private, limit) as session:
            yield SftpPlace(self, session, limit)


class SftpPlace:
    """A server that has let us in."""

    is_far = True

    def __init__(self, spec: SftpArrival, session: sftp.Session, limit: sftp.Limit) -> None:
        self._spec, self._session, self._client, self._limit = spec, session, session.sftp, limit

    def look(self) -> Iterator[Sighting]:
        """What lies in the folder, and in those below it where that is agreed."""
        yield from self._look(self._spec.folder, 0)

    @contextmanager
    def hold(self, seen: Sighting) -> Iterator[FarFile]:
        """See that it is there as it was seen.

        Raises:
            NotYet: it is not.
        """
        self._limit.allow(LOOK_SECONDS + seen.size / _SLOWEST)
        self.compare(seen.path, seen)
        yield FarFile(self._spec, self, self._client, seen)

    def drop(self, seen: Sighting) -> None:
        """Remove a done-file, as the files that it speaks of are."""
        with suppress(NotYet):
            self.compare(seen.path, seen)
            self._client.remove(seen.path)

    def ping(self) -> Iterator[str]:
        """The steps of the session, the folder, and whether something can be moved or deleted there."""
        yield from self._session.steps
        listed = sum(1 for _ in self._entries(self._spec.folder))
        yield f"The folder {self._spec.folder} can be read; {listed} entries are there."
        if self._spec.keeps:
            return
        probe = f"{self._spec.folder}/.gateway-{uuid4()}"
        self._try(f"write in {self._spec.folder}", lambda: self._client.mkdir(probe))
        self._try(f"delete in {self._spec.folder}", lambda: self._client.rmdir(probe))
        yield f"Files in {self._spec.folder} can be renamed and deleted."
        if target := target_of(self._spec):
            self.make(target)
            yield f"The folder {target}, to which they are moved, is there."

    def make(self, folder: str) -> None:
        """A folder that is there from now on.

        Raises:
            PlaceFailed: it cannot be made.
        """
        try:
            self._client.stat(folder)
        except FileNotFoundError:
            self._try(f"make the folder {folder}", lambda: self._client.mkdir(folder))

    def compare(self, path: str, seen: Sighting) -> None:
        """See that what lies at a path is what was seen.

        Raises:
            NotYet: it is not.
        """
        try:
            found = self._client.lstat(path)
        except FileNotFoundError:
            raise NotYet("it is gone again") from None
        if (found.st_size, _mark(found)) != (seen.size, seen.mark):
            raise NotYet("it was changed right now")

    def _look(self, folder: str, depth: int) -> Iterator[Sighting]:
        for entry in list(self._entries(folder)):  # requests are on their way until it is listed whole
            path = f"{folder}/{entry.filename}"
            if stat.S_ISDIR(entry.st_mode or 0):
                if self._spec.recursive and depth < _DEEP and not entry.filename.startswith("."):
                    yield from self._look(path, depth + 1)
            elif seen := _seen(path, entry):
                yield seen

    def _entries(self, folder: str) -> Iterator[paramiko.SFTPAttributes]:
        try:
            yield from self._client.listdir_iter(folder)
        except FileNotFoundError as error:
            told = (
                f"{self._spec.user} finds no folder {folder} at {self._spec.host}. Is it written as the server has it?"
            )
            raise PlaceFailed("folder_missing", told) from error
        except PermissionError as error:
            told = f"{self._spec.user} may not read the folder {folder} at {self._spec.host}. Ask the partner for it."
            raise PlaceFailed("folder_unreadable", told) from error
        except UnicodeDecodeError as error:
            told = (
                f"A name in the folder {folder} at {self._spec.host} is not UTF-8. Ask the partner to rename the file."
            )
            raise PlaceFailed("name_unreadable", told) from error

    def _try(self, what: str, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            told = f"{self._spec.user} may not {what} at {self._spec.host} ({sftp.said(error)})."
            advice = f"Ask the partner for it, or say `after: leave` instead of `after: {self._spec.after}`."
            raise PlaceFailed("not_permitted", f"{told} {advice}") from error


class FarFile:
    """A file of the server."""

    def __init__(self, spec: SftpArrival, place: SftpPlace, client: paramiko.SFTPClient, seen: Sighting) -> None:
        self._spec, self._place, self._client, self._seen = spec, place, client, seen

    def is_whole(self) -> bool | None:
        """SFTP cannot tell."""
        return None

    def chunks(self, offset: int) -> Iterator[bytes]:
        """Its bytes from there on.

        Raises:
            NotYet: it was changed meanwhile, or cannot be read.
        """
        try:
            with self._client.open(self._seen.path, "rb") as file:
                for start in range(offset, self._seen.size, CHUNK_BYTES):
                    end = min(start + CHUNK_BYTES, self._seen.size)
                    pieces = [(at, min(_PIECE_BYTES, end - at)) for at in range(start, end, _PIECE_BYTES)]
                    yield b"".join(file.readv(pieces))
        except PermissionError:
            raise NotYet("it cannot be read: permission denied", soon=False) from None
        self._place.compare(self._seen.path, self._seen)

    def settle(self, taken: Taken) -> bool:
        """Hide it, see that it is what was taken, and move or delete it."""
        folder, name = self._seen.path.rpartition("/")[0], self._seen.name
        aside = self._seen.path if self._seen.aside else f"{folder}/{_ASIDE}{taken.import_id}-{name}"
        try:
            if not self._seen.aside:
                self._client.rename(self._seen.path, aside)
        except FileNotFoundError:
            return False
        if not self._is_taken(aside, taken):
            with suppress(OSError):  # another one has its name by now: the next look finds both
                self._client.rename(aside, f"{folder}/{name}")
            return False
        self._finish(aside, str(taken.import_id))
        return True

    def _is_taken(self, aside: str, taken: Taken) -> bool:
        """By size and mtime where they were seen right before; by its bytes where a killed process has hidden it."""
        if self._seen.aside:
            digest = hashlib.sha256()
            for chunk in self.chunks(0):
                digest.update(chunk)
            return digest.hexdigest() == taken.sha256
        try:
            self._place.compare(aside, self._seen)
        except NotYet:
            return False
        return True

    def _finish(self, aside: str, import_id: str) -> None:
        target = target_of(self._spec)
        if target is None:
            self._client.remove(aside)
            return
        self._place.make(target)
        try:
            self._client.rename(aside, f"{target}/{self._seen.name}")
        except OSError:  # one of that name lies there already: SFTP's rename never overwrites
            self._client.rename(aside, f"{target}/{import_id}-{self._seen.name}")


def target_of(spec: SftpArrival) -> str | None:
    """The folder to which files go that were taken."""
    return spec.after.removeprefix("move:") if spec.after.startswith("move:") else None


def _seen(path: str, entry: paramiko.SFTPAttributes) -> Sighting | None:
    name, aside = entry.filename, None
    if name.startswith(_ASIDE):
        with suppress(ValueError):
            aside = UUID(name[len(_ASIDE) : len(_ASIDE) + _ID_CHARACTERS])
            name = name[len(_ASIDE) + _ID_CHARACTERS + 1 :]
    if is_draft(name):
        return None
    refused = None if stat.S_ISREG(entry.st_mode or stat.S_IFREG) else "It is a link or a device; only files are taken."
    return Sighting(path, name, entry.st_size or 0, _mark(entry), refused, aside)


def _mark(found: paramiko.SFTPAttributes) -> str:
    return str(found.st_mtime)
