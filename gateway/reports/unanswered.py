"""What must be acknowledged and was not: each paper and lead time, whom it came to last, and since when it waits."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import ColumnElement, Select, exists, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.selectable import LateralFromClause

from gateway import clock
from gateway.db.models import Client, Document, Firm, Notice, NoticeAnswer, Partner, Staff
from gateway.domain.rules import vocabulary
from gateway.reports.filters import Filters, Person, Word, words_of
from gateway.reports.report import Report, Rows, streamed

_Asked = aliased(Notice, name="asked")


class UnansweredFilters(Filters, frozen=True, kw_only=True):
    """Which papers."""

    doc_type: Annotated[Word, words_of(vocabulary("document_types").words, "Papers of this type only.")] | None = None
    client: Person | None = None


def _rows(session: Session, filters: UnansweredFilters) -> Rows:
    today = clock.day_in(session.scalars(select(Firm.time_zone)).one(), clock.now())
    since, snoozed = _since(), _snoozed()
    found: Select[*tuple[object, ...]] = (
        select(
            Notice.id,
            Partner.slug,
            Client.id,
            Client.employee_id,
            Client.given_name,
            Client.family_name,
            Document.doc_type,
            Notice.expires_on,
            Notice.expires_on - today,
            Notice.lead,
            Notice.step,
            Notice.role,
            Staff.name,
            Notice.channel,
            Notice.state,
            Notice.ended_code,
            since.c.due_on,
            today - since.c.due_on,
            snoozed.c.until,
            snoozed.c.by,
        )
        .join(Client, Client.id == Notice.client_id)
        .join(Partner, Partner.id == Client.partner_id)
        .join(Document, Document.id == Notice.document_id)
        .outerjoin(Staff, Staff.id == Notice.staff_id)
        .outerjoin(since, true())
        .outerjoin(snoozed, true())
        .where(Notice.id.in_(_newest()), Document.status == "current", Document.expires_on == Notice.expires_on)
        .where(Client.status == "active", Client.enrollment_status == "active", Client.erased_at.is_(None))
        .order_by(Notice.expires_on, Notice.document_id, Notice.lead)
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(Document.doc_type == filters.doc_type) if filters.doc_type else found
    found = found.where(Client.id == filters.client) if filters.client else found
    yield from streamed(session, found)


def _newest() -> Select[*tuple[object, ...]]:
    """Of each paper and lead time that nobody acknowledged, the notice of the highest step that was not in vain."""
    about = (_Asked.document_id, _Asked.expires_on, _Asked.lead)
    answered = exists().where(*_of(NoticeAnswer, _Asked), NoticeAnswer.kind == "acknowledge")
    found = select(_Asked.id).where(_Asked.needs_answer, _Asked.state.in_(("told", "withheld")), ~answered)
    return found.ext(distinct_on(*about)).order_by(*about, _Asked.step.desc(), _Asked.due_on.desc(), _Asked.id.desc())


def _since() -> LateralFromClause:
    """When somebody was first asked."""
    of = (*_of(_Asked, Notice), _Asked.needs_answer, _Asked.state.in_(("told", "withheld")))
    return select(func.min(_Asked.due_on).label("due_on")).where(*of).correlate(Notice).lateral("since")


def _snoozed() -> LateralFromClause:
    """The last snooze."""
    found = select(NoticeAnswer.until, NoticeAnswer.by).where(*_of(NoticeAnswer, Notice), NoticeAnswer.kind == "snooze")
    return found.order_by(NoticeAnswer.at.desc(), NoticeAnswer.id.desc()).limit(1).correlate(Notice).lateral("snoozed")


def _of(one: type[Notice | NoticeAnswer], other: type[Notice]) -> tuple[ColumnElement[bool], ...]:
    """Both are about one paper, one last day of it and one lead time."""
    return (
        one.firm_id == other.firm_id,
        one.document_id == other.document_id,
        one.expires_on == other.expires_on,
        one.lead == other.lead,
    )


REPORT = Report(
    title="What must be acknowledged and was not",
    purpose="Reminders that wait for somebody to say that a paper is in hand.",
    columns=tuple(
        "notice partner client employee_id given_name family_name doc_type expires_on days_left lead step role"
        " recipient channel state reason asked_on days_waiting snoozed_until snoozed_by".split()
    ),
    filters=UnansweredFilters,
    query=_rows,
    permission="documents.read",
)
