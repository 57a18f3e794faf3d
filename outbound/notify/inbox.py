"""What a member of staff finds under the bell: put there once, in order, listed, read, and taken out with a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.crypto import FirmCipher
from gateway.db.models import Client, Dispatch, InboxCounter, InboxMessage, Notice, Notification
from gateway.erasing import Eraser, Person, Share
from gateway.errors import NotFound
from gateway.office import Acting
from outbound.notify import news
from outbound.notify.news import News

if TYPE_CHECKING:
    from outbound.notify.channels.base import Envelope, Words  # whose channels import us

BELL = "gateway_bell"
"""The channel of the database on which the id of a member of staff is notified for whom something has come."""

MOST = 100
_COLUMN = "inbox_messages.words"


class Message(Struct, frozen=True, kw_only=True):
    """What is shown of a message; `seq` counts those of its reader, and `after` goes on behind one."""

    id: UUID
    seq: int
    subject: str
    text: str
    link: str | None
    priority: str
    created_at: datetime
    read_at: datetime | None


class Shown(Struct, frozen=True, kw_only=True):
    """Some messages, the oldest first.

    Attributes:
        unread: of all, however many are shown.
        has_more: there are others behind the last one.
    """

    data: Sequence[Message]
    unread: int
    has_more: bool


class _Kept(Struct, frozen=True):
    subject: str
    text: str
    link: str | None = None


# ------------------------------------------------------------------------------------------------ putting


def put(acting: Acting, envelope: Envelope, words: Words) -> UUID:
    """Put a message under the bell of its recipient, once: again, it is the one that is there.

    A person's messages get their numbers one after the other, so whoever has seen one has missed none before it.
    """
    session, staff_id = acting.session, envelope.recipient.staff_id
    number = _next(acting, staff_id)
    here = session.scalar(select(InboxMessage.id).where(InboxMessage.dispatch_id == envelope.id))
    if here is not None:
        return here
    clients, partners = _told_of(session, envelope.id)
    message = InboxMessage(
        firm_id=acting.firm_id,
        staff_id=staff_id,
        dispatch_id=envelope.id,
        seq=number,
        priority=envelope.priority,
        words=_sealed(acting.cipher, words),
        clients=clients,
        partners=partners,
    )
    session.add(message)
    session.flush()
    session.execute(text("SELECT pg_notify(:channel, :staff)"), {"channel": BELL, "staff": str(staff_id)})
    return message.id


def _next(acting: Acting, staff_id: UUID | None) -> int:
    """The next number of a person's; whoever wants one after it waits until this transaction has ended."""
    first = insert(InboxCounter).values(firm_id=acting.firm_id, staff_id=staff_id, last=1)
    further = first.on_conflict_do_update(index_elements=["firm_id", "staff_id"], set_={"last": InboxCounter.last + 1})
    return acting.session.scalars(further.returning(InboxCounter.last)).one()


def _told_of(session: Session, dispatch_id: UUID) -> tuple[list[UUID], list[UUID]]:
    """The people whose papers a message tells of, and their partners; the partner alone where it tells of no paper."""
    people = select(Client.id, Client.partner_id).join(Notice, Notice.client_id == Client.id)
    found = session.execute(people.where(Notice.dispatch_id == dispatch_id).distinct()).all()
    asked = select(Notification.partner_id).join(Dispatch, Dispatch.notification_id == Notification.id)
    partner = session.scalar(asked.where(Dispatch.id == dispatch_id))
    partners = {one.partner_id for one in found} | ({partner} if partner else set())
    return sorted(one.id for one in found), sorted(partners)


def _sealed(cipher: FirmCipher, words: Words) -> bytes:
    kept = _Kept(words.subject, words.short or words.text, words.link)
    (sealed,) = cipher.encrypt_column([msgspec.json.encode(kept).decode()], _COLUMN)
    if sealed is None:
        raise TypeError("a message has words")
    return sealed


# ------------------------------------------------------------------------------------------------ reading


def listed(acting: Acting, *, after: int | None, limit: int) -> Shown:
    """Messages of whoever acts behind one of them; without `after` the newest. What walls hide is not there."""
    own = select(InboxMessage).where(InboxMessage.staff_id == acting.actor.id)
    if after is None:
        rows = list(reversed(_rows(acting, own.order_by(InboxMessage.seq.desc()).limit(limit))))
    else:
        rows = _rows(acting, own.where(InboxMessage.seq > after).order_by(InboxMessage.seq).limit(limit + 1))
    unread = select(func.count()).where(InboxMessage.staff_id == acting.actor.id, InboxMessage.read_at.is_(None))
    shown = [_shown(acting, one) for one in rows[:limit]]
    return Shown(data=shown, unread=acting.session.scalars(unread).one(), has_more=len(rows) > limit)


def newest(acting: Acting) -> int:
    """The number of the last message of whoever acts; 0 where there is none."""
    last = select(func.max(InboxMessage.seq)).where(InboxMessage.staff_id == acting.actor.id)
    return acting.session.scalar(last) or 0


def read(acting: Acting, message_id: UUID) -> Message:
    """Note that a message was opened, the first time that it is; its dispatch is `opened` then.

    Raises:
        NotFound: there is no such message of whoever acts.
    """
    mine = (InboxMessage.id == message_id, InboxMessage.staff_id == acting.actor.id)
    opening = update(InboxMessage).where(*mine, InboxMessage.read_at.is_(None)).values(read_at=clock.now())
    dispatch_id = acting.session.scalar(opening.returning(InboxMessage.dispatch_id))
    message = acting.session.scalar(select(InboxMessage).where(*mine))
    if message is None:
        raise NotFound("message", str(message_id))
    if dispatch_id is not None:
        news.hear(acting.session, acting.firm_id, News(dispatch_id, "opened", str(message_id)))
    return _shown(acting, message)


def _rows(acting: Acting, wanted: Select[InboxMessage]) -> list[InboxMessage]:
    return list(acting.session.scalars(wanted))


def _shown(acting: Acting, message: InboxMessage) -> Message:
    kept = msgspec.json.decode(acting.cipher.decrypt(message.words, _COLUMN), type=_Kept)
    return Message(
        id=message.id,
        seq=message.seq,
        subject=kept.subject,
        text=kept.text,
        link=kept.link,
        priority=message.priority,
        created_at=message.created_at,
        read_at=message.read_at,
    )


# ------------------------------------------------------------------------------------------------ erasing


def _erase(acting: Acting, person: Person) -> Share:
    """Messages that tell of the person go, also where they tell of others: nobody can take one name out of a text.

    Those that tell of no paper name nobody of whom we know, but a partner may have had them say anything about its
    people: they go as well.
    """
    of_partner = InboxMessage.partners.contains([person.partner_id]) & (InboxMessage.clients == [])
    gone = delete(InboxMessage).where(InboxMessage.clients.contains([person.client_id]) | of_partner)
    return Share({"inbox_messages": len(acting.session.scalars(gone.returning(InboxMessage.id)).all())})


ERASERS = (Eraser(("inbox_messages",), _erase),)
