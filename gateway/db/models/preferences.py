"""How people want to be told: how often of what, when not, how much a day, and of what they want no more."""

from __future__ import annotations

from datetime import datetime, time
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Stamp, belongs_to_firm, ours, points_at

Pace = Literal["immediate", "daily", "weekly", "off"]
PACES: tuple[str, ...] = get_args(Pace)


class NoticePreference(FirmScoped, Base):
    """How often somebody of the staff is told by a channel of papers of a type; the most particular row counts.

    Attributes:
        staff_id: whose; None is the firm's, for all who have none of their own.
        doc_type: of which papers; None is all that have no row of their own.
        channel: as in the registry of channels.
        pace: `immediate`, `daily` or `weekly` as a digest, `off`.
    """

    __tablename__ = "notice_preferences"

    staff_id: Mapped[UUID | None] = ours()
    doc_type: Mapped[str | None] = ours()
    channel: Mapped[str] = ours()
    pace: Mapped[str] = ours()
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (
        belongs_to_firm(),
        points_at("staff", "staff_id"),
        UniqueConstraint(
            "firm_id",
            "staff_id",
            "doc_type",
            "channel",
            name="notice_preferences_key",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("pace IN ('immediate', 'daily', 'weekly', 'off')", name="pace"),
    )


class QuietHours(FirmScoped, Base):
    """When somebody is not to be told, by the clock where they are.

    Attributes:
        staff_id: whose; None is the firm's: for clients, partners' contacts, and staff who have none of their own.
        begins, ends: may go over midnight; equal ones are no quiet time.
        working_days: ISO numbers, Monday is 1.
    """

    __tablename__ = "quiet_hours"

    staff_id: Mapped[UUID | None] = ours()
    begins: Mapped[time] = ours()
    ends: Mapped[time] = ours()
    working_days: Mapped[list[int]] = ours(ARRAY(Integer))
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (
        belongs_to_firm(),
        points_at("staff", "staff_id"),
        UniqueConstraint("firm_id", "staff_id", name="quiet_hours_key", postgresql_nulls_not_distinct=True),
        CheckConstraint("cardinality(working_days) > 0 AND working_days <@ '{1,2,3,4,5,6,7}'", name="days"),
    )


class OptOut(FirmScoped, Base):
    """Somebody wants no more of a channel, until the row is ended; what was ended is kept.

    Attributes:
        staff_id, client_id, contact: who, exactly one of them; `contact` is a name of the partner's contacts.
        partner_id: whose contact.
        how: `stop_word`, `one_click`, `staff`; or `provider`, which said so.
        by: who put it on record.
        ended_how: `start_word` or `staff`.
    """

    __tablename__ = "opt_outs"

    channel: Mapped[str] = ours()
    staff_id: Mapped[UUID | None] = ours()
    client_id: Mapped[UUID | None] = ours()
    partner_id: Mapped[UUID | None] = ours()
    contact: Mapped[str | None] = ours()
    how: Mapped[str] = ours()
    by: Mapped[str] = ours()
    at: Mapped[Stamp] = ours()
    ended_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    ended_how: Mapped[str | None] = ours()
    ended_by: Mapped[str | None] = ours()

    __table_args__ = (
        points_at("staff", "staff_id"),
        points_at("clients", "client_id"),
        points_at("partners", "partner_id"),
        Index(
            "opt_outs_standing",
            "firm_id",
            "channel",
            "staff_id",
            "client_id",
            "partner_id",
            "contact",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("opt_outs_of_client", "firm_id", "client_id", postgresql_where=text("client_id IS NOT NULL")),
        CheckConstraint("how IN ('stop_word', 'one_click', 'staff', 'provider')", name="how"),
        CheckConstraint("ended_how IN ('start_word', 'staff')", name="ended_how"),
        CheckConstraint("(ended_at IS NULL) = (ended_how IS NULL)", name="ended"),
        CheckConstraint("num_nonnulls(staff_id, client_id, contact) = 1", name="somebody"),
        CheckConstraint("(contact IS NULL) = (partner_id IS NULL)", name="contact"),
    )


class NoticeBudget(Base):
    """How many messages a day a firm lets a channel send to one recipient, in place of the rule's number.

    Attributes:
        kind: of recipient: `staff`, `client`, `contact`.
        a_day: None is no limit.
    """

    __tablename__ = "notice_budgets"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    channel: Mapped[str] = ours(primary_key=True)
    kind: Mapped[str] = ours(primary_key=True)
    a_day: Mapped[int | None] = ours()
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (
        belongs_to_firm(),
        CheckConstraint("kind IN ('staff', 'client', 'contact')", name="kind"),
        CheckConstraint("a_day > 0", name="a_day"),
    )
