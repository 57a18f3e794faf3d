"""What people are told: notifications, a dispatch for each recipient and channel, attempts, what the gate said."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from gateway.db.models.base import (
    Base,
    FirmScoped,
    Instant,
    Json,
    Stamp,
    belongs_to_firm,
    ours,
    personal,
    points_at,
    sensitive,
)

DispatchState = Literal[
    "waiting", "attempting", "sent", "delivered", "opened", "failed", "unknown", "held", "dead", "cancelled", "withheld"
]
DISPATCH_STATES: tuple[str, ...] = get_args(DispatchState)
Verdict = Literal["send", "delay", "stop"]
VERDICTS: tuple[str, ...] = get_args(Verdict)


class Notification(FirmScoped, Base):
    """Something that is to be told to one or many; what it says is read, or rendered, when it leaves.

    Attributes:
        kind: `expiry`, `escalation`, `digest`, `service`, `watch`, `test`: where it comes from.
        template: by name; which words it has is the template's of the firm when it leaves.
        key: a second one of this firm and key is not made.
        partner_id: for whom it was asked, where a partner's program did, or about whom it is.
        data: what the template is given, encrypted JSON; None where facts are read from records.
        created_by: who asked; `system` for the house.
    """

    __tablename__ = "notifications"

    kind: Mapped[str] = ours()
    template: Mapped[str] = ours()
    priority: Mapped[str] = ours(server_default="normal")
    key: Mapped[str | None] = ours()
    partner_id: Mapped[UUID | None] = ours()
    data: Mapped[bytes | None] = sensitive()
    created_by: Mapped[str] = ours()
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (
        belongs_to_firm(),
        points_at("partners", "partner_id"),
        UniqueConstraint("firm_id", "key", name="notifications_key"),
        CheckConstraint("priority IN ('critical', 'urgent', 'normal', 'low')", name="priority"),
    )


class Dispatch(FirmScoped, Base):
    """A notification for one recipient by one channel; `not_before` is the clock of all that makes it wait.

    Attributes:
        staff_id, client_id, contact: whom, exactly one of them; `contact` is a name of the partner's contacts.
        partner_id: whose contact.
        channel: as in the registry of channels.
        state: `waiting` to leave; `attempting`, the channel may have it; `sent`, it was taken; `delivered`, `opened`,
            as its provider says; `failed`, refused for good or bounced; `unknown`, a worker died while it was given
            over; `held`, unknown and for a person to decide; `dead`, given up after the ladder; `cancelled`, no longer
            true; `withheld`, the gate said no.
        not_before: it does not leave earlier.
        attempts: that have begun.
        steps: of the ladder that it has climbed; a person who lets it leave again sets it to 0.
        path: on which way it comes to the gate next: `retry`, `replay`, `release`; None is its notification's.
        due_at: when it was first to leave, or was last let leave by a person or a provider; by it lateness is told.
        is_repeat: it may have come through before.
        ref: what the channel calls it: a Message-ID, a provider's id.
        said: what was told, encrypted JSON of its words.
        ended_code: why it failed, was withheld or cancelled.
        sent_at: when the channel took it.
        settled_at: when its state was last changed.
    """

    __tablename__ = "dispatches"

    notification_id: Mapped[UUID] = ours()
    staff_id: Mapped[UUID | None] = ours()
    client_id: Mapped[UUID | None] = ours()
    partner_id: Mapped[UUID | None] = ours()
    contact: Mapped[str | None] = ours()
    channel: Mapped[str] = ours()
    state: Mapped[str] = ours(server_default="waiting")
    not_before: Mapped[Instant] = ours(server_default=text("gateway_now()"))
    attempts: Mapped[int] = ours(server_default=text("0"))
    steps: Mapped[int] = ours(server_default=text("0"))
    path: Mapped[str | None] = ours()
    due_at: Mapped[Stamp] = ours()
    is_repeat: Mapped[bool] = ours(server_default=text("false"))
    ref: Mapped[str | None] = ours()
    said: Mapped[bytes | None] = sensitive()
    ended_code: Mapped[str | None] = ours()
    sent_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (
        points_at("notifications", "notification_id"),
        points_at("staff", "staff_id"),
        points_at("clients", "client_id"),
        points_at("partners", "partner_id"),
        UniqueConstraint(
            "firm_id",
            "notification_id",
            "staff_id",
            "client_id",
            "partner_id",
            "contact",
            "channel",
            name="dispatches_key",
            postgresql_nulls_not_distinct=True,
        ),
        Index("dispatches_waiting", "firm_id", "not_before", postgresql_where=text("state = 'waiting'")),
        Index(
            "dispatches_open", "firm_id", "state", postgresql_where=text("state IN ('attempting', 'unknown', 'held')")
        ),
        Index("dispatches_newest", "firm_id", "created_at", "id"),
        Index("dispatches_of_client", "firm_id", "client_id", postgresql_where=text("client_id IS NOT NULL")),
        Index("dispatches_of_staff", "firm_id", "staff_id", postgresql_where=text("staff_id IS NOT NULL")),
        Index("dispatches_ended", "settled_at", postgresql_where=text("settled_at IS NOT NULL")),
        Index("dispatches_ref", "firm_id", "channel", "ref", postgresql_where=text("ref IS NOT NULL")),
        CheckConstraint(
            "state IN ('waiting', 'attempting', 'sent', 'delivered', 'opened', 'failed', 'unknown', 'held', 'dead',"
            " 'cancelled', 'withheld')",
            name="state",
        ),
        CheckConstraint("num_nonnulls(staff_id, client_id, contact) = 1", name="somebody"),
        CheckConstraint("(contact IS NULL) = (partner_id IS NULL)", name="contact"),
    )


class DispatchAttempt(FirmScoped, Base):
    """One time that a dispatch was given to its channel.

    Attributes:
        number: of the dispatch's attempts, from 1.
        outcome: `sending`, `taken`, `not_now`, `refused`, or `lost` where a worker died at it.
        answer: what the other side said.
    """

    __tablename__ = "dispatch_attempts"

    dispatch_id: Mapped[UUID] = ours()
    number: Mapped[int] = ours()
    outcome: Mapped[str] = ours(server_default="sending")
    code: Mapped[str | None] = ours()
    answer: Mapped[str | None] = personal()
    at: Mapped[Stamp] = ours()
    ended_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("dispatches", "dispatch_id"),
        UniqueConstraint("firm_id", "dispatch_id", "number", name="dispatch_attempts_key"),
        CheckConstraint("outcome IN ('sending', 'taken', 'not_now', 'refused', 'lost')", name="outcome"),
    )


class GateDecision(FirmScoped, Base):
    """What the gate said about a dispatch, and why: kept for whoever asks why somebody was told, or was not.

    Attributes:
        path: on which way it came to the gate.
        reason: a code of the gate's.
        until: where it has to wait.
        facts: what the gate went by: codes, numbers and instants, nothing about a person.
    """

    __tablename__ = "gate_decisions"

    dispatch_id: Mapped[UUID] = ours()
    path: Mapped[str] = ours()
    verdict: Mapped[str] = ours()
    reason: Mapped[str] = ours()
    until: Mapped[datetime | None] = ours(DateTime(timezone=True))
    facts: Mapped[Json] = ours()
    at: Mapped[Stamp] = ours()

    __table_args__ = (
        points_at("dispatches", "dispatch_id"),
        Index("gate_decisions_of", "firm_id", "dispatch_id", "at"),
        Index("gate_decisions_sent", "firm_id", "at", postgresql_where=text("verdict = 'send'")),
        CheckConstraint("verdict IN ('send', 'delay', 'stop')", name="verdict"),
    )


class ChannelState(Base):
    """What a channel bears now: of one firm's provider, or of the installation's; all workers go by it.

    Attributes:
        firm_id: None where the provider is the installation's.
        failures: in a row, that concern the channel and not one message.
        rests: how often it was left alone in a row, by which the next rest is longer.
        rests_until: it is left alone until then; the first after that is a trial.
        code, problem: why.
        paced_until: until when so many a second have been given away.
        day, taken: how many were given away on which day, in UTC; counted where there is a limit for a day.
    """

    __tablename__ = "channel_states"

    id: Mapped[UUID] = ours(primary_key=True, server_default=text("uuidv7()"))
    firm_id: Mapped[UUID | None] = ours()
    channel: Mapped[str] = ours()
    failures: Mapped[int] = ours(server_default=text("0"))
    rests: Mapped[int] = ours(server_default=text("0"))
    rests_until: Mapped[datetime | None] = ours(DateTime(timezone=True))
    code: Mapped[str | None] = ours()
    problem: Mapped[str | None] = ours()
    paced_until: Mapped[datetime | None] = ours(DateTime(timezone=True))
    day: Mapped[date | None] = ours()
    taken: Mapped[int] = ours(server_default=text("0"))

    __table_args__ = (
        belongs_to_firm(),
        UniqueConstraint("firm_id", "channel", name="channel_states_key", postgresql_nulls_not_distinct=True),
    )
