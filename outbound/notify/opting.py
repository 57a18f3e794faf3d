"""Numbers that said STOP, firm by firm: kept as keyed digests, until START comes from them.

Whoever has the number at the firm is opted out with it, so that the gate holds what is for them before any channel is
asked; the number itself stays closed for whoever comes to have it later.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from gateway.db.models import SmsStop
from gateway.domain.preferences import opt_outs
from gateway.office import Acting, Actor, Office

Via = Literal["stop_word", "provider"]

ACTOR = Actor("system", "sms")
_COLUMN, _CHANNEL = "sms_stops.number", "sms"


def out(office: Office, firm_id: UUID, number: str) -> None:
    """Let nothing more leave for a number: its owner, or the provider, said so."""
    with office.acting(firm_id, ACTOR) as acting:
        stop(acting, number, "provider")


def stop(acting: Acting, number: str, via: Via = "stop_word") -> None:
    """The same, within a transaction."""
    new = insert(SmsStop).values(firm_id=acting.firm_id, number=_digest(acting, number))
    acting.session.execute(new.on_conflict_do_nothing())
    for whom in opt_outs.by_address(acting.session, _CHANNEL, number):
        opt_outs.opt_out(acting, whom, _CHANNEL, via)


def start(acting: Acting, number: str) -> None:
    """Its owner wants to be written to again."""
    acting.session.execute(delete(SmsStop).where(SmsStop.number == _digest(acting, number)))
    for whom in opt_outs.by_address(acting.session, _CHANNEL, number):
        opt_outs.opt_in(acting, whom, _CHANNEL, "start_word")


def is_out(acting: Acting, number: str) -> bool:
    """Whether nothing may leave for a number."""
    return bool(acting.session.scalar(select(exists().where(SmsStop.number == _digest(acting, number)))))


def _digest(acting: Acting, number: str) -> bytes:
    (found,) = acting.cipher.index_column([number], _COLUMN)
    if found is None:
        raise TypeError("a number has a digest")
    return found
