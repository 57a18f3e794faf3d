"""What a partner is uploading: shared by all its connections, so that what one left another may go on with.

Of two that write under one name at once each has a partial of its own, and each arrives. Whoever goes on with a partial
without emptying it takes it over: the other connection is most likely dead, and nobody has told us yet.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from functools import partial as bound
from pathlib import Path
from typing import Self

from gateway import clock, private
from gateway.crypto import FirmCipher
from gateway.domain.partners.homes import Home
from gateway.logging import get_logger
from gateway.office import Actor, Office
from gateway.settings import Settings
from ingest.arrival import MOST_BYTES
from ingest.arrivals.endpoint.partials import Partial, owner_of
from ingest.arrivals.endpoint.paths import is_temporary
from ingest.arrivals.endpoint.taking import KEPT, Taking
from ingest.arrivals.endpoint.wire import Attrs, Code, Entry, Flag, Refused

MOST_OPEN = 64  # uploads of a partner at once
MOST_PARTIALS = 200
MOST_UNFINISHED = 2 << 30  # bytes of them together
LEAST_FREE = 1 << 30  # bytes of the disk, for everybody else

UNANSWERED = "unanswered"  # beside the partials: marks of arrivals that nobody could be told of

_LOOK_BYTES = 4 << 20  # written between two looks at disk and quota
_REMEMBERED = 256  # names that have arrived, for clients that look at what they have sent

log = get_logger(__name__)
Answered = Callable[[], None]
"""To be called once the client has been told."""


def root_of(settings: Settings) -> Path:
    """Where the inboxes of all partners lie."""
    return settings.data_dir / "sftp"


class Inbox:
    """One partner's.

    Args:
        office: the surroundings.
        home: the partner's.
        cipher: the firm's.
        pool: threads in which arrivals are stored.
    """

    def __init__(self, office: Office, home: Home, cipher: FirmCipher, pool: Executor) -> None:
        self._folder = root_of(office.settings) / str(home.partner_id)
        private.make_folder(self._folder)
        self._cipher, self._pool = cipher, pool
        self._taking = Taking(office, home, self._folder / UNANSWERED)
        self._partials: dict[str, Partial] = {}
        self._displaced: set[Partial] = set()  # still being written, under a name that another one has by now
        self._taken: OrderedDict[str, Attrs] = OrderedDict()
        self._open = 0
        self._find()

    @classmethod
    def of(cls, office: Office, home: Home, pool: Executor) -> Self:
        """The inbox of a partner as an earlier process left it; to be called in a thread, for it asks the database."""
        with office.db.firm(home.firm_id) as session:
            cipher = office.cipher(session, home.firm_id)
        return cls(office, home, cipher, pool)

    @property
    def unfinished(self) -> int:
        """Bytes that have not arrived."""
        return sum(one.size for one in (*self._partials.values(), *self._displaced))

    def entries(self) -> list[Entry]:
        """What is unfinished; what arrived is ours and no longer listed."""
        return [Entry(name, self._attrs(one)) for name, one in self._partials.items()]

    def attrs(self, name: str) -> Attrs:
        """Of something unfinished, or of what has lately arrived.

        Raises:
            Refused: there is no such thing.
        """
        if name in self._partials:
            return self._attrs(self._partials[name])
        if name in self._taken:
            return self._taken[name]
        raise Refused(Code.NO_SUCH_FILE, f"Nothing unfinished is called {name}.")

    def open(self, name: str, flags: Flag, by: Actor) -> Upload:
        """Begin an upload, or go on with one.

        Raises:
            Refused: it is not for writing, there is too much of something, or it is not there.
        """
        if not flags & Flag.WRITE:
            self.attrs(name)
            raise Refused(Code.PERMISSION_DENIED, "What is put into inbox/ is not handed out again.")
        self.check_room()
        known = self._partials.get(name)
        if known is not None and flags & Flag.EXCLUSIVE:
            raise Refused(Code.FAILURE, f"An upload of {name} is going on.")
        if known is None and not flags & Flag.CREATE:
            raise Refused(Code.NO_SUCH_FILE, f"Nothing unfinished is called {name}.")
        is_new = known is None or bool(flags & Flag.TRUNCATE)
        one = self._begin(name) if known is None or is_new else self._go_on(known)
        self._open += 1
        return Upload(self, one, by, is_new=is_new, appends=bool(flags & Flag.APPEND))

    def remove(self, name: str) -> None:
        """Give up something unfinished.

        Raises:
            Refused: there is none, or it is being written.
        """
        one = self._idle(name)
        del self._partials[name]
        one.delete()

    async def rename(self, old: str, new: str, by: Actor, *, over: bool) -> Answered | None:
        """Give something unfinished another name; a final one lets it arrive.

        Raises:
            Refused: it is not there, being written or cut off, or the other name is taken by another upload.
            Problem: it could not arrive; it is where it was.
        """
        one = self._idle(old)
        if new in self._partials and new != old:
            if not over:
                raise Refused(Code.FAILURE, f"Something unfinished is called {new} already.")
            self.remove(new)
        if not is_temporary(new):
            if not one.is_closed:
                raise Refused(Code.FAILURE, f"The upload of {old} broke off; send the rest of it, or all of it again.")
            return await self.arrive(one, new, by)
        one.rename(new)
        self._partials[new] = self._partials.pop(old)
        return None

    async def arrive(self, one: Partial, name: str, by: Actor) -> Answered:
        """Store an upload and put it on record; only then its sender is answered.

        Raises:
            Problem: it could not be done, and the partial stays.
        """
        one.holder = self  # nobody writes to it meanwhile
        take = bound(self._taking.take, one, name, by)
        try:
            import_id = await asyncio.get_running_loop().run_in_executor(self._pool, take)
        finally:
            one.holder = None
        self._taken[name] = self._attrs(one)
        if len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)
        self._drop(one)
        one.delete()
        return bound(self._taking.answered, name, import_id)

    def check_room(self) -> None:
        """See that there is room for something more.

        Raises:
            Refused: there is not.
        """
        if self._open >= MOST_OPEN or len(self._partials) >= MOST_PARTIALS:
            raise Refused(Code.FAILURE, f"At most {MOST_OPEN} uploads at once, and {MOST_PARTIALS} unfinished ones.")
        self.check_bytes()

    def check_bytes(self) -> None:
        """See that there is room for more bytes.

        Raises:
            Refused: there is not.
        """
        if self.unfinished > MOST_UNFINISHED:
            raise Refused(Code.FAILURE, f"Unfinished uploads hold {MOST_UNFINISHED >> 30} GiB; finish or remove some.")
        if shutil.disk_usage(self._folder).free < LEAST_FREE:
            raise Refused(Code.FAILURE, "The disk is nearly full. We have been told; try again later.")

    def let_go(self, one: Partial) -> None:
        """A handle is gone; a partial without a name has nobody left who could go on with it."""
        self._open -= 1
        if one in self._displaced and one.holder is None:
            self._displaced.discard(one)
            one.delete()

    def give_up(self, one: Partial) -> None:
        """Remove what was sent for nothing."""
        self._drop(one)
        one.delete()

    def forget(self) -> None:
        """Remove what nobody went on with for a day."""
        for one in [*self._partials.values(), *self._displaced]:
            if one.touched_at < clock.now() - KEPT and one.holder is not self:
                log.info("unfinished upload removed", size=one.size)
                one.holder = None  # whoever sits on it is told with the next byte
                self.give_up(one)
        self._taking.forget()

    def _attrs(self, one: Partial) -> Attrs:
        return Attrs.of_file(one.size, 0o200, one.touched_at)

    def _begin(self, name: str) -> Partial:
        """An upload from the beginning; an earlier one goes, unless somebody is at it."""
        known = self._partials.pop(name, None)
        if known is not None and known.holder is not None:
            self._displaced.add(known)
        elif known is not None:
            known.delete()
        self._taken.pop(name, None)
        self._partials[name] = Partial.begin(self._folder, self._cipher, name)
        return self._partials[name]

    def _go_on(self, known: Partial) -> Partial:
        if known.holder is self:
            raise Refused(Code.FAILURE, f"{known.name} is arriving at this moment.")
        known.open()
        return known

    def _idle(self, name: str) -> Partial:
        self.attrs(name)
        one = self._partials.get(name)
        if one is None:
            raise Refused(Code.NO_SUCH_FILE, f"{name} has arrived; it is no longer yours to change.")
        if one.holder is not None:
            raise Refused(Code.FAILURE, f"{name} is being written at this moment.")
        return one

    def _drop(self, one: Partial) -> None:
        self._displaced.discard(one)
        if self._partials.get(one.name) is one:
            del self._partials[one.name]

    def _find(self) -> None:
        """Take up what an earlier process left; of two under one name, what was written to last."""
        left = [Partial.found(path, self._cipher) for path in self._folder.iterdir() if owner_of(path)]
        for one in sorted(filter(None, left), key=lambda one: one.touched_at):
            if one.name in self._partials:
                self._partials[one.name].delete()
            self._partials[one.name] = one


def sweep(root: Path, but: Collection[str]) -> None:
    """Remove what partners left of whom nobody has come since we began.

    Args:
        root: the folder of inboxes.
        but: names of those that see to it themselves.
    """
    before = (clock.now() - KEPT).timestamp()
    for folder in root.glob("*"):
        old = [] if folder.name in but else [*folder.glob("*"), *folder.glob(f"{UNANSWERED}/*")]
        for path in old:
            if path.is_file() and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


class Upload:
    """An open handle on something unfinished.

    Args:
        inbox: where it lies.
        partial: what is being written.
        by: who writes.
        is_new: nothing had been written to it before.
        appends: whatever is written goes to its end.
    """

    def __init__(self, inbox: Inbox, partial: Partial, by: Actor, *, is_new: bool, appends: bool) -> None:
        self._inbox, self._partial, self._by, self._appends = inbox, partial, by, appends
        self._is_untouched = not is_new
        self._is_spoiled = False
        self._unlooked = 0
        partial.holder = self

    def attrs(self) -> Attrs:
        """Of what was written so far."""
        return Attrs.of_file(self._partial.size, 0o200, self._partial.touched_at)

    def read(self, offset: int, size: int) -> bytes:  # noqa: ARG002 - as of all handles
        """Nothing.

        Raises:
            Refused: always.
        """
        raise Refused(Code.PERMISSION_DENIED, "What is put into inbox/ is not handed out again.")

    def write(self, offset: int, data: bytes) -> None:
        """Take bytes.

        Raises:
            Refused: it is too large, in no order, or somebody else's by now.
        """
        try:
            self._write(offset, data)
        except Exception:
            self._is_spoiled = True
            raise

    def _write(self, offset: int, data: bytes) -> None:
        self._check_mine()
        at = self._partial.size if self._appends else offset
        if at + len(data) > MOST_BYTES:
            raise Refused(Code.FAILURE, f"A file has at most {MOST_BYTES >> 20} MiB; send it in parts, or packed.")
        self._unlooked += len(data)
        if self._unlooked > _LOOK_BYTES:
            self._unlooked = 0
            self._inbox.check_bytes()
        if self._is_untouched and at == 0:  # whoever does not go on where it ended sends another file
            self._partial.truncate(0)
        self._is_untouched = False
        self._partial.write(at, data)

    def truncate(self, size: int) -> None:
        """Cut off what was written.

        Raises:
            Refused: it is not that long, or somebody else's by now.
        """
        self._check_mine()
        self._partial.truncate(size)

    async def close(self) -> Answered | None:
        """Its sender says that it is whole: it arrives, unless its name says that it is not final.

        Raises:
            Refused: it is not whole, or somebody else's by now.
            Problem: it could not arrive; it is gone, and must be sent again.
        """
        try:
            self._check_mine()
            self._partial.check_whole()
            if self._is_spoiled:  # many clients close what they could not write, as if nothing were the matter
                raise Refused(Code.FAILURE, "Not all of it was taken; send the rest, or all of it again.")
            if is_temporary(self._partial.name):
                self._partial.close()
                return None
            return await self._arrive()
        finally:
            self.cut()

    async def _arrive(self) -> Answered:
        """What could not arrive is not kept: clients that do not hear what a close says look whether it is there."""
        try:
            return await self._inbox.arrive(self._partial, self._partial.name, self._by)
        except BaseException:
            self._inbox.give_up(self._partial)
            raise

    def cut(self) -> None:
        """Its connection is gone, and with it what waited for missing bytes; what was written stays."""
        if self._partial.holder is self:
            self._partial.forget_early()
            self._partial.holder = None
        self._inbox.let_go(self._partial)

    def _check_mine(self) -> None:
        if self._partial.holder is not self:
            raise Refused(Code.FAILURE, "Another connection has gone on with this upload.")
