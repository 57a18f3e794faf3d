"""Puts what arrives into the store and onto record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from gateway import clock
from gateway.crypto import FirmCipher
from gateway.db.models import File, Import
from gateway.db.session import note_recording
from gateway.domain.audit import Change, write
from gateway.domain.partners.homes import Home
from gateway.errors import Transient
from gateway.office import Actor, Office
from ingest.arrival import Asked, open_imports
from ingest.formats.text import presentable


@dataclass(frozen=True, slots=True)
class Put:
    """One file in the store."""

    name: str
    key: str
    size: int
    sha256: str


class Reception:
    """Arrivals of one sender on their way into the store and onto record."""

    def __init__(
        self, office: Office, home: Home, cipher: FirmCipher, via: str, by: Actor, feed_id: UUID | None, asked: Asked
    ) -> None:
        self._office, self._home, self._cipher = office, home, cipher
        self._via, self._by, self._feed_id, self._asked = via, by, feed_id, asked
        self._unrecorded: set[str] = set()  # names in the store
        self._recorded: set[str] = set()

    def put(self, name: str, chunks: Iterable[bytes]) -> Put:
        """Store one file."""
        key = f"{self._home.firm_id}/{self._home.slug}/{clock.now():%Y/%m/%d}/{uuid4()}"
        self._unrecorded.add(key)
        stored = self._office.store.put(key, chunks, self._cipher)
        return Put(presentable(name), key, stored.size, stored.sha256)

    def settle(self) -> None:
        """Keep what is on record; right before the commit, which may be done although its answer is lost."""
        self._unrecorded -= self._recorded

    def discard(self) -> None:
        """Take out of the store what was not settled."""
        for key in self._unrecorded:
            self._office.store.delete(key)

    def record(self, session: Session, stored: Put) -> UUID:
        """Put the file on record; the id of its import.

        Raises:
            Transient: `stored_file_gone`, this took so long that the store was swept meanwhile.
        """
        return self._interrupted(session, stored) or self._arrival(session, stored, None, [])

    def record_member(self, session: Session, stored: Put, archive: Import) -> UUID:
        """Put a file of an archive on record, as if it had come when the archive came; the id of its import."""
        packed = session.get_one(File, (archive.firm_id, archive.file_id))
        return self._arrival(session, stored, archive, [f"It came in the archive {packed.name}.", *packed.remarks])

    def _arrival(self, session: Session, stored: Put, archive: Import | None, remarks: list[str]) -> UUID:
        note_recording(session, self._home.firm_id)
        if not self._office.store.holds(stored.key):
            raise Transient("stored_file_gone", f"Receiving {stored.name} took more than a day; send it again.")
        arrival = Import(
            firm_id=self._home.firm_id,
            partner_id=self._home.partner_id,
            file_id=self._file(session, stored, archive.file_id if archive else None, remarks),
            feed_id=self._feed_id,
            as_of=self._asked.as_of,
            forced=self._asked.forced,
        )
        if archive:
            arrival.received_at = archive.received_at
        session.add(arrival)
        session.flush()
        self._audit(session, arrival.id, archive)
        return arrival.id

    def _audit(self, session: Session, import_id: UUID, archive: Import | None) -> None:
        told: dict[str, object] = {"via": self._via, "forced": self._asked.forced}
        if archive:
            told["archive"] = str(archive.id)
        changes = [Change("import", import_id, "received", new=told)]
        write(session, self._home.firm_id, self._by, "import.receive", import_id=import_id, changes=changes)

    def _file(self, session: Session, stored: Put, archive_id: UUID | None, remarks: list[str]) -> UUID:
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
        self._recorded.add(stored.key)
        return file.id

    def _interrupted(self, session: Session, stored: Put) -> UUID | None:
        asked = self._asked
        same = (
            open_imports(self._home)
            .join(File, File.id == Import.file_id)
            .where(File.sha256 == stored.sha256, File.name == stored.name)
            .where(Import.forced.is_(asked.forced), Import.attempts > 0)
            .where(Import.as_of.is_not_distinct_from(asked.as_of), Import.feed_id.is_not_distinct_from(self._feed_id))
        )
        return session.scalars(same.limit(1)).first()
