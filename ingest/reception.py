"""Takes in what arrives: stored encrypted and on record before anything else may happen to the source.

Each file in an archive is an arrival of its own, with a state and a receipt of its own; the archive is kept as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import ConfigError, nearest
from gateway.crypto import FirmCipher
from gateway.db.models import FeedRow, File, Import
from gateway.db.session import note_recording
from gateway.domain.audit import Change, write
from gateway.domain.partners.homes import Home
from gateway.domain.partners.versions import active_config
from gateway.errors import Invalid, NotFound, Transient
from gateway.logging import get_logger
from gateway.office import Actor, Office
from ingest.arrival import Asked, open_imports
from ingest.formats.base import Refused, Source
from ingest.formats.compression import Unpacked
from ingest.formats.text import presentable
from ingest.jobs import queue_run
from ingest.reading import feeds_of
from ingest.unpacking import archive_in

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Stored:
    """One file in the store."""

    name: str
    key: str
    size: int
    sha256: str


Note = Callable[[Session, list[UUID]], None]


def _noted_nowhere(_session: Session, _import_ids: list[UUID]) -> None:
    """What there is to note beside an arrival, where there is nothing."""


def receive(
    office: Office,
    home: Home,
    name: str,
    chunks: Iterable[bytes],
    *,
    via: str,
    by: Actor,
    asked: Asked,
    queued: bool = False,
    note: Note = _noted_nowhere,
) -> list[UUID]:
    """Store the bytes and record the arrival, with who sent it; of an archive, every file in it.

    The same bytes again under the same name, while an earlier arrival of them is still open, are that arrival: its
    worker was killed. Under another name they are another one, for the name may say which feed or which day is meant.

    Args:
        office: the surroundings.
        home: the partner's.
        name: of the file.
        chunks: of its bytes.
        via: how it came.
        by: who sent it, for the audit log.
        asked: what its sender said about it.
        queued: leave the rest to a worker, by jobs in the transaction that puts the file on record.
        note: called in that transaction, with the imports' ids; what it raises undoes the arrival.

    Returns:
        The imports' ids, in the order of the archive.

    Raises:
        NotFound: the named feed does not exist.
        Permanent: the store is full or cannot be written.
    """
    with office.db.firm(home.firm_id) as session:
        cipher = office.cipher(session, home.firm_id)
        feed_id = _feed_id(session, home, asked.feed)
    one = Reception(office, home, cipher, via, by, feed_id, asked)
    try:
        whole = one.put(name, chunks)
        members, remarks = one.unpacked(whole)
        with office.db.firm(home.firm_id) as session:
            recorded = one.record(session, whole, members, remarks)
            for import_id in recorded.ids if queued else ():
                queue_run(session, home, import_id)
            note(session, recorded.ids)
            session.flush()
            # now: a commit whose answer is lost may have been done, and what is on record must be in the store
            one.unrecorded -= {stored.key for stored in recorded.kept}
    finally:
        one.discard()
    for import_id in recorded.ids:
        log.info("file received", import_id=str(import_id), partner=home.slug, via=via)
    return recorded.ids


def files_in(office: Office, home: Home, source: Source) -> list[Source]:
    """What would arrive: the file itself, or the files of an archive that can be unpacked."""
    archive = _archive(office, home, source)
    try:
        return list(archive) if archive else [source]
    except Refused:
        return [source]


def _archive(office: Office, home: Home, source: Source) -> Unpacked | None:
    """The settings are looked at only for what may be an archive: reading them takes longer than looking."""
    if not Unpacked(source, zip=True, gzip=True).is_archive:
        return None
    with office.db.firm(home.firm_id) as session, suppress(NotFound, ConfigError):
        feeds = feeds_of(active_config(session, home.partner_id))
        return archive_in(source, feeds.values())
    return None


@dataclass
class _Recorded:
    """What is on record now: the imports, and the stored files that they need."""

    ids: list[UUID] = field(default_factory=list)
    kept: list[_Stored] = field(default_factory=list)


class Reception:
    """One arrival on its way into the store and onto record."""

    def __init__(
        self, office: Office, home: Home, cipher: FirmCipher, via: str, by: Actor, feed_id: UUID | None, asked: Asked
    ) -> None:
        self._office, self._home, self._cipher = office, home, cipher
        self._via, self._by, self._feed_id, self._asked = via, by, feed_id, asked
        self.unrecorded: set[str] = set()  # names in the store

    def put(self, name: str, chunks: Iterable[bytes]) -> _Stored:
        """Store one file."""
        key = f"{self._home.firm_id}/{self._home.slug}/{clock.now():%Y/%m/%d}/{uuid4()}"
        self.unrecorded.add(key)
        stored = self._office.store.put(key, chunks, self._cipher)
        return _Stored(presentable(name), key, stored.size, stored.sha256)

    def discard(self) -> None:
        """Take out of the store what did not get onto record."""
        for key in self.unrecorded:
            self._office.store.delete(key)

    def unpacked(self, whole: _Stored) -> tuple[list[_Stored], list[str]]:
        """The files of an archive, stored, with remarks; none where it is no archive, or cannot be unpacked.

        Such an archive is recorded itself, and refused when its turn comes.
        """
        archive = _archive(self._office, self._home, self._office.store.open(whole.key, self._cipher, name=whole.name))
        if archive is None:
            return [], []
        try:
            return [self.put(one.name, one.chunks()) for one in archive], archive.remarks
        except Refused:
            return [], []

    def record(self, session: Session, whole: _Stored, members: list[_Stored], remarks: list[str]) -> _Recorded:
        """Put the file on record, or all files of an archive.

        Raises:
            Transient: `stored_file_gone`, this took so long that the store was swept meanwhile.
        """
        note_recording(session, self._home.firm_id)
        if not all(self._office.store.holds(one.key) for one in (whole, *members)):
            raise Transient("stored_file_gone", f"Receiving {whole.name} took more than a day; send it again.")
        recorded = _Recorded()
        if not members:
            self._arrival(session, recorded, whole, None, [])
            return recorded
        archive_id = self._file(session, recorded, whole, None, remarks)
        for one in members:
            self._arrival(session, recorded, one, archive_id, [f"It came in the archive {whole.name}.", *remarks])
        return recorded

    def _arrival(
        self, session: Session, recorded: _Recorded, stored: _Stored, archive_id: UUID | None, remarks: list[str]
    ) -> None:
        if interrupted := self._interrupted(session, stored):
            recorded.ids.append(interrupted)
            return
        arrival = Import(
            firm_id=self._home.firm_id,
            partner_id=self._home.partner_id,
            file_id=self._file(session, recorded, stored, archive_id, remarks),
            feed_id=self._feed_id,
            as_of=self._asked.as_of,
            forced=self._asked.forced,
        )
        session.add(arrival)
        session.flush()
        recorded.ids.append(arrival.id)
        self._audit(session, arrival.id)

    def _audit(self, session: Session, import_id: UUID) -> None:
        told = {"via": self._via, "forced": self._asked.forced}
        changes = [Change("import", import_id, "received", new=told)]
        write(session, self._home.firm_id, self._by, "import.receive", import_id=import_id, changes=changes)

    def _file(
        self, session: Session, recorded: _Recorded, stored: _Stored, archive_id: UUID | None, remarks: list[str]
    ) -> UUID:
        file = File(
            firm_id=self._home.firm_id,
            partner_id=self._home.partner_id,
            name=stored.name,
            sha256=stored.sha256,
            size=stored.size,
            storage_key=stored.key,
            via=self._via,
            archive_id=archive_id,
            remarks=remarks,
        )
        session.add(file)
        session.flush()
        recorded.kept.append(stored)
        return file.id

    def _interrupted(self, session: Session, stored: _Stored) -> UUID | None:
        asked = self._asked
        same = (
            open_imports(self._home)
            .join(File, File.id == Import.file_id)
            .where(File.sha256 == stored.sha256, File.name == stored.name)
            .where(Import.forced.is_(asked.forced), Import.attempts > 0)
            .where(Import.as_of.is_not_distinct_from(asked.as_of), Import.feed_id.is_not_distinct_from(self._feed_id))
        )
        return session.scalars(same.limit(1)).first()


def _feed_id(session: Session, home: Home, name: str | None) -> UUID | None:
    if name is None:
        return None
    known = {row.name: row.id for row in session.scalars(select(FeedRow).where(FeedRow.partner_id == home.partner_id))}
    if name not in known:
        hint = nearest(name, known)
        raise Invalid(
            "not_found",
            f"Partner {home.slug!r} has no feed {name!r}; there are {', '.join(sorted(known)) or 'none yet'}."
            + (f" Did you mean {hint!r}?" if hint else ""),
        )
    return known[name]
