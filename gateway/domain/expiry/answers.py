"""What people say to a notice: somebody has it in hand, or wants to be told again later.

An acknowledgement ends the escalation of its paper at its lead time, for all who are told of it; a paper that is still
there at the next lead time is told of again. A snooze is one recipient's: it ends by the next lead time at the latest,
the last day included, and later ones are cut to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import ColumnElement, Exists, Select, and_, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from gateway import clock
from gateway.db.models import Dispatch, Document, Firm, Notice, NoticeAnswer, Staff
from gateway.domain import audit
from gateway.domain.access.permissions import holds
from gateway.domain.audit import Action, Change
from gateway.domain.expiry import leads
from gateway.domain.expiry.standing import TOLD_AFTER
from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.office import Acting

Via = Literal["api", "cli", "link"]
Kind = Literal["acknowledge", "snooze"]


class Answered(Struct, frozen=True, kw_only=True):
    """What became of an answer to one notice.

    Attributes:
        until: of a snooze, as it was granted.
        by, at: who said it, and when: somebody before, where it had been acknowledged.
        is_new: nobody had said it before.
        is_cut: it ends earlier than was asked for, for then comes the next lead time.
    """

    notice_id: UUID
    kind: Kind
    until: datetime | None
    by: str
    at: datetime
    is_new: bool
    is_cut: bool = False


def acknowledge(acting: Acting, notice_ids: Sequence[UUID], via: Via) -> list[Answered]:
    """Say that somebody has it in hand; again says who said so first.

    What a person says of their own paper is kept, and ends nobody's escalation.

    Raises:
        NotFound: a notice is not there for whoever acts.
        Forbidden: `not_yours`.
        Conflict: `notice_over`, there is nothing left to answer.
    """
    return [_acknowledged(acting, one, via) for one in _open(acting, notice_ids)]


def snooze(acting: Acting, notice_ids: Sequence[UUID], until: datetime, via: Via) -> list[Answered]:
    """Tell the recipients again, or not before, at an instant; where that is later than may be, when that is reached.

    Raises:
        NotFound: a notice is not there for whoever acts.
        Forbidden: `not_yours`.
        Invalid: `snooze_past`.
        Conflict: `notice_over`; `snooze_late`, the last day has come, or there was a newer reminder.
    """
    if until <= clock.now():
        raise Invalid("snooze_past", f"{until:%Y-%m-%d %H:%M} UTC has passed; say when to be told again.")
    found = [(one, _last_moment(acting, one)) for one in _open(acting, notice_ids)]
    able = [(one, last) for one, last in found if last]
    if not able:
        sentence = "It cannot wait: its last day has come, or a newer reminder has been given; answer that one."
        raise Conflict("snooze_late", sentence)
    return [_snoozed(acting, one, until, last, via) for one, last in able]


def latest(acting: Acting, notice_ids: Sequence[UUID]) -> datetime | None:
    """Until when these can be snoozed, all of them; None where one of them cannot, or is not there any more.

    This is for looking: it locks nothing, and waits for nobody.
    """
    found = acting.session.scalars(_those(notice_ids)).all()
    known = [last for one in found if (last := _last_moment(acting, one))]
    return min(known) if known and len(known) == len(set(notice_ids)) else None


def check_paper(acting: Acting, notice_id: UUID, document_id: UUID) -> None:
    """See to it that a notice is of this paper, where somebody answers it by both.

    Raises:
        NotFound: it is of another, or not there for whoever acts.
    """
    if acting.session.scalar(select(Notice.document_id).where(Notice.id == notice_id)) != document_id:
        raise NotFound("notice", str(notice_id))


def is_last(lead: int, expires_on: date | None, today: date) -> bool:
    """Whether no reminder comes after that of this lead time: it was for the last day, or that is long over."""
    return lead == 0 or (expires_on is not None and (today - expires_on).days > TOLD_AFTER)


def last_of(acting: Acting, notice_ids: Sequence[UUID]) -> int:
    """After how many of these notices no reminder comes."""
    today = clock.day_in(acting.session.scalars(select(Firm.time_zone)).one(), clock.now())
    return sum(is_last(one.lead, one.expires_on, today) for one in acting.session.scalars(_those(notice_ids)))


# ------------------------------------------------------------------------------------------------ which


def _open(acting: Acting, notice_ids: Sequence[UUID]) -> list[Notice]:
    """Of these notices, which may still be answered, by whoever acts."""
    found = _find(acting, notice_ids)
    _check(acting, found)
    kept = [one for one in found if one.state != "cancelled"]
    if not kept:
        raise Conflict("notice_over", "There is nothing to answer any more: the paper was renewed, or its person left.")
    return kept


def _find(acting: Acting, notice_ids: Sequence[UUID]) -> Sequence[Notice]:
    """In the order of their ids, in which all writers lock."""
    found = acting.session.scalars(_those(notice_ids).with_for_update()).all()
    missing = next(iter(set(notice_ids) - {one.id for one in found}), None)
    if missing or not found:
        raise NotFound("notice", str(missing))
    return found


def _those(notice_ids: Sequence[UUID]) -> Select[Notice]:
    return select(Notice).where(Notice.id.in_(notice_ids)).order_by(Notice.id)


def _check(acting: Acting, notices: Sequence[Notice]) -> None:
    """The recipient may, and whoever may change cases; others are told whose turn it is."""
    if acting.actor.kind == "system":
        return
    role = None
    if acting.actor.kind == "staff":
        role = acting.session.scalar(select(Staff.role).where(Staff.id == acting.actor.id, Staff.active))
    if role and holds("cases.write", role=role, scopes=frozenset()):
        return
    if role is None or any(one.staff_id != acting.actor.id for one in notices):
        raise Forbidden("not_yours", "This is for its recipient to answer, or for somebody who may change cases.")


# ------------------------------------------------------------------------------------------------ acknowledged


def _acknowledged(acting: Acting, notice: Notice, via: Via) -> Answered:
    row = _row(acting, notice, "acknowledge", via)
    row["by_kind"] = _by_kind(acting, notice, via)
    said = insert(NoticeAnswer).values(row).on_conflict_do_nothing().returning(NoticeAnswer)
    new = acting.session.scalar(said)
    if new:
        _record(acting, "notice.acknowledge", notice, {})
    if row["by_kind"] != "client":
        _let_go(acting, notice)  # again as well: somebody may have snoozed it since
    first = new or acting.session.scalars(select(NoticeAnswer).where(*_same_lead(notice), _counts())).one()
    return _answered(notice, first, is_new=new is not None)


def _by_kind(acting: Acting, notice: Notice, via: Via) -> str:
    return "client" if via == "link" and notice.staff_id is None else acting.actor.kind


def _counts() -> ColumnElement[bool]:
    return and_(NoticeAnswer.kind == "acknowledge", NoticeAnswer.by_kind != "client")


def _let_go(acting: Acting, notice: Notice) -> None:
    """Nobody need be told next, or again, of what somebody has in hand."""
    more = or_(Notice.step > 0, Notice.again > 0)
    mine = and_(
        Notice.document_id == notice.document_id, Notice.expires_on == notice.expires_on, Notice.lead == notice.lead
    )
    ended = {"state": "cancelled", "ended_at": clock.now(), "ended_code": "acknowledged"}
    acting.session.execute(update(Notice).where(mine, more, Notice.state == "waiting").values(ended))


# ------------------------------------------------------------------------------------------------ snoozed


def _last_moment(acting: Acting, notice: Notice) -> datetime | None:
    """When the next lead time begins at the firm; None where there is none, or the notice is no longer the newest.

    There is none after that of the last day, which a sweep as if it were later tells of ahead.
    """
    current = (Document.status == "current", Document.expires_on == notice.expires_on)
    doc_type = acting.session.scalar(select(Document.doc_type).where(Document.id == notice.document_id, *current))
    zone = acting.session.scalars(select(Firm.time_zone)).one()
    left = (notice.expires_on - clock.day_in(zone, clock.now())).days
    if doc_type is None or left <= 0 or acting.session.scalar(select(_newer(notice))):
        return None
    days = [one for one in (*leads.of_firm(acting)[doc_type][0], 0) if one < min(left, notice.lead)]
    return _midnight(clock.days_later(notice.expires_on, -max(days)), zone) if days else None


def _newer(notice: Notice) -> Exists:
    other = aliased(Notice)
    same = (other.document_id == notice.document_id, other.expires_on == notice.expires_on)
    return exists().where(*same, other.lead < notice.lead, other.state != "cancelled")


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _snoozed(acting: Acting, notice: Notice, until: datetime, last: datetime, via: Via) -> Answered:
    granted = min(until, last)
    row = _row(acting, notice, "snooze", via) | {"until": granted}
    said = acting.session.scalars(insert(NoticeAnswer).values(row).returning(NoticeAnswer)).one()
    _record(acting, "notice.snooze", notice, {"until": granted.isoformat()})
    if not _hold_back(acting, notice, granted) and granted < last and notice.state == "told":
        acting.session.add(_repeat(acting, notice, granted))
    acting.session.flush()
    return _answered(notice, said, is_new=True, is_cut=granted < until)


def _hold_back(acting: Acting, notice: Notice, until: datetime) -> bool:
    """Have what has not left wait, by whichever channel its recipient is told; whether the notice's own is among it."""
    waiting = acting.session.scalars(
        select(Notice).where(*_same_recipient(notice), Notice.state == "waiting").order_by(Notice.id).with_for_update()
    ).all()
    gone = {one.dispatch_id for one in waiting if one.dispatch_id} - _still_here(acting, waiting)
    held = [one for one in waiting if one.dispatch_id not in gone]
    for one in held:
        one.snoozed_until, one.dispatch_id = until, None
    return any(one.channel == notice.channel for one in held)


