"""Facts on record, and how far each subscriber has come."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Identity, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, Json, Stamp, points_at


class EventRow(Base):
    """One event of `gateway.events`.

    Attributes:
        records: ids of what it is about, of the kind that the event's kind says.
        said: the fields that this kind of event has beyond those of all events.
    """

    __tablename__ = "events"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[Stamp]
    partner_id: Mapped[UUID]
    import_id: Mapped[UUID | None]
    kind: Mapped[str]
    records: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    said: Mapped[Json]

    __table_args__ = (
        points_at("partners", "partner_id"),
        points_at("imports", "import_id"),
        Index("events_in_order", "firm_id", "partner_id", "seq"),
        Index("events_at", "at"),
    )


class EventCursor(Base):
    """The last event of a partner that a subscriber has acted on."""

    __tablename__ = "event_cursors"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    subscriber: Mapped[str] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (points_at("partners", "partner_id"),)
