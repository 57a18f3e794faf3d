"""Has attorneys told of cases that they got or are to get, and admins of those that they have to look after."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from gateway.db.models import Assignment, Attorney, Case, Firm, Handover, Partner, Staff, UnassignedCase
from gateway.domain.access.permissions import ADMIN
from gateway.domain.assignment.resuming import misplaced
from gateway.events import CaseAssigned, CaseChanged, CaseWaiting, Event, HandoverProposed
from gateway.jobs.subscriptions import Subscription
from gateway.office import Office
from outbound.notify.channels.base import Recipient
from outbound.notify.posting import New, To, post
from outbound.notify.templates.shapes import OfHandovers, OfNewCases, OfResumedCases, OfWaitingCases, Shape

_BY = ("email", "in_app")
_NAMED = 20  # numbers of cases that stand in one message


def act(office: Office, session: Session, event: Event) -> None:
    """Have a fact about cases told, once: its number is in the notification's key."""
    [firm_id] = session.scalars(select(Firm.id))
    partner = session.scalars(select(Partner.name).where(Partner.id == event.partner_id)).one()
    if isinstance(event, CaseAssigned):
        _tell_attorneys(office, session, firm_id, event, partner)
    if isinstance(event, CaseWaiting):
        _tell_admins(office, session, firm_id, event, partner)
    is_back = isinstance(event, CaseChanged) and event.change == "reopened"
    for new in _resumed(session, event, partner) if is_back else ():
        post(office, session, firm_id, new)
    for new in _handed_over(session, event, partner) if isinstance(event, HandoverProposed) else ():
        post(office, session, firm_id, new)


class _Got(NamedTuple):
    """A case, and the member of staff who has it."""

    staff_id: UUID
    number: str


def _tell_attorneys(office: Office, session: Session, firm_id: UUID, event: Event, partner: str) -> None:
    by_staff: defaultdict[UUID, list[str]] = defaultdict(list)
    for one in _got(session, event.records):
        by_staff[one.staff_id].append(one.number)
    for staff_id, numbers in sorted(by_staff.items()):
        data = OfNewCases(partner=partner, count=len(numbers), cases=numbers[:_NAMED], more=len(numbers[_NAMED:]))
        new = New(
            kind="watch",
            template="cases_assigned",
            data=data,
            to=_to([staff_id]),
            key=f"assigned/{event.seq}/{staff_id}",
            partner_id=event.partner_id,
        )
        post(office, session, firm_id, new)


def _got(session: Session, case_ids: Sequence[UUID]) -> list[_Got]:
    """Those that their attorneys still have; whoever took a case for themselves knows of it."""
    found = (
        select(Attorney.staff_id, Case.case_number)
        .join(Case, Case.attorney_id == Attorney.id)
        .join(Staff, Staff.id == Attorney.staff_id)
        .join(Assignment, (Assignment.case_id == Case.id) & Assignment.until.is_(None))
        .where(Case.id.in_(case_ids), Staff.active, Assignment.by != Staff.email)
        .order_by(Case.case_number)
    )
    return [_Got(*row) for row in session.execute(found)]


def _tell_admins(office: Office, session: Session, firm_id: UUID, event: Event, partner: str) -> None:
    """What waits still; why, as it is with most of them."""
    waiting = session.scalars(select(UnassignedCase).where(UnassignedCase.case_id.in_(event.records))).all()
    admins = _admins(session)
    if not waiting or not admins:
        return
    [(why, _)] = Counter(one.reason or "" for one in waiting).most_common(1)
    dates = [one.forecast_on for one in waiting if one.forecast_on]
    data = OfWaitingCases(partner=partner, count=len(waiting), why=why, forecast_on=min(dates, default=None))
    new = New(
        kind="watch",
        template="cases_waiting",
        data=data,
        to=_to(admins),
        key=f"waiting/{event.seq}",
        partner_id=event.partner_id,
    )
    post(office, session, firm_id, new)


# ------------------------------------------------------------------------------------------------ reopened


