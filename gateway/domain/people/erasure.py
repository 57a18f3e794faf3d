"""Erases a person: what the firm knows goes, what it did stays, and a tombstone keeps imports from bringing it back.

Gone are the values of the client and of what hangs on it, the values in the audit log, the problems that were told of
the files which named the person, and those files and their receipts. What stays: that there was a person, the numbers,
stages and days of cases (the firm's own register), and who did what and when, with the names of fields.

Which files named a person is told by what they did: from the first import of a feed that touched the person to the
last one that saw it, all of them, for a full file that repeats a person leaves no trace of its own. Not found are files
whose row about the person was rejected before it was ever loaded; like all that is stored, they go after 400 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, union, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from gateway import clock
from gateway.crypto import FirmCipher
from gateway.db.models import (
    OPEN_STATES,
    AuditEntry,
    Case,
    Client,
    Document,
    File,
    IdempotencyKey,
    Import,
    RowError,
    Sighting,
)
from gateway.db.models.base import blanks
from gateway.db.session import lift_walls, lock_partner
from gateway.domain.audit import Change, write
from gateway.domain.people import changes
from gateway.errors import Conflict
from gateway.office import Actor

_MARK = "erased:"
_REMARK = "Its original and its receipts were destroyed when a person whom it named was erased."


class Erased(NamedTuple):
    """What was erased.

    Attributes:
        entries: of the audit log that lost their values.
        imports: whose receipts are to be destroyed.
        storage_keys: of the files to be destroyed.
        waiting: imports that may name the person and wait for somebody's decision; they keep their files.
    """

    client: Client
    cases: int
    documents: int
    entries: int
    imports: Sequence[UUID]
    storage_keys: Sequence[str]
    waiting: Sequence[UUID]


def tombstone(key: str, cipher: FirmCipher) -> str:
    """What becomes of the key of an erased person: imports can recognise it, nobody can read it."""
    [index] = cipher.index_column([key], "key")
    return f"{_MARK}{index.hex() if index else ''}"


def free_key(session: Session, partner_id: UUID, key: str, cipher: FirmCipher) -> None:
    """Let a person be added by hand who was erased before: the tombstone stays, but no longer stands for the key."""
    found = session.scalar(
        select(Client).where(Client.partner_id == partner_id, Client.key == tombstone(key, cipher)).with_for_update()
    )
    if found is not None:
        found.key = f"{_MARK}{found.id}"
        changes.touch(found)


def erase(session: Session, client_id: UUID, reason: str, cipher: FirmCipher, actor: Actor) -> Erased:
    """Erase a person; the caller destroys the files before it commits, so that none outlives its record.

    Raises:
        NotFound: the firm has no such client.
        Permanent: `client_erased`, before.
        Transient: `import_running`.
    """
    with changes.by_hand(session):
        client = _take(session, client_id)
        lift_walls(session)  # what an admin may erase goes whole, also where it lies beside what they must not see
        touched = _imports(session, client)
        storage_keys = _destroy(session, [*_scans(session, client_id), *_originals(session, touched)])
        documents = session.scalars(_blank_documents(client_id)).all()
        cases = session.scalars(_blank_cases(client_id)).all()
        _blank(client, cipher)
        session.flush()
        entries = session.scalar(select(func.erase_audit(client_id))) or 0
        session.execute(delete(IdempotencyKey))  # answers kept for a day, some of which may show the person
        waiting = _purge(session, touched)
        gone = [one for one in touched if one not in waiting]
        counts = {"cases": len(cases), "documents": len(documents), "imports": len(gone)}
        told = Change("client", client_id, "erased", new={"reason": reason, **counts})
        write(session, client.firm_id, actor, "client.erase", client_id=client_id, changes=[told])
    return Erased(client, len(cases), len(documents), entries, gone, storage_keys, waiting)


def _take(session: Session, client_id: UUID) -> Client:
    """The client, once no import of its partner runs."""
    found = session.scalar(select(Client.partner_id).where(Client.id == client_id))
    if found is not None:
        lock_partner(session, found)
    client = changes.take(session, Client, "client", client_id)
    if client.erased_at is not None:
        raise Conflict("client_erased", "This person was erased before.")
    return client


# ------------------------------------------------------------------------------------------------ values


def _blank(client: Client, cipher: FirmCipher) -> None:
    stone = {"key": tombstone(client.key, cipher)}
    for name, value in (blanks(Client) | stone).items():
        setattr(client, name, value)
    client.status, client.attorney_id, client.erased_at = "archived", None, clock.now()
    changes.touch(client)


def _blank_documents(client_id: UUID) -> ReturningUpdate[UUID]:
    values = blanks(Document) | _TOUCHED | {"version": Document.version + 1}
    return update(Document).where(Document.client_id == client_id).values(values).returning(Document.id)


def _blank_cases(client_id: UUID) -> ReturningUpdate[UUID]:
    values = blanks(Case) | _TOUCHED | {"version": Case.version + 1}
    return update(Case).where(Case.client_id == client_id).values(values).returning(Case.id)


_TOUCHED = {"updated_at": func.gateway_now()}


# ------------------------------------------------------------------------------------------------ files


def _records(client_id: UUID) -> list[Select[UUID]]:
    """The person and what hangs on it."""
    return [
        select(Client.id).where(Client.id == client_id),
        select(Case.id).where(Case.client_id == client_id),
        select(Document.id).where(Document.client_id == client_id),
    ]


def _imports(session: Session, client: Client) -> Sequence[UUID]:
    """The imports that named the person, as far as that can be told; corrections of them as well."""
    records = union(*_records(client.id)).subquery()
    seen = select(Sighting.import_id).where(Sighting.record_id.in_(select(records.c.id)))
    acted = select(AuditEntry.import_id).where(AuditEntry.client_id == client.id, AuditEntry.import_id.is_not(None))
    sources = [
        select(model.source_import_id).where(model.id.in_(select(records.c.id)), model.source_import_id.is_not(None))
        for model in (Client, Case, Document)
    ]
    touched = session.scalars(union(seen, acted, *sources)).all()
    spans = [_span(session, feed_id, touched, records.c.id) for feed_id in _feeds(session, touched)]
    named = select(Import.id).where(or_(Import.id.in_(touched), Import.corrects_import_id.in_(touched), *spans))
    return session.scalars(named.order_by(Import.id)).all()


def _feeds(session: Session, touched: Sequence[UUID]) -> Sequence[UUID]:
    found = select(Import.feed_id).where(Import.id.in_(touched), Import.feed_id.is_not(None)).distinct()
    return [one for one in session.scalars(found) if one is not None]


def _span(
    session: Session, feed_id: UUID, touched: Sequence[UUID], records: ColumnElement[UUID]
) -> ColumnElement[bool]:
    """A feed's imports from the first that touched the person to the last; to this day while the feed lists it."""
    ends = select(func.min(Import.received_at), func.max(Import.received_at))
    first, last = session.execute(ends.where(Import.id.in_(touched), Import.feed_id == feed_id)).one()
    listed = select(Sighting.record_id).where(
        Sighting.feed_id == feed_id, Sighting.present, Sighting.record_id.in_(select(records))
    )
    within = [Import.received_at >= first]
    if session.scalar(listed.limit(1)) is None:
        within.append(Import.received_at <= last)
    return and_(Import.feed_id == feed_id, *within)


