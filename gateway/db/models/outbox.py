"""Files that wait for a partner to fetch them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Stamp, ours, personal, points_at


class OutboxFile(FirmScoped, Base):
    """A file of ours for a partner; the row goes with its bytes.

    Attributes:
        name: under which the partner sees it; several may have the same.
        storage_key: where its bytes lie in the store.
        at: since when it waits.
        fetched_at: when the partner first took it; None while nobody did.
    """

    __tablename__ = "outbox_files"

    partner_id: Mapped[UUID] = ours()
    name: Mapped[str] = personal(blank="erased")
    media_type: Mapped[str] = ours()
    sha256: Mapped[str] = ours()
    size: Mapped[int] = ours(BigInteger)
    storage_key: Mapped[str] = ours()
    at: Mapped[Stamp] = ours()
    fetched_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("partners", "partner_id"),
        Index(None, "firm_id", "partner_id", "at"),
        Index("outbox_files_storage_key_idx", "firm_id", "storage_key"),
    )
