"""Ethical walls: which clients and partners do not exist for which member of staff."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Stamp, ours, personal, points_at


class Wall(FirmScoped, Base):
    """One wall between a member of staff and a client, or a partner with all its people.

    Row-level security enforces it wherever a transaction says for whom it works (`gateway.db.session`, `app.staff_id`).
    """

    __tablename__ = "walls"

    staff_id: Mapped[UUID] = ours()
    client_id: Mapped[UUID | None] = ours()
    partner_id: Mapped[UUID | None] = ours()
    reason: Mapped[str] = personal(blank="erased")
    created_by: Mapped[str] = ours()
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (
        points_at("staff", "staff_id"),
        points_at("clients", "client_id"),
        points_at("partners", "partner_id"),
        UniqueConstraint(
            "firm_id", "staff_id", "client_id", "partner_id", name="walls_key", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("num_nonnulls(client_id, partner_id) = 1", name="one_side"),
    )
