"""The one way that files go from a place to us, whatever the place: seen, taken, on record, and only then settled.

Killed between any two steps, a look leaves one of three things. Nothing on record: the next look takes the file anew.
On record and not settled: the next look tells by mark or bytes that it has the file, and settles it. Put aside and not
settled: the place lists it with its import, and the next look begins with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from gateway.db.models import PlaceFile
from gateway.logging import get_logger
from gateway.office import Actor, Office
from ingest.arrival import MOST_BYTES, Asked
from ingest.arrivals import memory
from ingest.arrivals.base import Held, NotYet, Place, PlaceFailed, Sighting, Taken
from ingest.arrivals.memory import PATIENCE, STEADY, Known, Overtaken
from ingest.arrivals.seeking import Claim, Sought
from ingest.arrivals.spool import Spools
from ingest.arrivals.wholeness import Fetched, has_ended
from ingest.reception import Note, receive

MOST_FILES = 100_000  # that one look lists

_WRITTEN = "somebody has it open for writing"
_UNSTEADY = f"it was changed less than {STEADY.seconds} seconds before the last look, or was seen once only"
_TOO_LARGE = f"It is larger than {MOST_BYTES >> 20} MiB; send it in parts, or packed."
_ELSEWHERE = "another process takes it right now"

log = get_logger(__name__)


class Arrived(NamedTuple):
    """A file that was taken."""

    name: str
    import_id: UUID


class Waiting(NamedTuple):
    """A file that was not, and why; `soon` where another look in a minute may find otherwise."""

    name: str
    why: str
    soon: bool


class Looked(NamedTuple):
    """What a look came to; `listed` files are there, ours or not."""

    listed: int
    taken: list[Arrived]
    waiting: list[Waiting]


def look(office: Office, sought: Sought, place_id: UUID) -> Looked:
    """Look at a place once, take what is whole and ours, and settle what was taken.

    Raises:
        PlaceFailed: the place cannot be used.
        Busy: another process is there.
        Permanent, Transient: see `receive`.
    """
    with sought.spec.open(sought.whose) as place:
        return _Look(office, sought, place_id, place).go()


class _Look:
    """One look at one place."""

    def __init__(self, office: Office, sought: Sought, place_id: UUID, place: Place) -> None:
        self._office, self._sought, self._place_id, self._place = office, sought, place_id, place
        self._firm_id, self._spec = sought.home.firm_id, sought.spec
        self._spools = Spools(office, sought.home)
        self._done: Mapping[str, Sighting] = {}
        self._taken: list[Arrived] = []
        self._waiting: list[Waiting] = []
        self._waits: dict[UUID, str | None] = {}

    def go(self) -> Looked:
        listed = self._listed()
        settled = {seen.path for seen in listed if seen.aside and self._settle_aside(seen, seen.aside)}
        ours = [seen for seen in self._without_done(listed) if seen.path not in settled and self._concerns(seen)]
        with self._office.db.firm(self._firm_id) as session:
            memory.note_gone(session, self._place_id, listed)
            rows = memory.remember(session, self._firm_id, self._place_id, ours)
            memory.forget_gone(session, self._place_id)
        for seen in ours:
            self._see_to(seen, rows[seen.path])
        with self._office.db.firm(self._firm_id) as session:
            memory.note_waiting(session, self._waits)
        self._drop_served()
        return Looked(len(listed), self._taken, self._waiting)

    def _listed(self) -> list[Sighting]:
        found: list[Sighting] = []
        for seen in self._place.look():
            found.append(seen)
            if len(found) > MOST_FILES:
                told = f"More than {MOST_FILES:,} files lie at {self._sought.place}. Move old ones away."
                raise PlaceFailed("too_many_files", told)
        return found

    def _without_done(self, listed: Sequence[Sighting]) -> Iterator[Sighting]:
        """The files, but for those that only say that others are whole."""
        if (pattern := self._spec.done) is None:
            yield from listed
            return
        self._done = {seen.path: seen for seen in listed if fnmatchcase(seen.name, pattern)}
        yield from (seen for seen in listed if seen.path not in self._done)

    def _concerns(self, seen: Sighting) -> bool:
        """A folder of ours holds nothing but what is meant for us; of somebody else's, most is none of our business."""
        return not self._place.is_far or self._sought.claim(seen.name) is not None

    # ------------------------------------------------------------ one file

    def _see_to(self, seen: Sighting, row: PlaceFile) -> None:
        try:
            if self._is_known(seen, row):
                self._note(row, None)
            else:
                self._take(seen, row, self._claim(seen))
        except NotYet as not_yet:
            self._waiting.append(Waiting(seen.name, str(not_yet), not_yet.soon))
            self._note(row, str(not_yet))

    def _note(self, row: PlaceFile, why: str | None) -> None:
        if row.waits != why:
            self._waits[row.id] = why

    def _claim(self, seen: Sighting) -> Claim:
        if seen.refused:
            raise NotYet(seen.refused, soon=False)
        if seen.size > MOST_BYTES:
            raise NotYet(_TOO_LARGE, soon=False)
        claim = self._sought.claim(seen.name)
        if claim is None:
            why = f"no feed takes a file of this name here; those taken are {self._sought.wanted}"
            raise NotYet(why, soon=False)
        return claim

    def _take(self, seen: Sighting, row: PlaceFile, claim: Claim) -> None:
        done = self._done_of(seen, row)
        with self._place.hold(seen) as held:
            self._check_whole(held, row)
            try:
                taken = self._received(held, seen, row, claim, done)
            except Known:
                self._know_again(held, seen, row)
                return
            self._taken.append(Arrived(seen.name, taken.import_id))
            if not self._spec.keeps and self._settle_as(held, taken) and done:
                self._place.drop(done)

    def _received(self, held: Held, seen: Sighting, row: PlaceFile, claim: Claim, done: Sighting | None) -> Taken:
        """Put the file into the store, and on record with what we remember of it, in one transaction.

        Raises:
            Known: it is there already.
            NotYet: it was changed meanwhile, or another process was faster.
        """
        digest = hashlib.sha256()

        def note(session: Session, import_id: UUID) -> None:
            marks = memory.mark_of(seen), done and memory.mark_of(done)
            memory.note_taken(session, row, digest.hexdigest(), import_id, marks, keeps=self._spec.keeps)

        with self._spools.of(self._place, held, seen, row, partial(self._check_end, row, claim)) as chunks:
            whole = _counted(chunks, seen, digest.update)
            import_id = self._on_record(seen.name, whole, claim, note)
        return Taken(digest.hexdigest(), import_id)

    def _on_record(self, name: str, chunks: Iterable[bytes], claim: Claim, note: Note) -> UUID:
        home, via = self._sought.home, self._sought.via
        by, asked = Actor("system", "arrivals", origin=via), Asked(feed=claim.feed if claim.named else None)
        try:
            return receive(self._office, home, name, chunks, via=via, by=by, asked=asked, queued=True, note=note)
        except Overtaken:
            raise NotYet(_ELSEWHERE) from None

    def _know_again(self, held: Held, seen: Sighting, row: PlaceFile) -> None:
        """It looks otherwise, and is what was taken."""
        with self._office.db.firm(self._firm_id) as session:
            memory.note_again(session, row, seen)
        if row.settled_at is None and row.sha256 and row.import_id:
            self._settle_as(held, Taken(row.sha256, row.import_id))

    # ------------------------------------------------------------ whether it is whole

    def _done_of(self, seen: Sighting, row: PlaceFile) -> Sighting | None:
        """The file that says that this one is whole, and did not say so of the one that was taken before.

        Raises:
            NotYet: it is not there.
        """
        if self._spec.done is None:
            return None
        names = self._names_of_done(seen.name)
        folder = seen.path.removesuffix(seen.name)
        for name in names:
            done = self._done.get(folder + name)
            if done and memory.mark_of(done) != row.done_mark:
                return done
        raise NotYet(f"its done-file {' or '.join(names)} is not there")

    def _names_of_done(self, name: str) -> list[str]:
        """How a file's done-file may be called: after its whole name, or after what stands before its last dot."""
        return [str(self._spec.done).replace("*", one) for one in dict.fromkeys((name, name.rpartition(".")[0]))]

    def _check_whole(self, held: Held, row: PlaceFile) -> None:
        """Refuse what somebody may still be writing.

        Raises:
            NotYet: somebody is, or nothing tells that nobody is.
        """
        is_whole = held.is_whole()
        if is_whole is False:
            raise NotYet(_WRITTEN)
        needs_patience = self._spec.needs_patience if self._place.is_far else self._spec.done is None
        if is_whole is None and needs_patience and not memory.is_steady(row):
            raise NotYet(_UNSTEADY)

    def _check_end(self, row: PlaceFile, claim: Claim, fetched: Fetched) -> None:
        """Refuse a file whose end is still to come; one that never changes is taken, for its partner to be told.

        Raises:
            NotYet: its end is not there.
        """
        feed = self._sought.trailing.get(claim.feed)
        if feed and not memory.is_steady(row, PATIENCE) and not has_ended(fetched, feed):
            raise NotYet("its trailer, or the end that its format wants, is not there")

    # ------------------------------------------------------------ when it is on record

    def _is_known(self, seen: Sighting, row: PlaceFile) -> bool:
        """Whether it is what was taken; left by whoever was killed before it was settled, it is settled now."""
        if not memory.is_taken(row, seen, keeps=self._spec.keeps):
            return False
        return self._spec.keeps or self._settle_left(seen, row)

    def _settle_left(self, seen: Sighting, row: PlaceFile) -> bool:
        """Its bytes tell, for another one may have its name, size and mtime by now."""
        if not (row.sha256 and row.import_id):
            return False
        with self._place.hold(seen) as held:
            digest = hashlib.sha256()
            for chunk in held.chunks(0):
                digest.update(chunk)
            return digest.hexdigest() == row.sha256 and self._settle_as(held, Taken(row.sha256, row.import_id))

    def _settle_aside(self, seen: Sighting, import_id: UUID) -> bool:
        """What a killed process had put aside: if it is what was taken, it goes where it was to go."""
        with self._office.db.firm(self._firm_id) as session:
            sha256 = memory.digest_of(session, import_id)
        if sha256 is None:
            return False
        try:
            with self._place.hold(seen) as held:
                return self._settle_as(held, Taken(sha256, import_id))
        except NotYet:  # it is told as one of the files that wait
            return False

    def _drop_served(self) -> None:
        """Remove done-files whose files are settled, where whoever settled them was killed before."""
        if self._spec.keeps or not self._done:
            return
        by_mark = {(memory.mark_of(done), done.name): done for done in self._done.values()}
        with self._office.db.firm(self._firm_id) as session:
            served = memory.served(session, self._place_id, {mark for mark, _ in by_mark})
        for row in served:
            for name in self._names_of_done(row.name):
                done = by_mark.get((str(row.done_mark), name))
                if done and memory.key_at(done.path.removesuffix(done.name) + row.name) == row.key:
                    self._place.drop(done)

    def _settle_as(self, held: Held, taken: Taken) -> bool:
        if is_settled := held.settle(taken):
            with self._office.db.firm(self._firm_id) as session:
                memory.note_settled(session, self._place_id, taken.import_id)
        else:
            log.info("a file was replaced while it was taken", import_id=str(taken.import_id))
        return is_settled


def _counted(chunks: Iterable[bytes], seen: Sighting, digest: Callable[[bytes], None]) -> Iterator[bytes]:
    """The chunks, of which there must be as many bytes as were seen.

    Raises:
        NotYet: there are not.
    """
    size = 0
    for chunk in chunks:
        digest(chunk)
        size += len(chunk)
        if size > seen.size:
            break  # it grows as fast as we read
        yield chunk
    if size != seen.size:
        raise NotYet("it was changed while it was read")
