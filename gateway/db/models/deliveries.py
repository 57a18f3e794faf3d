"""What leaves for partners: lines, the parcels that leave on each in order, and every attempt at one."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Stamp, ours, personal, points_at

ParcelState = Literal["waiting", "sent", "dead"]
PARCEL_STATES: tuple[str, ...] = get_args(ParcelState)


class DeliveryLine(FirmScoped, Base):
    """One delivery of one partner, kept across versions of its settings; its parcels leave in the order of their ids.

    Attributes:
        schedule: cron and zone for which `scheduled_to` was noted; other ones begin anew.
        scheduled_to: the instant up to which parcels that are due by the clock were made.
        last_id: of its newest parcel; the next one's is greater.
        next_at: nothing is sent before.
        rests: its place has a name for examples, so what waits is not sent.
        failing_since: since when the place cannot be reached; None while it can.
        failures: attempts that have failed so since.
        warned: the greatest share of the time that a line may fail, in percent, of which notice was given.
        disabled_code: why nothing is sent any more until somebody resumes it.
    """

    __tablename__ = "delivery_lines"

    partner_id: Mapped[UUID] = ours()
    name: Mapped[str] = ours()
    schedule: Mapped[str | None] = ours()
    scheduled_to: Mapped[datetime | None] = ours(DateTime(timezone=True))
    last_id: Mapped[UUID | None] = ours()
    next_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    rests: Mapped[bool] = ours(server_default=text("false"))
    failing_since: Mapped[datetime | None] = ours(DateTime(timezone=True))
    failures: Mapped[int] = ours(server_default=text("0"))
    warned: Mapped[int] = ours(server_default=text("0"))
    disabled_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    disabled_code: Mapped[str | None] = ours()
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (points_at("partners", "partner_id"), UniqueConstraint("firm_id", "partner_id", "name"))


class Parcel(FirmScoped, Base):
    """A fact that must leave: on record before it is made, and made before it is sent.

    Attributes:
        cause: what made it necessary; `due_at`, `import_id` or `event_seq` says which.
        part: which records of the event, where one names more than a parcel holds; counted from 0.
        storage_key: where its bytes lie; None until they are made, and once they are destroyed.
        edition: grows when what was made may no longer leave, so that whoever is making it begins anew.
        steps: of the ladder that it has climbed since it was last begun.
        next_at: it is not sent before.
        ended_at: when it was sent, or given up.
        destroyed_at: since when its bytes are gone for good.
    """

    __tablename__ = "parcels"

    partner_id: Mapped[UUID] = ours()
    line_id: Mapped[UUID] = ours()
    cause: Mapped[str] = ours()
    due_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    import_id: Mapped[UUID | None] = ours()
    event_seq: Mapped[int | None] = ours(BigInteger)
    part: Mapped[int] = ours(server_default=text("0"))
    state: Mapped[str] = ours(server_default="waiting")
    name: Mapped[str | None] = personal()
    media_type: Mapped[str | None] = ours()
    size: Mapped[int | None] = ours(BigInteger)
    sha256: Mapped[str | None] = ours()
    storage_key: Mapped[str | None] = ours()
    edition: Mapped[int] = ours(server_default=text("1"))
    steps: Mapped[int] = ours(server_default=text("0"))
    attempts: Mapped[int] = ours(server_default=text("0"))
    next_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    created_at: Mapped[Stamp] = ours()
    ended_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    destroyed_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("partners", "partner_id"),
        points_at("delivery_lines", "line_id"),
        points_at("imports", "import_id"),
        Index("parcels_waiting", "firm_id", "line_id", "id", postgresql_where=text("state = 'waiting'")),
        Index("parcels_created", "firm_id", "created_at", "id"),
        Index("parcels_of_a_line", "firm_id", "line_id", "id"),
        Index("parcels_ended", "ended_at", postgresql_where=text("destroyed_at IS NULL")),
        Index("parcels_stored", "firm_id", "storage_key", postgresql_where=text("storage_key IS NOT NULL")),
        CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="state"),
        CheckConstraint("cause IN ('schedule', 'import', 'event')", name="cause"),
    )


class ParcelAttempt(FirmScoped, Base):
    """One attempt to have a parcel arrive, on record before anything is sent.

    Attributes:
        outcome: `sending` while somebody is at it; `lost` when nobody can say any more whether it arrived.
        answer: what the other side said, or what was wrong.
        asked_until: until when the other side asked to be left alone (`Retry-After`).
    """

    __tablename__ = "parcel_attempts"

    parcel_id: Mapped[UUID] = ours()
    number: Mapped[int] = ours()
    begun_at: Mapped[Stamp] = ours()
    outcome: Mapped[str] = ours(server_default="sending")
    code: Mapped[str | None] = ours()
    answer: Mapped[str | None] = personal()
    seconds: Mapped[float | None] = ours()
    asked_until: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("parcels", "parcel_id"),
        UniqueConstraint("firm_id", "parcel_id", "number"),
        CheckConstraint(
            "outcome IN ('sending', 'delivered', 'declined', 'unreachable', 'closed', 'lost')", name="outcome"
        ),
    )
