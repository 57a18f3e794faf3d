"""Firms, the people who work there, and the keys under which a firm's sensitive values lie."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, FirmScoped, Json, Stamp, belongs_to_firm, points_at

STAFF_ROLES = ("admin", "attorney", "paralegal", "viewer")


class Firm(Base):
    """A law firm. Deactivated, never deleted; erasing one destroys `wrapped_key`, and with it every sensitive value."""

    __tablename__ = "firms"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(server_default="America/New_York")
    settings: Mapped[Json]
    status: Mapped[str] = mapped_column(server_default="active")
    wrapped_key: Mapped[bytes | None]
    created_at: Mapped[Stamp]

    __table_args__ = (CheckConstraint("status IN ('active', 'deactivated')", name="status"),)


class Staff(FirmScoped, Base):
    """Somebody who works at a firm.

    Attributes:
        supervisor_id: whom of the staff to turn to when this one does not answer.
        password_hash: to be written only; `gateway.domain.access.sessions.accounts_of` reads it.
    """

    __tablename__ = "staff"

    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None] = mapped_column(deferred=True)
    time_zone: Mapped[str | None]
    phone: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Stamp]
    supervisor_id: Mapped[UUID | None]

    __table_args__ = (
        belongs_to_firm(),
        UniqueConstraint("firm_id", "email"),
        Index(None, "email"),
        points_at("staff", "supervisor_id"),
        CheckConstraint("supervisor_id <> id", name="supervisor"),
        CheckConstraint("role IN ('admin', 'attorney', 'paralegal', 'viewer')", name="role"),
    )
