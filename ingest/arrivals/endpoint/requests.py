"""What a client asks for, done: by kinds of request; what is open is known here, by its handle."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol

from gateway.errors import Problem
from gateway.logging import get_logger
from ingest.arrivals.endpoint import wire
from ingest.arrivals.endpoint.desk import Desk
from ingest.arrivals.endpoint.inbox import Answered
from ingest.arrivals.endpoint.paths import normal
from ingest.arrivals.endpoint.wire import Attrs, Code, Entry, Flag, Kind, Malformed, Refused, Request

MOST_HANDLES = 100  # of a session, folders included

_AT_ONCE = 100  # names in an answer

log = get_logger(__name__)


class Handle(Protocol):
    """An open file."""

    def attrs(self) -> Attrs:
        """Of the file as it is."""

    def read(self, offset: int, size: int) -> bytes:
        """Some of its bytes."""

    def write(self, offset: int, data: bytes) -> None:
        """Take bytes."""

    def truncate(self, size: int) -> None:
        """Cut it off."""

    async def close(self) -> Answered | None:
        """Its client closes it."""

    def cut(self) -> None:
        """Its client is gone."""


class Done(NamedTuple):
    """An answer, and what is to be done once it is on its way."""

    answer: bytes
    then: Answered | None = None


class Requests:
    """Those of one session.

    Args:
        desk: what its login may do.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._handles: dict[bytes, Handle] = {}
        self._folders: dict[bytes, list[Entry]] = {}
        self._number = 0

    def begin(self, request: Request) -> bytes | Coroutine[Any, Any, Done]:
        """What can be done at once, done; the rest, begun.

        Raises:
            Refused, Malformed: it cannot be done.
        """
        if quick := _QUICK.get(request.kind):
            return quick(self, request)
        slow = _SLOW.get(request.kind)
        if slow is None:
            raise Refused(Code.OP_UNSUPPORTED, "There is no such operation here.")
        return slow(self, request)

    def cut(self) -> None:
        """Leave what is open to whoever goes on with it."""
        for handle in self._handles.values():
            handle.cut()
        self._handles.clear()

    # ------------------------------------------------------------------------------------------------ at once

    def read(self, request: Request) -> bytes:
        """Some bytes of an open file."""
        handle, offset, size = self._handle(request), request.u64(), request.u32()
        chunk = handle.read(offset, min(size, wire.MOST_DATA))
        return wire.data(request.id, chunk) if chunk else wire.status(request.id, Code.EOF, "Its end.")

    def write_file(self, request: Request) -> bytes:
        """Bytes for an open file."""
        self._handle(request).write(request.u64(), request.string())
        return wire.status(request.id, Code.OK)

    def stat_handle(self, request: Request) -> bytes:
        """What is known of an open file."""
        return wire.attrs(request.id, self._handle(request).attrs())

    def set_handle(self, request: Request) -> bytes:
        """Cut off an open file; nothing else of it is to be set."""
        handle, wanted = self._handle(request), request.attrs()
        if wanted.size is not None:
            handle.truncate(wanted.size)
        return wire.status(request.id, Code.OK)

    def read_folder(self, request: Request) -> bytes:
        """The next names of an open folder."""
        left = self._folders.get(request.string())
        if left is None:
            raise Refused(Code.FAILURE, "There is no such handle.")
        some, left[:] = left[:_AT_ONCE], left[_AT_ONCE:]
        if not some:
            return wire.status(request.id, Code.EOF, "Its end.")
        return wire.names(request.id, some, self._desk.owner)

    def real_path(self, request: Request) -> bytes:
        """A path as we would tell it."""
        return wire.names(request.id, [Entry(normal(request.string()), Attrs())])

    def remove(self, request: Request) -> bytes:
        """Give up something unfinished."""
        self._desk.remove(request.string())
        return wire.status(request.id, Code.OK)

    def refuse_folder(self, request: Request) -> bytes:
        """No folders, no links."""
        return wire.status(request.id, Code.PERMISSION_DENIED, "There are these two folders, and no links.")

    # ------------------------------------------------------------------------------------------------ elsewhere

    async def open(self, request: Request) -> Done:
        """Open a file."""
        path, flags = request.string(), Flag(request.u32() & 0x3F)
        self._check_room()
        handle = await self._desk.open(path, flags)
        return Done(wire.handle(request.id, self._kept(self._handles, handle)))

    async def close(self, request: Request) -> Done:
        """Close a file or folder: only now is a file whole."""
        name = request.string()
        if self._folders.pop(name, None) is not None:
            return Done(wire.status(request.id, Code.OK))
        handle = self._handles.pop(name, None)
        if handle is None:
            raise Refused(Code.FAILURE, "There is no such handle.")
        return Done(wire.status(request.id, Code.OK), await handle.close())

    async def stat(self, request: Request) -> Done:
        """What is known of a path."""
        return Done(wire.attrs(request.id, await self._desk.attrs(request.string())))

    async def set(self, request: Request) -> Done:
        """Times and modes, of which we take no notice."""
        await self._desk.set_attrs(request.string(), request.attrs())
        return Done(wire.status(request.id, Code.OK))

    async def open_folder(self, request: Request) -> Done:
        """Open a folder."""
        self._check_room()
        entries = await self._desk.entries(request.string())
        return Done(wire.handle(request.id, self._kept(self._folders, entries)))

    async def rename(self, request: Request) -> Done:
        """Give something unfinished its next name."""
        return await self._renamed(request, over=False)

    async def _renamed(self, request: Request, *, over: bool) -> Done:
        then = await self._desk.rename(request.string(), request.string(), over=over)
        return Done(wire.status(request.id, Code.OK), then)

    async def extended(self, request: Request) -> Done:
        """What is none of the protocol itself."""
        name = request.string()
        if name == b"posix-rename@openssh.com":
            return await self._renamed(request, over=True)
        if name == b"limits@openssh.com":
            return Done(wire.extended(request.id, wire.MOST_PACKET, wire.MOST_DATA, wire.MOST_DATA, MOST_HANDLES))
        raise Refused(Code.OP_UNSUPPORTED, "There is no such extension here.")

    # ------------------------------------------------------------------------------------------------ helpers

    def _handle(self, request: Request) -> Handle:
        found = self._handles.get(request.string())
        if found is None:
            raise Refused(Code.FAILURE, "There is no such handle.")
        return found

    def _check_room(self) -> None:
        if len(self._handles) + len(self._folders) >= MOST_HANDLES:
            raise Refused(Code.FAILURE, f"{MOST_HANDLES} open files and folders are the most; close some.")

    def _kept(self, among: dict[bytes, Any], what: object) -> bytes:
        self._number += 1
        name = self._number.to_bytes(8)
        among[name] = what
        return name


