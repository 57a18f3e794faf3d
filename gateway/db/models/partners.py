"""Partners, the immutable versions of their settings, their feeds, and the header names learned from drift."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, FirmScoped, Json, Stamp, belongs_to_firm, points_at


class Partner(FirmScoped, Base):
    """An employer that sends a firm its people. An employer of two firms is two partners."""

    __tablename__ = "partners"

    slug: Mapped[str] = mapped_column(unique=True)  # unique per installation, so that a command needs no firm
    name: Mapped[str]
    time_zone: Mapped[str]
    rate_tier: Mapped[str] = mapped_column(server_default="standard")
    contacts: Mapped[Json]
    status: Mapped[str] = mapped_column(server_default="active")
    created_at: Mapped[Stamp]

    __table_args__ = (belongs_to_firm(), CheckConstraint("status IN ('active', 'deactivated')", name="status"))


class PartnerConfig(FirmScoped, Base):
    """One version of a partner.yaml and its tables, exactly as they were applied; only `active` ever changes.

    Attributes:
        reason: why it was put in force, in a person's words; None where nobody said it.
        text_of: the number of the older version that was taken again.
    """

    __tablename__ = "partner_configs"

    partner_id: Mapped[UUID]
    version: Mapped[int]
    sha256: Mapped[str]
    source: Mapped[str]
    tables: Mapped[Json] = mapped_column(deferred=True)  # the text of its CSV tables, by name; megabytes at times
    applied_by: Mapped[str]
    active: Mapped[bool]
    reason: Mapped[str | None]
    text_of: Mapped[int | None]
    created_at: Mapped[Stamp]

    __table_args__ = (
        points_at("partners", "partner_id"),
        UniqueConstraint("firm_id", "partner_id", "version"),
        Index("partner_configs_one_active", "firm_id", "partner_id", unique=True, postgresql_where=text("active")),
    )


class FeedRow(FirmScoped, Base):
    """A feed of a partner, kept across versions: sightings and learned names hang on it."""

    __tablename__ = "feeds"

    partner_id: Mapped[UUID]
    name: Mapped[str]
    created_at: Mapped[Stamp]

    __table_args__ = (points_at("partners", "partner_id"), UniqueConstraint("firm_id", "partner_id", "name"))


class HeaderAlias(FirmScoped, Base):
    """A new column name that a person accepted for an old one; survives the next apply."""

    __tablename__ = "header_aliases"

    feed_id: Mapped[UUID]
    expected: Mapped[str]
    found: Mapped[str]
    accepted_by: Mapped[str]
    created_at: Mapped[Stamp]

    __table_args__ = (points_at("feeds", "feed_id"), UniqueConstraint("firm_id", "feed_id", "expected", "found"))
