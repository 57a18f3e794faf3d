"""Messages as the firm's staff look at them: what one said when it left, and how many there were each day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from sqlalchemy import Date, cast, func, select

from gateway import clock
from gateway.db.models import Dispatch, Firm
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.errors import Missing
from gateway.office import Acting
from outbound.notify import desk
from outbound.notify.channels.base import Words
from outbound.notify.claiming import SAID

MOST_DAYS = 400  # that are kept

_LINK = re.compile(r"https?://[^\s<>]+/[lr]/[^\s<>]+")  # what its recipient alone may press
_IN_ITS_PLACE = "[a link for the recipient alone]"


class MessageWords(Struct, frozen=True, kw_only=True):
    """What a message said when it last left; links by which its recipient acts are taken out."""

    subject: str
    text: str


class DayOfMessages(Struct, frozen=True):
    """How many messages that were made on a day, at the firm, are in a state now."""

    day: date
    state: str
    number: int


def words(acting: Acting, dispatch_id: UUID) -> MessageWords:
    """What one said when it last left; that it was looked at is on record.

    Raises:
        NotFound: there is none in the actor's sight.
        Missing: `no_words`, it never left, or what it said has been let go of.
    """
    one = desk.show(acting, dispatch_id).account.dispatch
    if one.said is None:
        raise Missing("no_words", "No words of it are kept: it has not left yet, or a person it told of was erased.")
    plain = acting.office.cipher(acting.session, acting.firm_id).decrypt(one.said, SAID)
    said = msgspec.json.decode(plain, type=Words)
    audit.record(acting, "notice.words", client_id=one.client_id, changes=[Change("notice", dispatch_id, "seen")])
    text = said.text if one.channel == "email" else said.short or said.text
    return MessageWords(subject=_LINK.sub(_IN_ITS_PLACE, said.subject), text=_LINK.sub(_IN_ITS_PLACE, text))


def by_day(acting: Acting, days: int) -> Sequence[DayOfMessages]:
    """How many were made on each of so many days up to today, by what has become of them; within the actor's walls."""
    zone = acting.session.scalars(select(Firm.time_zone)).one()
    first = clock.day_in(zone, clock.now()) - timedelta(days=days - 1)
    begins = datetime.combine(first, time(), ZoneInfo(zone))
    day = cast(func.timezone(zone, Dispatch.created_at), Date)
    found = select(day, Dispatch.state, func.count()).where(Dispatch.created_at >= begins)
    return [
        DayOfMessages(*row)
        for row in acting.session.execute(found.group_by(day, Dispatch.state).order_by(day, Dispatch.state))
    ]