def _still_here(acting: Acting, notices: Sequence[Notice]) -> set[UUID]:
    """The dispatches of these that have not been given to their channel, and will not be before we are done.

    Whoever sends holds a dispatch and then its notices, we the other way round: so nobody is waited for.
    """
    ids = {one.dispatch_id for one in notices if one.dispatch_id}
    kept = select(Dispatch.id).where(Dispatch.id.in_(ids), Dispatch.state == "waiting")
    return set(acting.session.scalars(kept.with_for_update(skip_locked=True)))


def _repeat(acting: Acting, notice: Notice, until: datetime) -> Notice:
    own = (*_same_recipient(notice), Notice.channel == notice.channel)
    last = acting.session.scalars(select(func.max(Notice.again)).where(*own)).one()
    kept = ("firm_id", "client_id", "document_id", "expires_on", "lead", "step", "role", "staff_id", "channel")
    return Notice(
        **{name: getattr(notice, name) for name in (*kept, "days_left", "due_on", "needs_answer")},
        again=last + 1,
        snoozed_until=until,
    )


def _same_recipient(notice: Notice) -> tuple[ColumnElement[bool], ...]:
    staff = Notice.staff_id.is_not_distinct_from(notice.staff_id)
    same = (Notice.document_id == notice.document_id, Notice.expires_on == notice.expires_on)
    return (*same, Notice.lead == notice.lead, Notice.step == notice.step, staff)


