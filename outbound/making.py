"""Makes the bytes of parcels, and keeps them encrypted in the store until they have left and their time is over."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import IO, NamedTuple, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.crypto import FRAME_BYTES
from gateway.db.models import File, Firm, Import, Parcel, PartnerConfig
from gateway.db.session import note_recording
from gateway.domain.partners.homes import Home
from gateway.errors import Conflict, Transient
from gateway.office import Office
from gateway.reports import REPORTS
from outbound.carriers.base import Sender
from outbound.changes import body_of
from outbound.deliveries import Delivery, chosen
from outbound.forms import write
from outbound.naming import USUAL, name_of
from outbound.pgp import PgpSpec, encrypt, named

_IN_MEMORY = 4 << 20


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
        with _content(session, home, delivery, parcel) as content:
            made = _encrypted(office, session, home, delivery, content)
            stored = office.store.put(key, made.chunks, office.cipher(session, home.firm_id))
        told = {"name": _name(session, home, line, delivery, parcel, made.suffix), "media_type": made.media_type}
    with office.db.firm(home.firm_id) as session:
        note_recording(session, home.firm_id)
        if not office.store.holds(key):
            raise Transient("stored_file_gone", f"Making the parcel {parcel_id} took more than a day; try again.")
        still = update(Parcel).where(Parcel.id == parcel_id, Parcel.edition == edition)
        session.execute(still.values(storage_key=key, size=stored.size, sha256=stored.sha256, **told))


def sealing(session: Session, home: Home, delivery: Delivery) -> PgpSpec | None:
    """For whom a delivery is encrypted; None where it is not."""
    if (wanted := delivery.encrypt) is None:
        return None
    recipient = wanted.pgp
    if wanted.is_file:
        tables = select(PartnerConfig.tables).where(PartnerConfig.partner_id == home.partner_id, PartnerConfig.active)
        recipient = str(session.scalars(tables).one()[wanted.pgp])
    return PgpSpec(recipient=recipient, armor=wanted.armor)


def _encrypted(office: Office, session: Session, home: Home, delivery: Delivery, made: Made) -> Made:
    """What is made, for the owner of the partner's key alone, where the settings say so."""
    if (spec := sealing(session, home, delivery)) is None:
        return made
    sender = Sender(office.settings, session.get_one(Firm, home.firm_id).slug, home.slug)
    return Made(named(spec, made.suffix), "application/octet-stream", encrypt(spec, made.chunks, sender))


@contextmanager
def _content(session: Session, home: Home, delivery: Delivery, parcel: Parcel) -> Iterator[Made]:
    """What a parcel says; read before the session ends."""
    if parcel.event_seq is not None:
        yield Made("json", "application/json", [body_of(session, home.firm_id, parcel.event_seq, parcel.part)])
    elif delivery.report is None:
        raise Conflict("no_report", "The settings in force have no report for this delivery any more.")
    else:
        with _report(session, home, delivery, parcel) as made:
            yield made


@contextmanager
def _report(session: Session, home: Home, delivery: Delivery, parcel: Parcel) -> Iterator[Made]:
    """A report about the partner alone, written to a file first: forms push, and the store pulls."""
    report, form = REPORTS[str(delivery.report)], delivery.form
    filters = chosen(delivery, partner=home.slug, **_import_of(parcel))
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spooled, closing(report.query(session, filters)) as rows:
        out = cast("IO[bytes]", spooled)
        write(form, report.columns, rows, out)
        out.seek(0)
        yield Made(form.suffix, form.media_type, iter(lambda: out.read(FRAME_BYTES), b""))


def _import_of(parcel: Parcel) -> dict[str, object]:
    return {"import_id": parcel.import_id} if parcel.import_id else {}


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
