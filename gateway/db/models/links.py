"""Short addresses that lead on, how often each was followed, and those that act when somebody presses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Instant, Stamp, belongs_to_firm, ours, points_at

Act = Literal["acknowledge", "snooze", "unsubscribe"]
ACTS: tuple[Act, ...] = get_args(Act)


class ShortLink(FirmScoped, Base):
    """A code of ours, and the address to which it leads.

    Attributes:
        code: unique in the installation, for nobody knows the firm when it is followed; an alias is one, too.
        target: it is told to whoever knows the code.
        partner_id: whose program made it; None where the firm's staff did.
        expires_at: from when it leads nowhere; None is never.
        disabled_at: when somebody made it lead nowhere.
    """

    __tablename__ = "short_links"

    code: Mapped[str] = ours()
    target: Mapped[str] = ours()
    partner_id: Mapped[UUID | None] = ours()
    created_by: Mapped[str] = ours()
    created_at: Mapped[Stamp] = ours()
    expires_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    disabled_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        belongs_to_firm(),
        points_at("partners", "partner_id"),
        UniqueConstraint("code", name="short_links_code_key"),
        Index(None, "firm_id", "created_at"),
    )


class LinkClicks(Base):
    """How often a link was followed on a day, by what followed it; nothing of who it was.

    Attributes:
        day: in the firm's time zone.
        kind: `person`, `bot`, `scanner`, `prefetch`, `head`.
    """

    __tablename__ = "link_clicks"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    link_id: Mapped[UUID] = ours(primary_key=True)
    day: Mapped[date] = ours(primary_key=True)
    kind: Mapped[str] = ours(primary_key=True)
    clicks: Mapped[int] = ours(server_default=text("0"))

    __table_args__ = (
        ForeignKeyConstraint(["firm_id", "link_id"], ["short_links.firm_id", "short_links.id"], ondelete="CASCADE"),
    )


class ActionLink(FirmScoped, Base):
    """An address that acts for the recipient of a dispatch when its page is pressed; it goes with the dispatch.

    Attributes:
        digest: SHA-256 of what stands in the address, which is kept nowhere.
        act: what a press does.
        notice_id: of which of those that the dispatch tells it is; None of all of them.
        staff_id, client_id, partner_id, contact: the recipient, as the dispatch has it.
        used_at: when it was pressed, or another one of the same dispatch, notice and act.
    """

    __tablename__ = "action_links"

    digest: Mapped[bytes] = ours()
    act: Mapped[str] = ours()
    dispatch_id: Mapped[UUID] = ours()
    notice_id: Mapped[UUID | None] = ours()
    staff_id: Mapped[UUID | None] = ours()
    client_id: Mapped[UUID | None] = ours()
    partner_id: Mapped[UUID | None] = ours()
    contact: Mapped[str | None] = ours()
    created_at: Mapped[Stamp] = ours()
    expires_at: Mapped[Instant] = ours()
    used_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(["firm_id", "dispatch_id"], ["dispatches.firm_id", "dispatches.id"], ondelete="CASCADE"),
        points_at("notices", "notice_id"),
        points_at("staff", "staff_id"),
        points_at("clients", "client_id"),
        points_at("partners", "partner_id"),
        UniqueConstraint("digest", name="action_links_digest_key"),
        Index(None, "firm_id", "dispatch_id", "act"),
        Index(None, "firm_id", "client_id", postgresql_where=text("client_id IS NOT NULL")),
        Index(None, "firm_id", "notice_id", postgresql_where=text("notice_id IS NOT NULL")),
        CheckConstraint("act IN ('acknowledge', 'snooze', 'unsubscribe')", name="act"),
        CheckConstraint("num_nonnulls(staff_id, client_id, contact) = 1", name="somebody"),
    )
