"""Who has been told that papers end, who is to be, and what the firm's people said to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from gateway.db.ids import among
from gateway.db.models import Dispatch, Document, Notice, NoticeAnswer, Staff

LOST = ("failed", "dead", "held", "unknown")  # a message that did not arrive, or of which nobody knows


class PaperNotice(Struct, frozen=True, kw_only=True):
    """A notice to one recipient by one channel.

    Attributes:
        step: of the escalation; 0 is the reminder itself.
        to: the name of the member of staff; None where it is the person.
        state: `waiting`, `told` or `withheld`.
        due_on: the day on which it was due, at the firm.
        told_at: when it left; None where it has not.
        dispatch_id: with which it leaves, or left.
        dispatch_state: what became of that.
    """

    notice_id: UUID
    lead: int
    step: int
    role: str
    staff_id: UUID | None
    to: str | None
    channel: str
    state: str
    due_on: date
    told_at: datetime | None
    dispatch_id: UUID | None
    dispatch_state: str | None
    needs_answer: bool

    @property
    def outcome(self) -> str:
        """Its state; or `lost`, for whoever a message did not reach was not told."""
        return "lost" if self.dispatch_state in LOST else self.state


class PaperAnswer(Struct, frozen=True, kw_only=True):
    """The answer that counts for a paper at its newest lead time: an acknowledgement, else the last snooze."""

    kind: str
    by: str
    at: datetime
    until: datetime | None


class Heard(Struct, frozen=True, kw_only=True):
    """What became of one paper: the newest notices first."""

    told: Sequence[PaperNotice] = ()
    answer: PaperAnswer | None = None


def of_papers(session: Session, document_ids: Collection[UUID]) -> Mapping[UUID, Heard]:
    """Of papers, as they end now, who was told, within the session's walls; those without a notice are left out."""
    told: dict[UUID, list[PaperNotice]] = defaultdict(list)
    for document_id, one in _notices(session, document_ids):
        told[document_id].append(one)
    answers = _answers(session, told)
    return {
        key: Heard(told=found, answer=answers.get((key, min(one.lead for one in found)))) for key, found in told.items()
    }


def _notices(session: Session, document_ids: Collection[UUID]) -> Sequence[tuple[UUID, PaperNotice]]:
    same = and_(Document.id == Notice.document_id, Document.expires_on == Notice.expires_on)
    found = (
        select(Notice, Staff.name, Dispatch.state)
        .join(Document, same)
        .outerjoin(Staff, Staff.id == Notice.staff_id)
        .outerjoin(Dispatch, Dispatch.id == Notice.dispatch_id)
        .where(Notice.document_id == among(document_ids), Notice.state != "cancelled")
        .order_by(Notice.due_on.desc(), Notice.lead, Notice.step.desc(), Notice.id)
    )
    return [(notice.document_id, _told(notice, *rest)) for notice, *rest in session.execute(found)]


def _told(notice: Notice, name: str | None, dispatch_state: str | None) -> PaperNotice:
    return PaperNotice(
        notice_id=notice.id,
        lead=notice.lead,
        step=notice.step,
        role=notice.role,
        staff_id=notice.staff_id,
        to=name,
        channel=notice.channel,
        state=notice.state,
        due_on=notice.due_on,
        told_at=notice.ended_at if notice.state == "told" else None,
        dispatch_id=notice.dispatch_id,
        dispatch_state=dispatch_state,
        needs_answer=notice.needs_answer,
    )


def _answers(session: Session, document_ids: Collection[UUID]) -> Mapping[tuple[UUID, int], PaperAnswer]:
    """By paper and lead time; what people said of their own papers does not count."""
    same = and_(Document.id == NoticeAnswer.document_id, Document.expires_on == NoticeAnswer.expires_on)
    found = (
        select(NoticeAnswer)
        .join(Document, same)
        .where(NoticeAnswer.document_id == among(document_ids), NoticeAnswer.by_kind != "client")
        .order_by(NoticeAnswer.kind.desc(), NoticeAnswer.at, NoticeAnswer.id)  # what counts comes last
    )
    return {
        (one.document_id, one.lead): PaperAnswer(kind=one.kind, by=one.by, at=one.at, until=one.until)
        for one in session.scalars(found)
    }
