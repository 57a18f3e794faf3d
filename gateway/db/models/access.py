"""Who may call us from outside, and with what proof."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, FirmScoped, Stamp, belongs_to_firm, points_at

CREDENTIAL_KINDS = ("api_key", "oauth_client")


class Credential(FirmScoped, Base):
    """A partner's API key or OAuth2 client; its secret was shown once, and only its SHA-256 is kept.

    A digest without salt or stretching is enough, for the secret is 256 random bits: nothing shorter can be tried.

    Attributes:
        prefix: the beginning of a key, or an OAuth client's id: by it people tell credentials apart.
        scopes: see `gateway.domain.permissions`.
        last_used_at: to the minute.
    """

    __tablename__ = "credentials"

    partner_id: Mapped[UUID]
    kind: Mapped[str]
    name: Mapped[str]
    prefix: Mapped[str]
    digest: Mapped[bytes]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by: Mapped[str]
    created_at: Mapped[Stamp]
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        points_at("partners", "partner_id"),
        UniqueConstraint("prefix"),
        UniqueConstraint("digest"),
        CheckConstraint("kind IN ('api_key', 'oauth_client')", name="kind"),
    )


class RateLimit(Base):
    """What a firm set for one window of a tier, where that differs from what is usual."""

    __tablename__ = "rate_limits"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    tier: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[str] = mapped_column(primary_key=True)
    most: Mapped[int]

    __table_args__ = (belongs_to_firm(), CheckConstraint("most > 0", name="most"))
