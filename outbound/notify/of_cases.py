"""Has attorneys told of the cases that they got, and the firm's admins of those that wait too long for one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import Assignment, Attorney, Case, Firm, Partner, Staff, UnassignedCase
from gateway.domain.access.permissions import ADMIN
from gateway.events import CaseAssigned, CaseWaiting, Event
from gateway.jobs.subscriptions import Subscription
from gateway.office import Office
from outbound.notify.channels.base import Recipient
from outbound.notify.posting import New, To, post
from outbound.notify.templates.shapes import OfNewCases, OfWaitingCases

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
            to=[To(Recipient(staff_id=staff_id), channel) for channel in _BY],
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
    admins = session.scalars(select(Staff.id).where(Staff.role == ADMIN, Staff.active).order_by(Staff.id)).all()
    if not waiting or not admins:
        return
    [(why, _)] = Counter(one.reason or "" for one in waiting).most_common(1)
    dates = [one.forecast_on for one in waiting if one.forecast_on]
    data = OfWaitingCases(partner=partner, count=len(waiting), why=why, forecast_on=min(dates, default=None))
    new = New(
        kind="watch",
        template="cases_waiting",
        data=data,
        to=[To(Recipient(staff_id=one), channel) for one in admins for channel in _BY],
        key=f"waiting/{event.seq}",
        partner_id=event.partner_id,
    )
    post(office, session, firm_id, new)


SUBSCRIPTIONS = (Subscription("cases", "normal", (CaseAssigned, CaseWaiting), act),)
