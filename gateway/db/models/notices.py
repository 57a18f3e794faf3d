"""Who is told that a paper ends, when, and what they said; a firm's own lead times and escalation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Stamp, belongs_to_firm, ours, personal, points_at

NoticeState = Literal["waiting", "told", "withheld", "cancelled"]
NOTICE_STATES: tuple[str, ...] = get_args(NoticeState)


class Notice(FirmScoped, Base):
    """Somebody is to be told, once, that a document ends; what it says is read when it leaves.

    Attributes:
        expires_on: of the document when this was made; another day is another row of notices.
        lead: for which lead time, in days before the end; 0 for the last day and after.
        days_left: until the end on the day of the sweep; fewer than `lead` where it caught up.
        step: of the escalation; 0 is the reminder itself.
        role: as whom it is told: `attorney`, `paralegal`, `supervisor`, `admin`, `client`.
        staff_id: who of the staff; None where it is the client.
        channel: as in the registry of channels.
        due_on: the day of the sweep, in the firm's zone.
        state: `waiting` until it has left; `told`; `withheld`, the gate said no; `cancelled`, it is no longer true.
        dispatch_id: with which it leaves, alone or among others; None until that is planned.
        ended_code: why it was cancelled or withheld.
        again: how many times it was snoozed before: whoever snoozed what they had been told is told once more.
        needs_answer: somebody of the firm must acknowledge it.
        snoozed_until: it does not leave earlier, for its recipient, or somebody for them, asked for that.
    """

    __tablename__ = "notices"

    client_id: Mapped[UUID] = ours()
    document_id: Mapped[UUID] = ours()
    expires_on: Mapped[date] = ours()
    lead: Mapped[int] = ours()
    days_left: Mapped[int] = ours()
    step: Mapped[int] = ours(server_default=text("0"))
    role: Mapped[str] = ours()
    staff_id: Mapped[UUID | None] = ours()
    channel: Mapped[str] = ours()
    due_on: Mapped[date] = ours()
    state: Mapped[str] = ours(server_default="waiting")
    dispatch_id: Mapped[UUID | None] = ours()
    ended_code: Mapped[str | None] = ours()
    ended_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    again: Mapped[int] = ours(server_default=text("0"))
    needs_answer: Mapped[bool] = ours(server_default=text("false"))
    snoozed_until: Mapped[datetime | None] = ours(DateTime(timezone=True))
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (  # that the paper, its person and whoever is told are there, the trigger `check_notices` sees to
        points_at("dispatches", "dispatch_id"),
        UniqueConstraint(
            "firm_id",
            "document_id",
            "expires_on",
            "lead",
            "step",
            "staff_id",
            "channel",
            "again",
            name="notices_key",
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "notices_waiting",
            "firm_id",
            text("coalesce(staff_id, client_id)"),
            "document_id",
            postgresql_where="state = 'waiting'",
        ),
        Index("notices_of_client", "firm_id", "client_id"),
        Index("notices_asking", "firm_id", "document_id", postgresql_where="needs_answer"),
        Index("notices_of_dispatch", "firm_id", "dispatch_id", postgresql_where="dispatch_id IS NOT NULL"),
        CheckConstraint("state IN ('waiting', 'told', 'withheld', 'cancelled')", name="state"),
        CheckConstraint("role IN ('attorney', 'paralegal', 'supervisor', 'admin', 'client')", name="role"),
        CheckConstraint("(role = 'client') = (staff_id IS NULL)", name="somebody"),
    )


class NoticeAnswer(FirmScoped, Base):
    """What somebody said to a notice, for all who are told of that paper at that lead time.

    Attributes:
        client_id, document_id, expires_on, lead: of the notice, of which it may be asked without it.
        kind: `acknowledge` or `snooze`.
        until: of a snooze, as it was granted.
        by_kind, by: who, as the audit log names them; `client` where the person did, which ends nobody's escalation.
        via: `api`, `cli` or `link`.
    """

    __tablename__ = "notice_answers"

    notice_id: Mapped[UUID] = ours()
    client_id: Mapped[UUID] = ours()
    document_id: Mapped[UUID] = ours()
    expires_on: Mapped[date] = ours()
    lead: Mapped[int] = ours()
    kind: Mapped[str] = ours()
    until: Mapped[datetime | None] = ours(DateTime(timezone=True))
    by_kind: Mapped[str] = ours()
    by: Mapped[str] = personal()
    via: Mapped[str] = ours()
    at: Mapped[Stamp] = ours()

    __table_args__ = (
        points_at("notices", "notice_id"),
        points_at("clients", "client_id"),
        points_at("documents", "document_id"),
        Index(
            "notice_answers_acknowledged",
            "firm_id",
            "document_id",
            "expires_on",
            "lead",
            unique=True,
            postgresql_where=text("kind = 'acknowledge' AND by_kind <> 'client'"),
        ),
        Index("notice_answers_of", "firm_id", "document_id", "expires_on", "lead"),
        CheckConstraint("kind IN ('acknowledge', 'snooze')", name="kind"),
        CheckConstraint("(kind = 'snooze') = (until IS NOT NULL)", name="until"),
    )


class EscalationPolicy(Base):
    """A firm's own escalation, in place of the rule's.

    Attributes:
        chain: to whom, step by step.
        at_least, days: bands of days that are left, the most first, and how many days an answer is waited for in each.
    """

    __tablename__ = "escalation_policies"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    chain: Mapped[list[str]] = ours(ARRAY(Text))
    at_least: Mapped[list[int]] = ours(ARRAY(Integer))
    days: Mapped[list[int]] = ours(ARRAY(Integer))
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (
        belongs_to_firm(),
        CheckConstraint("cardinality(at_least) = cardinality(days)", name="bands"),
    )


class LeadPolicy(Base):
    """A firm's own lead times for a type of document, in place of the rule's."""

    __tablename__ = "lead_policies"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    doc_type: Mapped[str] = ours(primary_key=True)
    days: Mapped[list[int]] = ours(ARRAY(Integer))
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (belongs_to_firm(),)