def _resumed(session: Session, event: Event, partner: str) -> Iterator[New]:
    """To the attorney who is over their capacity by now, and to the admins; what is over already is told to nobody."""
    for one in misplaced(session, event.records):
        staff, numbers = one.found.staff, one.numbers
        first, more = numbers[:_NAMED], len(numbers[_NAMED:])
        mine = OfResumedCases(partner=partner, count=len(numbers), cases=first, more=more, why=one.why)
        admins = [each for each in _admins(session) if each != staff.id]
        for to, data in (([staff.id] if staff.active else [], mine), (admins, replace(mine, whose=staff.name))):
            if to:
                key = f"resumed/{event.seq}/{staff.id}/{'admins' if data.whose else 'attorney'}"
                yield _new("cases_resumed", data, to, key, event)


# ------------------------------------------------------------------------------------------------ to pass on


class _Handed(NamedTuple):
    """A case that is to pass on."""

    to: Staff
    whose: str
    number: str
    deadline_on: date | None
    planned: bool
    by: str


def _handed_over(session: Session, event: Event, partner: str) -> Iterator[New]:
    """To each receiver what they are to get, and to the admins all of it; whoever proposed it knows."""
    rows, told = _proposed(session, event.records), set()
    by_staff: defaultdict[UUID, list[_Handed]] = defaultdict(list)
    for one in rows:
        if one.to.active and one.to.email != one.by:
            by_staff[one.to.id].append(one)
    for staff_id, mine in sorted(by_staff.items()):
        told.add(staff_id)
        yield _new("handover_proposed", _of(mine, partner), [staff_id], f"handover/{event.seq}/{staff_id}", event)
    others = [one for one in _admins(session, but={one.by for one in rows}) if one not in told]
    if rows and others:
        names = sorted({one.to.name for one in rows})
        data = replace(_of(rows, partner), to=names)
        yield _new("handover_proposed", data, others, f"handover/{event.seq}/admins", event)


def _of(rows: Sequence[_Handed], partner: str) -> OfHandovers:
    numbers = [one.number for one in rows]
    return OfHandovers(
        partner=partner,
        count=len(rows),
        cases=numbers[:_NAMED],
        more=len(numbers[_NAMED:]),
        whose=rows[0].whose,
        planned=rows[0].planned,
        deadline_on=min((one.deadline_on for one in rows if one.deadline_on), default=None),
    )


def _proposed(session: Session, handover_ids: Sequence[UUID]) -> list[_Handed]:
    """Those that nobody has answered since."""
    receiver, leaver, theirs = aliased(Attorney), aliased(Attorney), aliased(Staff)
    found = (
        select(Staff, theirs.name, Case.case_number, Case.deadline_on, Handover.plan_id.is_not(None), Handover.by)
        .select_from(Handover)
        .join(Case, Case.id == Handover.case_id)
        .join(receiver, receiver.id == Handover.to_id)
        .join(Staff, Staff.id == receiver.staff_id)
        .join(leaver, leaver.id == Handover.from_id)
        .join(theirs, theirs.id == leaver.staff_id)
        .where(Handover.id.in_(handover_ids), Handover.state == "proposed")
        .order_by(Case.case_number)
    )
    return [_Handed(*row) for row in session.execute(found)]


# ------------------------------------------------------------------------------------------------ whom


def _admins(session: Session, but: Collection[str] = ()) -> Sequence[UUID]:
    found = select(Staff.id).where(Staff.role == ADMIN, Staff.active, Staff.email.not_in(but))
    return session.scalars(found.order_by(Staff.id)).all()


def _to(staff_ids: Sequence[UUID]) -> list[To]:
    return [To(Recipient(staff_id=one), channel) for one in staff_ids for channel in _BY]


def _new(template: str, data: Shape, to: Sequence[UUID], key: str, event: Event) -> New:
    return New(kind="watch", template=template, data=data, to=_to(to), key=key, partner_id=event.partner_id)


SUBSCRIPTIONS = (Subscription("cases", "normal", (CaseAssigned, CaseWaiting, CaseChanged, HandoverProposed), act),)
