"""Reports that were ordered, and what was made of the orders."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Json, Stamp, belongs_to_firm, ours, personal, points_at


class ReportOrder(FirmScoped, Base):
    """One report that a job makes for whoever ordered it, and nobody else.

    Attributes:
        filters: as text, by their names; they may name a person.
        about_id: the partner that it is about; None where it is about all of the firm's.
        actor_kind, actor, actor_id, origin, partner_id: who ordered it, see `gateway.office.Actor`.
        problem: why there is none: a sentence.
        ready_at: when it was made, or could not be.
        expires_at: when its bytes go.
        destroyed_at: since when they are gone.
    """

    __tablename__ = "report_orders"

    report: Mapped[str] = ours()
    form: Mapped[str] = ours()
    filters: Mapped[Json] = personal(blank={})
    about_id: Mapped[UUID | None] = ours()
    actor_kind: Mapped[str] = ours()
    actor: Mapped[str] = ours()
    actor_id: Mapped[UUID | None] = ours()
    origin: Mapped[str | None] = ours()
    partner_id: Mapped[UUID | None] = ours()
    storage_key: Mapped[str | None] = ours()
    size: Mapped[int | None] = ours(BigInteger)
    problem: Mapped[str | None] = personal()
    ordered_at: Mapped[Stamp] = ours()
    ready_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    destroyed_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        belongs_to_firm(),
        points_at("partners", "about_id"),
        points_at("partners", "partner_id"),
        Index("report_orders_storage_key_idx", "firm_id", "storage_key"),
        Index("report_orders_ordered_at_idx", "ordered_at"),
    )
