"""HRIS APIs that are pulled: how far each is read, what it was asked, and about whom it is to be asked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, Instant, Stamp, points_at

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
        poll_trail, history_trail: what the pages so far were like, by which a list that never ends is known.
        account: at the provider, whose budget its calls spend; see RestAccount.
        failures: answers in a row that were not as agreed; opened_at: since when, or since which trial, the feed
            is left alone for them.
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
    poll_trail: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    history_trail: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    account: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    opened_at: Mapped[datetime | None] = mapped_column(_WHEN)
    last_problem: Mapped[str | None]
    token: Mapped[bytes | None]
    token_until: Mapped[datetime | None] = mapped_column(_WHEN)

    __table_args__ = (points_at("feeds", "feed_id"),)


class RestAccount(Base):
    """A partner's account at the provider of an HRIS, which feeds may share.

    Attributes:
        account: its name in partner.yaml, or the host that is asked.
        hourly, daily: calls that it allows, as settings say; for figures.
        paused_until: the HRIS asked not to be asked before.
        failures: calls that failed in a row; opened_at: since when, or since which trial, it is left alone for them.
    """

    __tablename__ = "rest_accounts"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    hourly: Mapped[int | None]
    daily: Mapped[int | None]
    paused_until: Mapped[datetime | None] = mapped_column(_WHEN)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    opened_at: Mapped[datetime | None] = mapped_column(_WHEN)

    __table_args__ = (points_at("partners", "partner_id"),)


class RestSpent(Base):
    """What an HRIS was asked for a feed within one minute; an account's budget counts all feeds that share it."""

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


class RestVersion(Base):
    """The newest version of a record that an HRIS has told of; an older one that comes later is not taken.

    Attributes:
        digest: of what the HRIS calls the record, keyed by the firm's data key.
        changed_at: when that version came to be, as the HRIS says.
    """

    __tablename__ = "rest_versions"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    feed_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    changed_at: Mapped[Instant]

    __table_args__ = (points_at("feeds", "feed_id"),)
