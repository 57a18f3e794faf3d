"""Opens archives that are on record: each file in one becomes an arrival of its own, as if it had come by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.config import ConfigError, secret
from gateway.db.models import File, Firm, Import
from gateway.domain.partners.homes import Home
from gateway.domain.partners.versions import active_config
from gateway.errors import NotFound
from gateway.office import Actor, Office
from ingest.arrival import Asked
from ingest.feeds import refusal
from ingest.formats.base import Refused, Source
from ingest.formats.compression import Unpacked
from ingest.formats.pgp import is_message
from ingest.pipeline import FileOutcome
from ingest.reading import feeds_of
from ingest.recording import Reception
from ingest.rows import VIA
from ingest.unpacking import Archive, archive_in

ME = Actor("system", "unpacking")

Heirs = Callable[[Session, list[UUID]], None]


def archive_of(office: Office, session: Session, home: Home, source: Source) -> Archive | None:
    """The stored file as an archive that the partner's settings say to unpack; None where it is none.

    The settings are looked at only for what may be an archive: reading them takes longer than looking.
    """
    if not (Unpacked(source, zip=True, gzip=True).is_archive or is_message(source)):
        return None
    try:
        feeds = feeds_of(active_config(session, home.partner_id)).values()
    except (NotFound, ConfigError):
        return None
    return archive_in(source, feeds, lambda name: secret(name, office.settings, firm=_slug(session, home)))


def _slug(session: Session, home: Home) -> str:
    return session.scalars(select(Firm.slug).where(Firm.id == home.firm_id)).one()


@contextmanager
def opened(
    office: Office, session: Session, home: Home, arrival: Import, heirs: Heirs, begun: Callable[[], None]
) -> Iterator[FileOutcome | None]:
    """Put the files of an archive on record, in the caller's transaction; None where the arrival is no archive.

    Whoever leaves by an exception leaves nothing in the store; otherwise the caller's next step is the commit.

    Args:
        office: the surroundings.
        session: the firm's, holding the partner's lock.
        home: the partner's.
        arrival: whose file it may be.
        heirs: called with the imports of the files, in the order in which they lie in the archive.
        begun: called once it is known to be an archive.

    Yields:
        `unpacked`; or `refused`, and then none of its files is on record.
    """
    cipher, file = office.cipher(session, home.firm_id), session.get_one(File, (home.firm_id, arrival.file_id))
    archive = None
    if _may_be_archive(arrival, file):
        archive = archive_of(office, session, home, office.store.open(file.storage_key, cipher, name=file.name))
    if archive is None:
        yield None
        return
    begun()
    asked = Asked(as_of=arrival.as_of, forced=arrival.forced)
    reception = Reception(office, home, cipher, file.via, ME, arrival.feed_id, asked)
    try:
        yield _outcome(session, reception, arrival, file, archive, heirs)
        reception.settle()
    finally:
        reception.discard()


def _may_be_archive(arrival: Import, file: File) -> bool:
    """Not what came out of one, rows that were sent singly, or what was read already and is released now."""
    return file.archive_id is None and file.via != VIA and not arrival.waived


def _outcome(
    session: Session, reception: Reception, arrival: Import, file: File, archive: Archive, heirs: Heirs
) -> FileOutcome:
    try:
        stored = [reception.put(name, content) for name, content in archive.forward()]
    except Refused as refused:
        return FileOutcome("refused", *refusal(refused))
    file.remarks = archive.remarks
    heirs(session, [reception.record_member(session, one, arrival) for one in stored])
    packed = f"{len(stored):,} files" if len(stored) > 1 else "1 file"
    reason = f"It is an archive of {packed}, each an import of its own."
    return FileOutcome("unpacked", reason=reason, fix="See what became of each.")
