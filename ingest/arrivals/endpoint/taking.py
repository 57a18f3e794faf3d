"""A closed upload becomes an arrival, and does so once: its sender may never hear of it, and then sends it again.

Whoever was not answered, because we were killed or the connection was cut, sends the same bytes under the same name;
those are the same arrival for a day. What was not answered is marked by a file beside the partials, made in the
transaction that puts the arrival on record: a mark without an import means nothing, and there is no unanswered import
without one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock, private
from gateway.db.models import File, Import
from gateway.domain.partners.homes import Home
from gateway.office import Actor, Office
from ingest.arrival import Asked
from ingest.arrivals.endpoint.partials import Partial
from ingest.reception import receive

VIA = "endpoint"  # `sftp` is what we fetch from servers of others
KEPT = timedelta(days=1)  # a mark, and a partial that nobody goes on with


class _Known(Exception):  # noqa: N818 - it undoes an arrival that is none
    """These bytes arrived before under this name, and nobody could be told."""

    def __init__(self, import_id: UUID) -> None:
        super().__init__()
        self.import_id = import_id


class Taking:
    """The arrivals of one partner.

    Args:
        office: the surroundings.
        home: the partner's.
        folder: where its marks lie.
    """

    def __init__(self, office: Office, home: Home, folder: Path) -> None:
        self._office, self._home, self._folder = office, home, folder
        private.make_folder(folder)

    def take(self, partial: Partial, name: str, by: Actor) -> UUID:
        """Have an upload arrive: its bytes are stored and it is on record when this returns; the import's id.

        Raises:
            Permanent, Transient: see `reception.receive`; nothing has arrived.
        """

        def note(session: Session, import_id: UUID) -> None:
            self._check_new(session, name, import_id)
            self._mark(name, import_id).touch(mode=0o600)

        try:
            return receive(
                self._office,
                self._home,
                name,
                partial.chunks(),
                via=VIA,
                by=by,
                asked=Asked(),
                queued=True,
                note=note,
            )
        except _Known as known:
            return known.import_id

    def answered(self, name: str, import_id: UUID) -> None:
        """Its sender knows that it arrived."""
        self._mark(name, import_id).unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove marks of senders who did not come back."""
        for mark in self._folder.iterdir():
            if mark.stat().st_mtime < (clock.now() - KEPT).timestamp():
                mark.unlink(missing_ok=True)

    def _check_new(self, session: Session, name: str, import_id: UUID) -> None:
        mine = select(File.sha256).join(Import, Import.file_id == File.id).where(Import.id == import_id)
        earlier = [one for one in self._marked(name) if one != import_id]
        same = (
            select(Import.id)
            .join(File, Import.file_id == File.id)
            .where(Import.id.in_(earlier), File.sha256 == mine.scalar_subquery())
        )
        found = session.scalars(same.limit(1)).first()
        if found is not None:
            raise _Known(found)

    def _marked(self, name: str) -> Iterator[UUID]:
        for mark in self._folder.glob(f"{_digest(name)}.*"):
            yield UUID(mark.suffix[1:])

    def _mark(self, name: str, import_id: UUID) -> Path:
        return self._folder / f"{_digest(name)}.{import_id}"


def _digest(name: str) -> str:
    """A name may be a person's."""
    return hashlib.sha256(name.encode()).hexdigest()
