"""What the channels keep: messages under the bell, browsers that take pushes, senders of texts and who said STOP."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Index, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Stamp, belongs_to_firm, ours, points_at, sensitive

_NOBODY = text("'{}'::uuid[]")


class InboxMessage(FirmScoped, Base):
    """What a member of staff finds under the bell; it goes with its dispatch.

    Attributes:
        seq: grows with each message of this person's, in the order in which they were committed.
        words: subject, short text and link, encrypted JSON.
        clients, partners: of whom it tells: walls around the reader hide it.
        read_at: when it was first opened.
    """

    __tablename__ = "inbox_messages"

    staff_id: Mapped[UUID] = ours()
    dispatch_id: Mapped[UUID] = ours()
    seq: Mapped[int] = ours(BigInteger)
    priority: Mapped[str] = ours()
    words: Mapped[bytes] = sensitive()
    clients: Mapped[list[UUID]] = ours(ARRAY(Uuid), server_default=_NOBODY)
    partners: Mapped[list[UUID]] = ours(ARRAY(Uuid), server_default=_NOBODY)
    read_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (
        points_at("staff", "staff_id"),
        ForeignKeyConstraint(["firm_id", "dispatch_id"], ["dispatches.firm_id", "dispatches.id"], ondelete="CASCADE"),
        UniqueConstraint("firm_id", "staff_id", "seq", name="inbox_messages_seq"),
        UniqueConstraint("firm_id", "dispatch_id", name="inbox_messages_dispatch"),
        Index("inbox_messages_unread", "firm_id", "staff_id", postgresql_where=text("read_at IS NULL")),
    )


class InboxCounter(Base):
    """The number of a person's last message, which outlives it: whoever has seen one never misses a later one."""

    __tablename__ = "inbox_counters"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    staff_id: Mapped[UUID] = ours(primary_key=True)
    last: Mapped[int] = ours(BigInteger)

    __table_args__ = (points_at("staff", "staff_id"),)


class PushSubscription(FirmScoped, Base):
    """A browser of a member of staff that takes pushes.

    Attributes:
        digest: of the endpoint, keyed by the firm's data key: one browser, one row.
        browser: where it is reached, its public key and its secret, encrypted JSON.
    """

    __tablename__ = "push_subscriptions"

    staff_id: Mapped[UUID] = ours()
    digest: Mapped[bytes] = sensitive()
    browser: Mapped[bytes] = sensitive()
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (points_at("staff", "staff_id"), UniqueConstraint("firm_id", "digest"))


class SmsSender(Base):
    """A number, or messaging service, from which a firm's texts have left: STOP to it means that firm."""

    __tablename__ = "sms_senders"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    sender: Mapped[str] = ours(primary_key=True)
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (belongs_to_firm(),)


class SmsStop(Base):
    """A number whose owner answered STOP: its digest, keyed by the firm's data key."""

    __tablename__ = "sms_stops"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    number: Mapped[bytes] = ours(primary_key=True)
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (belongs_to_firm(),)


class SmsHeard(Base):
    """An answer to a text that was acted on, by the provider's id: it is delivered more than once, or late."""

    __tablename__ = "sms_heard"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    sid: Mapped[str] = ours(primary_key=True)
    at: Mapped[Stamp] = ours()

    __table_args__ = (belongs_to_firm(),)
