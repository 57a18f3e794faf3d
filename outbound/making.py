"""Makes the bytes of parcels, and keeps them encrypted in the store until they have left and their time is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.db.models import File, Import, Parcel
from gateway.db.session import note_recording
from gateway.domain.partners.homes import Home
from gateway.errors import Transient
from gateway.office import Office
from outbound.changes import body_of
from outbound.deliveries import Delivery
from outbound.naming import USUAL, name_of


class Made(NamedTuple):
    """What a parcel holds, before it is stored; `suffix` is how the names of such files end."""

    suffix: str
    media_type: str
    chunks: Iterable[bytes]


def make(office: Office, home: Home, line: str, delivery: Delivery, parcel_id: UUID) -> None:
    """Make a parcel of a line, unless it is made already.

    If somebody whom it names was erased meanwhile it stays unmade, and whoever comes next makes it anew.

    Raises:
        Problem: it cannot be made.
    """
    with office.db.firm(home.firm_id) as session:
        parcel = session.get_one(Parcel, (home.firm_id, parcel_id))
        if parcel.storage_key is not None:
            return
        edition = parcel.edition
        key = f"{home.firm_id}/{home.slug}/parcels/{parcel_id}/{edition}"
        with _content(session, home, delivery, parcel) as made:
            stored = office.store.put(key, made.chunks, office.cipher(session, home.firm_id))
        told = {"name": _name(session, home, line, delivery, parcel, made.suffix), "media_type": made.media_type}
    with office.db.firm(home.firm_id) as session:
        note_recording(session, home.firm_id)
        if not office.store.holds(key):
            raise Transient("stored_file_gone", f"Making the parcel {parcel_id} took more than a day; try again.")
        still = update(Parcel).where(Parcel.id == parcel_id, Parcel.edition == edition)
        session.execute(still.values(storage_key=key, size=stored.size, sha256=stored.sha256, **told))


@contextmanager
def _content(session: Session, home: Home, _delivery: Delivery, parcel: Parcel) -> Iterator[Made]:
    assert parcel.event_seq is not None  # noqa: S101 - the check of `cause`
    yield Made("json", "application/json", [body_of(session, home.firm_id, parcel.event_seq, parcel.part)])


def _name(session: Session, home: Home, line: str, delivery: Delivery, parcel: Parcel, suffix: str) -> str:
    """The name of the file, as the settings want it; its day and time are those of what made it necessary."""
    at = (parcel.due_at or parcel.created_at).astimezone(ZoneInfo(home.time_zone))
    source = select(File.name).join(Import, Import.file_id == File.id).where(Import.id == parcel.import_id)
    arrived = session.scalar(source) if parcel.import_id else None
    words = {
        "delivery": line,
        "partner": home.slug,
        "date": f"{at:%Y%m%d}",
        "time": f"{at:%H%M%S}",
        "file": (arrived or "").rpartition(".")[0] or (arrived or ""),
        "id": str(parcel.id),
        "suffix": suffix,
    }
    return name_of(delivery.file or USUAL, words)