_QUICK: dict[int, Callable[[Requests, Request], bytes]] = {
    Kind.READ: Requests.read,
    Kind.WRITE: Requests.write_file,
    Kind.FSTAT: Requests.stat_handle,
    Kind.FSETSTAT: Requests.set_handle,
    Kind.READDIR: Requests.read_folder,
    Kind.REALPATH: Requests.real_path,
    Kind.REMOVE: Requests.remove,
    Kind.MKDIR: Requests.refuse_folder,
    Kind.RMDIR: Requests.refuse_folder,
    Kind.READLINK: Requests.refuse_folder,
    Kind.SYMLINK: Requests.refuse_folder,
}
_SLOW: dict[int, Callable[[Requests, Request], Coroutine[Any, Any, Done]]] = {
    Kind.OPEN: Requests.open,
    Kind.CLOSE: Requests.close,
    Kind.LSTAT: Requests.stat,
    Kind.STAT: Requests.stat,
    Kind.SETSTAT: Requests.set,
    Kind.OPENDIR: Requests.open_folder,
    Kind.RENAME: Requests.rename,
    Kind.EXTENDED: Requests.extended,
}


def refusal(request_id: int, error: Exception) -> bytes:
    """What a client is told of an error; of ours, that it is ours."""
    if isinstance(error, Refused):
        return wire.status(request_id, error.code, error.sentence)
    if isinstance(error, Malformed):
        return wire.status(request_id, Code.BAD_MESSAGE, "The request ends too early.")
    if isinstance(error, Problem):
        log.warning("sftp request failed", code=error.code, why=error.sentence)
        return wire.status(request_id, Code.FAILURE, error.sentence)
    log.error("sftp request failed", exc_info=error)
    return wire.status(request_id, Code.FAILURE, "Internal error. We have been told; trying again may help.")
