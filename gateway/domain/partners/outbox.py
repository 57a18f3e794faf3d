"""Files that wait for a partner to fetch them: put there by deliveries, handed out over the API and our SFTP endpoint.

What is handed out is on record. A file goes after 90 days, whether or not it was fetched; and when a person of its
partner's is erased, for nobody knows whom it names, and whoever put it there can make another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import OutboxFile, Partner
from gateway.db.paging import Found, Paging, newest
from gateway.db.session import note_recording
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.partners.homes import in_sight
from gateway.erasing import Eraser, Person, Share
from gateway.errors import NotFound, Transient
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind
from gateway.office import Acting, Office

KEPT = timedelta(days=90)

_AT_ONCE = 200  # files a transaction lets go of


class Waiting(NamedTuple):
    """One file of the outbox, as it is listed.

    Attributes:
        name: not unique; a door that needs unique ones makes them so.
        size: of its plain bytes.
        at: since when it waits.
    """

    id: UUID
    name: str
    size: int
    at: datetime


class Handed(NamedTuple):
    """One file of the outbox on its way out.

    Attributes:
        chunks: its plain bytes, in pieces; they need no transaction.
    """

    file: OutboxFile
    chunks: Iterator[bytes]


def put(acting: Acting, partner_id: UUID, name: str, stored_key: str, size: int, sha256: str, media_type: str) -> UUID:
    """Let a stored file wait for its partner; it belongs to the outbox from now on, which deletes it one day.

    Raises:
        Transient: `stored_file_gone`, it was stored more than a day ago and swept meanwhile.
    """
    note_recording(acting.session, acting.firm_id)
    if not acting.office.store.holds(stored_key):
        raise Transient("stored_file_gone", f"What was stored for {name} is gone; it must be made again.")
    file = OutboxFile(
        firm_id=acting.firm_id,
        partner_id=partner_id,
        name=name,
        media_type=media_type,
        sha256=sha256,
        size=size,
        storage_key=stored_key,
    )
    acting.session.add(file)
    acting.session.flush()
    _note(acting, "outbox.put", "created", file)
    return file.id


def listed(acting: Acting, partner_id: UUID) -> list[Waiting]:
    """What waits for a partner, the newest first."""
    theirs = select(OutboxFile).where(OutboxFile.partner_id == partner_id)
    newest_first = theirs.order_by(OutboxFile.at.desc(), OutboxFile.id.desc())
    files = acting.session.scalars(in_sight(acting, newest_first, OutboxFile.partner_id))
    return [Waiting(one.id, one.name, one.size, one.at) for one in files]


def look_through(acting: Acting, partner: str | None, paging: Paging) -> Found[OutboxFile]:
    """What waits in the actor's sight, the newest first; for the partner of this slug alone, where one is given."""
    query = in_sight(acting, select(OutboxFile), OutboxFile.partner_id)
    if partner is not None:
        owner = select(Partner.id).where(Partner.slug == partner).scalar_subquery()
        query = query.where(OutboxFile.partner_id == owner)
    return newest(acting.session, query, (OutboxFile.at, OutboxFile.id), paging)


def read(acting: Acting, partner_id: UUID, file_id: UUID) -> Iterator[bytes]:
    """The plain bytes of a file that waits for a partner, in pieces of at most 1 MiB; handing it out is on record.

    The pieces need no transaction: they may be taken after the one that asked has ended.

    Raises:
        NotFound: nothing of this id waits for this partner in the actor's sight.
    """
    return _handed(acting, select(OutboxFile).where(OutboxFile.partner_id == partner_id), file_id).chunks


def hand_out(acting: Acting, file_id: UUID) -> Handed:
    """The same for whoever does not say whose it is, with what is known of it.

    Raises:
        NotFound: nothing of this id waits in the actor's sight.
    """
    return _handed(acting, select(OutboxFile), file_id)


def _handed(acting: Acting, among: Select[OutboxFile], file_id: UUID) -> Handed:
    wanted = in_sight(acting, among.where(OutboxFile.id == file_id), OutboxFile.partner_id)
    file = acting.session.scalar(wanted)
    if file is None:
        raise NotFound("file in the outbox", str(file_id))
    if acting.actor.kind == "partner" and file.fetched_at is None:
        first = update(OutboxFile).where(OutboxFile.id == file_id, OutboxFile.fetched_at.is_(None))
        acting.session.execute(first.values(fetched_at=clock.now()))
    _note(acting, "outbox.fetch", "fetched", file)
    return Handed(file, acting.office.store.open(file.storage_key, acting.cipher, name=file.name).chunks())


def _note(acting: Acting, action: audit.Action, what: str, file: OutboxFile) -> None:
    """Without its name, which may be a person's."""
    told = {"partner_id": str(file.partner_id), "size": file.size, "sha256": file.sha256}
    audit.record(acting, action, changes=[Change("outbox_file", file.id, what, new=told)])


# ------------------------------------------------------------------------------------------------ how files go


def purge(handling: Handling) -> None:
    """Delete what has waited long enough. Bytes go before the commit: if it fails, the next run finds them gone."""
    gone, last = 0, _AT_ONCE
    while last == _AT_ONCE:
        with handling.office.db.system() as session:
            keys = _given_up(session, _outlived())
            _destroy(handling.office, keys)
        last = len(keys)
        gone += last
        handling.tell(deleted=gone)


def _outlived() -> Select[UUID]:
    old = select(OutboxFile.id).where(OutboxFile.at < clock.now() - KEPT)
    return old.order_by(OutboxFile.at).limit(_AT_ONCE).with_for_update(skip_locked=True)


def _erase(acting: Acting, person: Person) -> Share:
    theirs = select(OutboxFile.id).where(OutboxFile.partner_id == person.partner_id)
    keys = _given_up(acting.session, theirs)
    return Share({"outbox_files": len(keys)}, destroy=partial(_destroy, acting.office, keys))


def _given_up(session: Session, which: Select[UUID]) -> Sequence[str]:
    """Take files off the list; the keys under which they are stored."""
    gone = delete(OutboxFile).where(OutboxFile.id.in_(which)).returning(OutboxFile.storage_key)
    return session.scalars(gone, execution_options={"synchronize_session": False}).all()


def _destroy(office: Office, keys: Iterable[str]) -> None:
    for key in keys:
        office.store.delete(key)


KINDS = (Kind("outbox.purge", "bulk", purge, clockwork=Clockwork("old files of the outbox", "20 3 * * *")),)
ERASERS = (Eraser(("outbox_files",), _erase),)
