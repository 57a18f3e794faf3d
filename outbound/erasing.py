"""Lets go of parcels that may name a person who is erased, and of those that have been kept long enough.

A parcel cannot be emptied of one person. One that still waits is made anew from what is known then; of one that has
left the bytes are destroyed. What changed of others alone, told event by event, stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import DeliveryLine, EventRow, Parcel, ParcelAttempt
from gateway.db.models.base import blanks
from gateway.erasing import Eraser, Person, Share
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind
from gateway.office import Acting, Office
from outbound import mail
from outbound.carrying import queue

KEPT = timedelta(days=90)  # the bytes of a parcel that has left, so that it can be sent again
ON_RECORD = timedelta(days=400)  # that it left, and every attempt

_AT_ONCE = 200


def _erase(acting: Acting, person: Person) -> Share:
    session = acting.session
    found = session.scalars(select(Parcel).where(Parcel.partner_id == person.partner_id, _may_name(person))).all()
    keys = [one.storage_key for one in found if one.storage_key is not None]
    for parcel in found:
        _empty(parcel)
    session.flush()
    answers = update(ParcelAttempt).where(ParcelAttempt.parcel_id.in_([one.id for one in found]))
    session.execute(answers.values(blanks(ParcelAttempt)))
    _make_anew(session, found)
    posted = [str(one.id) for one in found]
    return Share({"parcels": len(keys)}, destroy=partial(_destroy, acting.office, keys, posted))


def _may_name(person: Person) -> ColumnElement[bool]:
    """Whatever is no event; of events, those that name a record of the person."""
    naming = exists().where(
        EventRow.firm_id == Parcel.firm_id,
        EventRow.seq == Parcel.event_seq,
        EventRow.records.bool_op("&&")(list(person.records)),
    )
    return or_(Parcel.event_seq.is_(None), naming)


def _empty(parcel: Parcel) -> None:
    for name, value in blanks(Parcel).items():
        setattr(parcel, name, value)
    parcel.storage_key, parcel.edition = None, parcel.edition + 1
    if parcel.state != "waiting":
        parcel.destroyed_at = parcel.destroyed_at or clock.now()


def _make_anew(session: Session, found: Sequence[Parcel]) -> None:
    lines = {one.line_id for one in found if one.state == "waiting"}
    for line in session.scalars(select(DeliveryLine).where(DeliveryLine.id.in_(lines))):
        queue(session, line)


def retire(handling: Handling) -> None:
    """Destroy the bytes of what left long ago, and later that it did. Bytes go before the commit, see `_destroy`."""
    gone, last = 0, _AT_ONCE
    while last == _AT_ONCE:
        last = _destroy_some(handling)
        gone += last
        handling.tell(destroyed=gone)
    while _forget_some(handling) == _AT_ONCE:
        pass
    mail.forget_old(handling.office.settings)


def _destroy_some(handling: Handling) -> int:
    old = select(Parcel).where(Parcel.ended_at < clock.now() - KEPT, Parcel.destroyed_at.is_(None))
    with handling.office.db.system() as session:
        found = session.scalars(old.limit(_AT_ONCE).with_for_update(skip_locked=True)).all()
        keys = [one.storage_key for one in found if one.storage_key is not None]
        for parcel in found:
            _empty(parcel)
        session.flush()
        _destroy(handling.office, keys)
    return len(found)


def _forget_some(handling: Handling) -> int:
    old = select(Parcel.id).where(Parcel.ended_at < clock.now() - ON_RECORD).limit(_AT_ONCE)
    with handling.office.db.system() as session:
        ids = session.scalars(old).all()
        session.execute(delete(ParcelAttempt).where(ParcelAttempt.parcel_id.in_(ids)))
        session.execute(delete(Parcel).where(Parcel.id.in_(ids)))
    return len(ids)


def _destroy(office: Office, keys: Iterable[str], posted: Iterable[str] = ()) -> None:
    """Bytes in the store, and mail that was put into a folder. If the commit fails, whoever is next finds them gone."""
    for key in keys:
        office.store.delete(key)
    mail.forget(office.settings, posted)


KINDS = (Kind("deliveries.retire", "bulk", retire, clockwork=Clockwork("old deliveries", "25 3 * * *")),)
ERASERS = (Eraser(("parcels", "parcel_attempts"), _erase),)
