"""Places that we look at for files ourselves, what we remember of the files there, and feeds that kept silent."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Json, Stamp, ours, points_at


class Place(FirmScoped, Base):
    """A place named in a partner's settings, and how looking there goes; it stays when the settings lose it.

    Attributes:
        place: what it is, in words that tell it from the partner's others: `sftp://user@host:22/out`.
        in_force: the settings name it.
        due_at: when it is to be looked at again; None where nothing but a person or an event asks.
        looked_at: when the last look came through; `listed` files were there.
        seconds: that the last look took, whatever came of it; None before the first.
        failures: looks in a row that did not; `code` and `error` say why the last one did not.
        failing_since: of the first of them.
    """

    __tablename__ = "places"

    partner_id: Mapped[UUID] = ours()
    place: Mapped[str] = ours()
    via: Mapped[str] = ours()
    in_force: Mapped[bool] = ours(server_default=text("true"))
    due_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    looked_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    listed: Mapped[int] = ours(server_default=text("0"))
    seconds: Mapped[float | None] = ours()
    failures: Mapped[int] = ours(server_default=text("0"))
    failing_since: Mapped[datetime | None] = ours(DateTime(timezone=True))
    code: Mapped[str | None] = ours()
    error: Mapped[str | None] = ours()
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (
        points_at("partners", "partner_id"),
        UniqueConstraint("firm_id", "partner_id", "place"),
        Index("places_due", "due_at", postgresql_where=text("in_force")),
    )


class PlaceFile(FirmScoped, Base):
    """What is remembered of one path at a place: as it was seen last, and as it was taken last.

    Attributes:
        key: digest of the path, whatever its bytes are; `name` is for people.
        mark: what tells cheaply that a file was changed: its mtime, inode or etag.
        steady_since: since when we see this size and mark; `looks` that saw them.
        turn: how often it was taken, by which two who take it at once see each other.
        taken_mark: of the version that was taken last, as `import_id`; `done_mark` of the done-file that released it.
        settled_at: when what was taken was moved or deleted, or was to be left where it is.
        waits: why it was not taken when it was seen last.
    """

    __tablename__ = "place_files"

    place_id: Mapped[UUID] = ours()
    key: Mapped[str] = ours()
    name: Mapped[str] = ours()
    size: Mapped[int] = ours(BigInteger)
    mark: Mapped[str] = ours()
    looks: Mapped[int] = ours(server_default=text("1"))
    first_seen_at: Mapped[Stamp] = ours()
    steady_since: Mapped[Stamp] = ours()
    seen_at: Mapped[Stamp] = ours()
    turn: Mapped[int] = ours(server_default=text("0"))
    sha256: Mapped[str | None] = ours()
    taken_mark: Mapped[str | None] = ours()
    done_mark: Mapped[str | None] = ours()
    import_id: Mapped[UUID | None] = ours()
    taken_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    waits: Mapped[str | None] = ours()

    __table_args__ = (
        points_at("places", "place_id"),
        points_at("imports", "import_id"),
        UniqueConstraint("firm_id", "place_id", "key"),
        Index("place_files_waiting", "firm_id", "place_id", postgresql_where=text("waits IS NOT NULL")),
    )


class FeedAlarm(FirmScoped, Base):
    """Something that a partner's files, or the place where they should lie, owe us: told once, until it clears itself.

    Attributes:
        kind: `late`, `missing`, `empty` or `short` for a feed on a day; `unreachable` for a place.
        due_on: the day for which the file was due, in the partner's zone.
        said: what the sentence of a notice needs: times, counts.
        told_at: when a notice was made of it.
    """

    __tablename__ = "feed_alarms"

    partner_id: Mapped[UUID] = ours()
    feed_id: Mapped[UUID | None] = ours()
    place_id: Mapped[UUID | None] = ours()
    kind: Mapped[str] = ours()
    due_on: Mapped[date | None] = ours()
    said: Mapped[Json] = ours()
    raised_at: Mapped[Stamp] = ours()
    cleared_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    told_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("partners", "partner_id"),
        points_at("feeds", "feed_id"),
        points_at("places", "place_id"),
        UniqueConstraint("firm_id", "feed_id", "kind", "due_on"),
        Index(
            "feed_alarms_one_of_a_place",
            "firm_id",
            "place_id",
            unique=True,
            postgresql_where=text("place_id IS NOT NULL AND cleared_at IS NULL"),
        ),
    )
