"""Takes in what arrives: stored encrypted and on record before anything else may happen to the source.

That is all that happens while the sender waits. An archive is one arrival; once its turn comes, each file in it is an
arrival of its own, with a state and a receipt of its own (`ingest.opening`); the archive is kept as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.config import nearest
from gateway.db.models import FeedRow
from gateway.domain.partners.homes import Home
from gateway.errors import Invalid
from gateway.logging import get_logger
from gateway.office import Actor, Office
from ingest.arrival import Asked
from ingest.formats.base import Refused, Source
from ingest.jobs import queue_run
from ingest.opening import archive_of
from ingest.recording import Reception

log = get_logger(__name__)


Note = Callable[[Session, UUID], None]


def _noted_nowhere(_session: Session, _import_id: UUID) -> None:
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
) -> UUID:
    """Store the bytes and record the arrival, with who sent it. Nothing of it is looked at yet, archives included.

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
        note: called in that transaction, with the import's id; what it raises undoes the arrival.

    Returns:
        The import's id.

    Raises:
        NotFound: the named feed does not exist.
        Permanent: the store is full or cannot be written.
    """
    with office.db.firm(home.firm_id) as session:
        cipher = office.cipher(session, home.firm_id)
        feed_id = _feed_id(session, home, asked.feed)
    reception = Reception(office, home, cipher, via, by, feed_id, asked)
    try:
        stored = reception.put(name, chunks)
        with office.db.firm(home.firm_id) as session:
            import_id = reception.record(session, stored)
            if queued:
                queue_run(session, home, import_id)
            note(session, import_id)
            session.flush()
            reception.settle()
    finally:
        reception.discard()
    log.info("file received", import_id=str(import_id), partner=home.slug, via=via)
    return import_id


def files_in(office: Office, home: Home, source: Source) -> list[Source]:
    """What would arrive: the file itself, or the files of an archive that can be unpacked."""
    with office.db.firm(home.firm_id) as session:
        archive = archive_of(office, session, home, source)
    try:
        return list(archive) if archive else [source]
    except Refused:
        return [source]


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
