"""Numbers that said STOP, firm by firm: kept as keyed digests, until START comes from them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from gateway.db.models import SmsStop
from gateway.office import Acting, Actor, Office

ACTOR = Actor("system", "sms")
_COLUMN = "sms_stops.number"


def out(office: Office, firm_id: UUID, number: str) -> None:
    """Let nothing more leave for a number: its owner, or the provider, said so."""
    with office.acting(firm_id, ACTOR) as acting:
        stop(acting, number)


def stop(acting: Acting, number: str) -> None:
    """The same, within a transaction."""
    new = insert(SmsStop).values(firm_id=acting.firm_id, number=_digest(acting, number))
    acting.session.execute(new.on_conflict_do_nothing())


def start(acting: Acting, number: str) -> None:
    """Its owner wants to be written to again."""
    acting.session.execute(delete(SmsStop).where(SmsStop.number == _digest(acting, number)))


def is_out(acting: Acting, number: str) -> bool:
    """Whether nothing may leave for a number."""
    return bool(acting.session.scalar(select(exists().where(SmsStop.number == _digest(acting, number)))))


def _digest(acting: Acting, number: str) -> bytes:
    (found,) = acting.cipher.index_column([number], _COLUMN)
    if found is None:
        raise TypeError("a number has a digest")
    return found
