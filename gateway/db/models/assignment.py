"""Who can take cases, who got which and why, and what still waits for somebody."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, FirmScoped, Json, Stamp, belongs_to_firm, ours, personal, points_at

AssignmentKind = Literal["assigned", "reassigned", "undone"]
HandoverState = Literal["proposed", "accepted", "declined", "withdrawn"]
ASSIGNMENT_KINDS: tuple[str, ...] = get_args(AssignmentKind)
HANDOVER_STATES: tuple[str, ...] = get_args(HandoverState)


class Attorney(FirmScoped, Base):
    """What makes a member of staff able to hold cases.

    Attributes:
        licence: where and under which number; without one nobody is given cases.
        capacity: active cases at full time.
        availability: hours a week by day, {"mon": 8, ...}; empty is full time. Less than full time takes part of the
            capacity.
        senior: takes what the firm's policy finds too hard for others.
        languages: besides English, ISO 639-1.
        certifications: words of the firm's, such as `eb5`.
    """

    __tablename__ = "attorneys"

    staff_id: Mapped[UUID]
    licence: Mapped[str | None]
    capacity: Mapped[int] = mapped_column(server_default=text("20"))
    availability: Mapped[Json]
    senior: Mapped[bool] = mapped_column(server_default=text("false"))
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    certifications: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    created_at: Mapped[Stamp]

    __table_args__ = (
        points_at("staff", "staff_id"),
        UniqueConstraint("firm_id", "staff_id"),
        CheckConstraint("capacity BETWEEN 0 AND 200", name="capacity"),
    )


class Expertise(FirmScoped, Base):
    """What an attorney says to know of cases of a type: 1, has seen some, to 5, teaches it."""

    __tablename__ = "expertise"

    attorney_id: Mapped[UUID]
    case_type: Mapped[str]
    level: Mapped[int]
    created_at: Mapped[Stamp]

    __table_args__ = (
        points_at("attorneys", "attorney_id"),
        UniqueConstraint("firm_id", "attorney_id", "case_type"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
    )


class TimeOff(FirmScoped, Base):
    """Days on which an attorney is away, the first and the last included; why is nobody's business here."""

    __tablename__ = "time_off"

    attorney_id: Mapped[UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    created_at: Mapped[Stamp]

    __table_args__ = (
        points_at("attorneys", "attorney_id"),
        Index(None, "firm_id", "attorney_id", "ends_on"),
        CheckConstraint("ends_on >= starts_on", name="order"),
    )


class AssignmentPolicy(FirmScoped, Base):
    """A version of how a firm gives its cases to attorneys; the newest counts, and none is ever changed.

    Attributes:
        version: 1, 2, ... of the firm.
        rule: as in the registry of rules.
        settings: what the rule and the filters are told besides; shape: `gateway.domain.assignment.policies.Settings`.
        by: who made it so.
    """

    __tablename__ = "assignment_policies"

    version: Mapped[int]
    rule: Mapped[str]
    settings: Mapped[Json]
    by: Mapped[str]
    at: Mapped[Stamp]

    __table_args__ = (belongs_to_firm(), UniqueConstraint("firm_id", "version"))


class Assignment(FirmScoped, Base):
    """A case that an attorney got. Added to, never changed, but that its end is set: `until`, `taken_back_by`.

    Attributes:
        previous_id: the attorney who had it before.
        kind: `assigned` by the rule, `reassigned` by hand, `undone` back to the one before.
        rule, policy_version: by which it was decided; None where a person did.
        complexity: of the case then, 1 to 10.
        score: of the attorney, by the rule; None where continuity or a person decided.
        reason: in a sentence.
        note: handed over with it.
        decision: candidates, whom what excluded, scores by part; shape:
            `gateway.domain.assignment.keeping`.
        until: when somebody else got it, or it was taken back.
        taken_back_by: who took it back into the queue within the day; None where nobody did.
    """

    __tablename__ = "assignments"

    case_id: Mapped[UUID] = ours()
    attorney_id: Mapped[UUID] = ours()
    previous_id: Mapped[UUID | None] = ours()
    kind: Mapped[str] = ours()
    rule: Mapped[str | None] = ours()
    policy_version: Mapped[int | None] = ours()
    complexity: Mapped[int | None] = ours()
    score: Mapped[Decimal | None] = ours(Numeric(9, 6))
    reason: Mapped[str] = personal(blank="erased")
    note: Mapped[str | None] = personal()
    decision: Mapped[dict[str, object] | None] = ours(JSONB)
    by_kind: Mapped[str] = ours()
    by: Mapped[str] = ours()
    at: Mapped[Stamp] = ours()
    until: Mapped[datetime | None] = ours(DateTime(timezone=True))
    taken_back_by: Mapped[str | None] = ours()

    __table_args__ = (
        points_at("cases", "case_id"),
        points_at("attorneys", "attorney_id"),
        points_at("attorneys", "previous_id"),
        Index(
            "assignments_current",
            "firm_id",
            "case_id",
            unique=True,
            postgresql_include=["complexity"],
            postgresql_where=text("until IS NULL"),
        ),
        Index(None, "firm_id", "attorney_id", "at"),
        Index(None, "firm_id", "case_id", "at"),
        CheckConstraint("kind IN ('assigned', 'reassigned', 'undone')", name="kind"),
    )


class UnassignedCase(FirmScoped, Base):
    """A case that waits for an attorney.

    Attributes:
        since: when it began to.
        tried_at: when it was last looked at; None has not been.
        code: why nobody could take it: `no_attorneys`, `all_full`, ...; None was not looked at yet.
        reason: the same in a sentence, with numbers and without names of clients.
        excluded: what excluded how many, {code: attorneys}.
        forecast_on: the day from which somebody might; None is not known.
        policy_version: under which it was last looked at.
        told_at: when an admin was told that it waits.
    """

    __tablename__ = "unassigned_cases"

    case_id: Mapped[UUID] = ours()
    since: Mapped[Stamp] = ours()
    tried_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    code: Mapped[str | None] = ours()
    reason: Mapped[str | None] = ours()
    excluded: Mapped[Json] = ours()
    forecast_on: Mapped[date | None] = ours()
    policy_version: Mapped[int | None] = ours()
    told_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("cases", "case_id"),
        UniqueConstraint("firm_id", "case_id"),
        Index(None, "firm_id", "since"),
    )


class Handover(FirmScoped, Base):
    """A case that is to pass from one attorney to another, and waits for a yes.

    Attributes:
        plan_id: the same for all that one press carries out; None is a single one, which its receiver accepts.
        from_id, to_id: attorneys.
        reason, note: as in the assignment that it becomes.
        by: who proposed it.
        ended_at: when it was accepted, declined or withdrawn.
    """

    __tablename__ = "handovers"

    case_id: Mapped[UUID] = ours()
    plan_id: Mapped[UUID | None] = ours()
    from_id: Mapped[UUID] = ours()
    to_id: Mapped[UUID] = ours()
    reason: Mapped[str] = personal(blank="erased")
    note: Mapped[str | None] = personal()
    state: Mapped[str] = ours(server_default="proposed")
    by_kind: Mapped[str] = ours()
    by: Mapped[str] = ours()
    at: Mapped[Stamp] = ours()
    ended_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("cases", "case_id"),
        points_at("attorneys", "from_id"),
        points_at("attorneys", "to_id"),
        Index("handovers_open", "firm_id", "case_id", unique=True, postgresql_where=text("state = 'proposed'")),
        Index(None, "firm_id", "plan_id"),
        CheckConstraint("state IN ('proposed', 'accepted', 'declined', 'withdrawn')", name="state"),
    )