def _scans(session: Session, client_id: UUID) -> Sequence[UUID]:
    """Files attached to the person's documents."""
    attached = select(Document.file_id).where(Document.client_id == client_id, Document.file_id.is_not(None))
    return [one for one in session.scalars(attached) if one is not None]


def _originals(session: Session, imports: Sequence[UUID]) -> Sequence[UUID]:
    """Of ended imports, with the archives in which they came."""
    ended = select(Import.file_id).where(Import.id.in_(imports), Import.state.not_in(_WAITING))
    files = session.execute(select(File.id, File.archive_id).where(File.id.in_(ended))).all()
    return [one for pair in files for one in pair if one is not None]


def _destroy(session: Session, files: Sequence[UUID]) -> Sequence[str]:
    """Put on record that the bytes of files are gone; give the keys under which they are stored."""
    gone = update(File).where(File.id.in_(files)).values(destroyed_at=func.coalesce(File.destroyed_at, clock.now()))
    return session.scalars(gone.returning(File.storage_key)).all()


_WAITING = (*OPEN_STATES, "held")


def _purge(session: Session, imports: Sequence[UUID]) -> Sequence[UUID]:
    """Take the problems out of ended imports; give those that have not ended."""
    ended = session.scalars(select(Import).where(Import.id.in_(imports), Import.state.not_in(_WAITING))).all()
    for one in ended:
        one.problem_count, one.remarks = 0, [*one.remarks, _REMARK]
    session.execute(delete(RowError).where(RowError.import_id.in_([one.id for one in ended])))
    return session.scalars(select(Import.id).where(Import.id.in_(imports), Import.state.in_(_WAITING))).all()
