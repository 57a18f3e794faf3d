"""The tree that one login sees: `inbox/` to put files into, `outbox/` to fetch them from, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial as bound
from typing import IO, TypeVar

from gateway.domain.access.sftp_logins import Login
from gateway.domain.partners.homes import Home
from gateway.office import Office
from ingest.arrivals.endpoint import shelf
from ingest.arrivals.endpoint.inbox import Answered, Inbox, Upload
from ingest.arrivals.endpoint.paths import INBOX, OUTBOX, Place, placed
from ingest.arrivals.endpoint.wire import Attrs, Code, Entry, Flag, Refused

T = TypeVar("T")

_CLOSED, _PUT, _FETCH = 0o500, 0o300, 0o500  # modes of the root and the two folders


class Desk:
    """What one login may do.

    Args:
        office: the surroundings.
        home: the partner's.
        login: who it is, and what it may.
        inbox: shared with the partner's other connections.
        pool: threads for what asks the database.
    """

    def __init__(self, office: Office, home: Home, login: Login, inbox: Inbox, pool: Executor) -> None:
        self._office, self._home, self._login, self._inbox, self._pool = office, home, login, inbox, pool

    @property
    def owner(self) -> str:
        """Whose files all are."""
        return self._login.partner

    async def entries(self, raw: bytes) -> list[Entry]:
        """What is in a folder.

        Raises:
            Refused: it is none.
        """
        place = placed(raw)
        if place.name is not None:
            raise Refused(Code.FAILURE, f"{place.path} is no folder.")
        if place.folder == INBOX:
            return self._inbox.entries()
        if place.folder == OUTBOX:
            return [Entry(name, _attrs(item)) for name, item in (await self._items()).items()]
        return [Entry(INBOX, Attrs.of_folder(_PUT)), Entry(OUTBOX, Attrs.of_folder(_FETCH))]

    async def attrs(self, raw: bytes) -> Attrs:
        """Of a file or folder.

        Raises:
            Refused: it is not there.
        """
        place = placed(raw)
        if place.name is None:
            modes = {INBOX: _PUT, OUTBOX: _FETCH}
            return Attrs.of_folder(modes.get(place.folder, _CLOSED))
        if place.folder == INBOX:
            return self._inbox.attrs(place.name)
        return _attrs(await self._item(place))

    async def open(self, raw: bytes, flags: Flag) -> Upload | Fetched:
        """A file to be written in `inbox/`, or to be read in `outbox/`.

        Raises:
            Refused: it is neither.
        """
        place = placed(raw)
        if place.name is None:
            raise Refused(Code.FAILURE, _WHERE)
        if place.folder == INBOX:
            self._check_may("files.send")
            return self._inbox.open(place.name, flags, self._login.actor)
        if flags & (Flag.WRITE | Flag.CREATE | Flag.TRUNCATE):
            raise Refused(Code.PERMISSION_DENIED, f"{OUTBOX}/ is there to be read; put files into {INBOX}/.")
        item = await self._item(place)
        file = await self._elsewhere(bound(shelf.opened, self._office, self._home, self._login, item))
        return Fetched(file, _attrs(item))

    async def set_attrs(self, raw: bytes, wanted: Attrs) -> None:
        """Nothing that matters: clients give files times and modes after they have sent them.

        Raises:
            Refused: it is not there, or is to have another size.
        """
        known = await self.attrs(raw)
        if wanted.size is not None and wanted.size != known.size:
            raise Refused(Code.PERMISSION_DENIED, "A file is cut off only by whoever has it open.")

    def remove(self, raw: bytes) -> None:
        """Give up something unfinished.

        Raises:
            Refused: it is anything else.
        """
        place = placed(raw)
        self._inbox.remove(self._unfinished(place))

    async def rename(self, old: bytes, new: bytes, *, over: bool) -> Answered | None:
        """Give something unfinished its next name.

        Raises:
            Refused: it is anything else.
            Problem: it could not arrive.
        """
        names = [self._unfinished(placed(one)) for one in (old, new)]
        return await self._inbox.rename(names[0], names[1], self._login.actor, over=over)

    def _unfinished(self, place: Place) -> str:
        if place.folder != INBOX or place.name is None:
            raise Refused(Code.PERMISSION_DENIED, f"Only unfinished files of {INBOX}/ can be renamed or removed.")
        self._check_may("files.send")
        return place.name

    async def _item(self, place: Place) -> shelf.Item:
        item = (await self._items()).get(place.name or "")
        if item is None:
            raise Refused(Code.NO_SUCH_FILE, f"There is no {place.path}.")
        return item

    async def _items(self) -> dict[str, shelf.Item]:
        return await self._elsewhere(bound(shelf.items, self._office, self._home, self._login))

    async def _elsewhere(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _check_may(self, permission: str) -> None:
        if not self._login.may(permission):
            raise Refused(Code.PERMISSION_DENIED, f"This login may not do that ({permission}).")


_WHERE = f"This is a folder; files are put into {INBOX}/ and fetched from {OUTBOX}/."


class Fetched:
    """An open handle on something that waits in `outbox/`."""

    def __init__(self, file: IO[bytes], attrs: Attrs) -> None:
        self._file, self._attrs = file, attrs

    def attrs(self) -> Attrs:
        """As it was listed."""
        return self._attrs

    def read(self, offset: int, size: int) -> bytes:
        """Some bytes; none behind its end."""
        if offset >= _FARTHEST:
            return b""
        self._file.seek(offset)
        return self._file.read(size)

    def write(self, offset: int, data: bytes) -> None:  # noqa: ARG002 - as of all handles
        """Nothing.

        Raises:
            Refused: always.
        """
        raise Refused(Code.PERMISSION_DENIED, f"{OUTBOX}/ is there to be read.")

    def truncate(self, size: int) -> None:  # noqa: ARG002 - as of all handles
        """Nothing.

        Raises:
            Refused: always.
        """
        raise Refused(Code.PERMISSION_DENIED, f"{OUTBOX}/ is there to be read.")

    async def close(self) -> None:
        """It was read as far as its reader wanted."""
        self._file.close()

    def cut(self) -> None:
        """Its reader is gone."""
        self._file.close()


_FARTHEST = 1 << 62  # an offset that a file can be asked for


def _attrs(item: shelf.Item) -> Attrs:
    return Attrs.of_file(item.size, 0o400, item.at)