# ------------------------------------------------------------------------------------------------ on record


def _row(acting: Acting, notice: Notice, kind: Kind, via: Via) -> dict[str, object]:
    kept = ("firm_id", "client_id", "document_id", "expires_on", "lead")
    about = {name: getattr(notice, name) for name in kept}
    return about | {
        "notice_id": notice.id,
        "kind": kind,
        "by_kind": acting.actor.kind,
        "by": acting.actor.name,
        "via": via,
    }


def _same_lead(notice: Notice) -> tuple[ColumnElement[bool], ...]:
    same = (NoticeAnswer.document_id == notice.document_id, NoticeAnswer.expires_on == notice.expires_on)
    return (*same, NoticeAnswer.lead == notice.lead)


def _record(acting: Acting, action: Action, notice: Notice, new: dict[str, object]) -> None:
    told = Change("notice", notice.id, f"{action.partition('.')[2]}d", new=new or None)
    audit.record(acting, action, client_id=notice.client_id, changes=[told])


def _answered(notice: Notice, said: NoticeAnswer, *, is_new: bool, is_cut: bool = False) -> Answered:
    kind: Kind = "snooze" if said.kind == "snooze" else "acknowledge"
    return Answered(
        notice_id=notice.id, kind=kind, until=said.until, by=said.by, at=said.at, is_new=is_new, is_cut=is_cut
    )
