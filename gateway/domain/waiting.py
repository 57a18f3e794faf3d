"""What of a firm's work waits for a person, counted: people who may not work, cases nobody has, papers, and so on."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select

from gateway import clock
from gateway.db.models import Client, Dispatch, Document, Firm, JobRow, Notice, NoticeAnswer, UnassignedCase
from gateway.domain.eligibility import docket
from gateway.domain.expiry import outlook
from gateway.domain.expiry.heard import LOST
from gateway.office import Acting

FRESH = timedelta(days=14)  # so long a message that did not arrive is asked about

Kind = Literal["people", "cases", "papers", "checks", "messages", "jobs"]


class Heap(NamedTuple):
    """So many of a kind, and since when the oldest of them waits; who may see which is for the caller to know."""

    kind: Kind
    number: int
    since: datetime


def heaps(acting: Acting) -> list[Heap]:
    """What waits for staff of the actor's firm, within their walls; kinds of which nothing waits are left out."""
    found: list[tuple[Kind, int, datetime | None]] = [
        ("people", *_people(acting)),
        ("cases", *_cases(acting)),
        ("papers", *_papers(acting)),
        ("checks", *docket.waiting(acting)),
        ("messages", *_messages(acting)),
        ("jobs", *_jobs(acting)),
    ]
    return [Heap(kind, number, since) for kind, number, since in found if since is not None]


def _people(acting: Acting) -> tuple[int, datetime | None]:
    """People who may not work any more and of whom nobody was told; reminders come only until a month after the end."""
    number, since = outlook.unseen(acting)
    return number, None if since is None else _begins(acting, since)


def _begins(acting: Acting, day: date) -> datetime:
    """When a day of the firm's began."""
    return datetime.combine(day, time(), ZoneInfo(acting.session.scalars(select(Firm.time_zone)).one()))


def _cases(acting: Acting) -> tuple[int, datetime | None]:
    """Cases that wait for an attorney."""
    number, since = acting.session.execute(select(func.count(), func.min(UnassignedCase.since))).one()
    return number, since


def _papers(acting: Acting) -> tuple[int, datetime | None]:
    """Papers that end, of which somebody was asked and nobody has said that it is in hand, at any lead time."""
    answered = exists().where(
        NoticeAnswer.document_id == Notice.document_id,
        NoticeAnswer.expires_on == Notice.expires_on,
        NoticeAnswer.lead == Notice.lead,
        NoticeAnswer.kind == "acknowledge",
        NoticeAnswer.by_kind != "client",
    )
    told = Notice.needs_answer, Notice.state.in_(("told", "withheld"))
    waits = select(Notice.document_id, Notice.client_id, Notice.expires_on, Notice.due_on).where(*told, ~answered)
    # by itself, for these are few; the planner would go through all clients, and look for the notices of each
    open_ = waits.cte("waits").prefix_with("MATERIALIZED")
    asked = (
        select(func.count(open_.c.document_id.distinct()), func.min(open_.c.due_on))
        .join(Document, Document.id == open_.c.document_id)
        .join(Client, Client.id == open_.c.client_id)
        .where(Document.status == "current", Document.expires_on == open_.c.expires_on)
        .where(Client.status == "active", Client.enrollment_status == "active", Client.erased_at.is_(None))
    )
    number, since = acting.session.execute(asked).one()
    return number, _begins(acting, since) if number else None


def _messages(acting: Acting) -> tuple[int, datetime | None]:
    """Messages that did not arrive, or of which nobody knows; those that a person must decide about, however old."""
    recent = Dispatch.settled_at > clock.now() - FRESH
    lost = select(func.count(), func.min(Dispatch.settled_at))
    lost = lost.where(Dispatch.state.in_(LOST), recent | (Dispatch.state == "held"))
    number, since = acting.session.execute(lost).one()
    return number, since


def _jobs(acting: Acting) -> tuple[int, datetime | None]:
    """Jobs of the firm that are not tried again unless somebody says so."""
    dead = select(func.count(), func.min(JobRow.finished_at))
    number, since = acting.session.execute(dead.where(JobRow.state == "dead", JobRow.firm_id == acting.firm_id)).one()
    return number, since
