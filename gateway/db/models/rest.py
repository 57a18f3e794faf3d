"""HRIS APIs that are pulled: how far each is read, what it was asked, and about whom it is to be asked."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, Stamp, points_at

_WHEN = DateTime(timezone=True)


class RestSource(Base):
    """How far the HRIS of a feed is read.

    Attributes:
        connected_at: when it was first seen; what changed before is history.
        disconnected_at: since when nobody asks it, because a person said so.
        changed_until: the latest change that was seen; the next poll asks for what came since.
        polled_at: when the last poll began that came to its end.
        poll_began_at, poll_page, poll_newest: the poll that is going on, its next page, the latest change so far.
        history_until: the past is read from here on; history_page: the next page of the window before; history_done_at.
        paused_until: the HRIS asked not to be asked before.
        failures: calls that failed in a row; opened_at: since when, or since which trial, it is left alone for them.
        last_problem: why the last call failed, in a sentence of ours.
        token: an access token, encrypted; good until token_until.
    """

    __tablename__ = "rest_sources"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    feed_id: Mapped[UUID] = mapped_column(primary_key=True)
    connected_at: Mapped[Stamp]
    disconnected_at: Mapped[datetime | None] = mapped_column(_WHEN)
    changed_until: Mapped[datetime | None] = mapped_column(_WHEN)
    polled_at: Mapped[datetime | None] = mapped_column(_WHEN)
    poll_began_at: Mapped[datetime | None] = mapped_column(_WHEN)
    poll_page: Mapped[str | None]
    poll_newest: Mapped[datetime | None] = mapped_column(_WHEN)
    history_until: Mapped[datetime | None] = mapped_column(_WHEN)
    history_page: Mapped[str | None]
    history_done_at: Mapped[datetime | None] = mapped_column(_WHEN)
    paused_until: Mapped[datetime | None] = mapped_column(_WHEN)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    opened_at: Mapped[datetime | None] = mapped_column(_WHEN)
    last_problem: Mapped[str | None]
    token: Mapped[bytes | None]
    token_until: Mapped[datetime | None] = mapped_column(_WHEN)

    __table_args__ = (points_at("feeds", "feed_id"),)


class RestSpent(Base):
    """What an HRIS was asked within one minute, for budgets and the breaker."""

    __tablename__ = "rest_spent"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    feed_id: Mapped[UUID] = mapped_column(primary_key=True)
    minute: Mapped[datetime] = mapped_column(_WHEN, primary_key=True)
    calls: Mapped[int] = mapped_column(server_default=text("0"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (points_at("feeds", "feed_id"),)


class RestPerson(Base):
    """Somebody of whom a notice said that something changed.

    Attributes:
        digest: of the person's id, keyed by the firm's data key.
        person: the id, encrypted; gone once the HRIS was asked about the person.
        noticed_at: when the latest notice came that nobody has asked about yet.
        day, asked: how often the HRIS was asked about the person on this day in UTC.
    """

    __tablename__ = "rest_persons"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    feed_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    person: Mapped[bytes | None]
    noticed_at: Mapped[datetime | None] = mapped_column(_WHEN)
    day: Mapped[date | None]
    asked: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (points_at("feeds", "feed_id"),)
