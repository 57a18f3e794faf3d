"""What staff of one firm were told lately, and what they said to it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import aliased

from gateway import clock
from gateway.db.models import Document, Firm, Notice, NoticeAnswer, Staff
from gateway.domain import audit
from gateway.office import Acting


class Asked(Struct, frozen=True, kw_only=True):
    """A notice to a member of staff, with the answer that counts: an acknowledgement, else the last snooze.

    Attributes:
        step: of the escalation; 0 is the reminder itself.
        to: the recipient's address.
        answer: `acknowledge`, `snooze` or None; anybody's, for the paper at this lead time.
    """

    notice_id: UUID
    document_id: UUID
    client_id: UUID
    doc_type: str
    expires_on: date
    lead: int
    step: int
    role: str
    to: str
    channel: str
    state: str
    due_on: date
    needs_answer: bool
    answer: str | None
    until: datetime | None
    by: str | None
    at: datetime | None


def asked(acting: Acting, days: int, *, everything: bool = False) -> list[Asked]:
    """Of the notices of so many days, those that nobody has acknowledged, or all; the newest first. On record."""
    zone = acting.session.scalars(select(Firm.time_zone)).one()
    since = clock.day_in(zone, clock.now()) - timedelta(days=days)
    found = acting.session.execute(_notices(since, everything=everything)).all()
    shown = [(kind, one) for row in found for kind, one in (("notice", row[0].id), ("client", row[0].client_id))]
    audit.seen(acting, "notice.list", shown)
    return [_asked(*row) for row in found]


def _notices(since: date, *, everything: bool) -> Select[Notice, str, str, NoticeAnswer]:
    any_answer = aliased(NoticeAnswer)
    last = (
        select(any_answer.id)
        .where(*_about(any_answer))
        .order_by(any_answer.kind, any_answer.at.desc(), any_answer.id.desc())
        .limit(1)
        .correlate(Notice)
        .scalar_subquery()
    )
    found = (
        select(Notice, Document.doc_type, Staff.email, NoticeAnswer)
        .join(Document, Document.id == Notice.document_id)
        .join(Staff, Staff.id == Notice.staff_id)
        .outerjoin(NoticeAnswer, NoticeAnswer.id == last)
        .where(Notice.due_on >= since, Notice.state != "cancelled")
        .order_by(Notice.due_on.desc(), Notice.id.desc())
    )
    if everything:
        return found
    still = (Document.status == "current", Document.expires_on == Notice.expires_on)
    ended = exists().where(*_about(any_answer), any_answer.kind == "acknowledge")
    return found.where(*still, ~ended)


def _about(answer: type[NoticeAnswer]) -> tuple[ColumnElement[bool], ...]:
    """To the paper of a notice at its lead time, from somebody of the firm."""
    same = (answer.document_id == Notice.document_id, answer.expires_on == Notice.expires_on)
    return (*same, answer.lead == Notice.lead, answer.by_kind != "client")


def _asked(notice: Notice, doc_type: str, email: str, said: NoticeAnswer | None) -> Asked:
    return Asked(
        notice_id=notice.id,
        document_id=notice.document_id,
        client_id=notice.client_id,
        doc_type=doc_type,
        expires_on=notice.expires_on,
        lead=notice.lead,
        step=notice.step,
        role=notice.role,
        to=email,
        channel=notice.channel,
        state=notice.state,
        due_on=notice.due_on,
        needs_answer=notice.needs_answer,
        answer=said.kind if said else None,
        until=said.until if said else None,
        by=said.by if said else None,
        at=said.at if said else None,
    )
