"""Reopened cases stay with their attorney; which of those hold more than they may by now, or take no cases any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from gateway.db.models import Attorney, Case, Staff
from gateway.domain.assignment import attorneys, workload
from gateway.domain.assignment.attorneys import Found
from gateway.domain.assignment.time_off import today_of
from gateway.domain.assignment.workload import Held


class Misplaced(NamedTuple):
    """Reopened cases of one attorney, and in sentences why no case would be given to them now."""

    found: Found
    numbers: Sequence[str]
    why: str


def misplaced(session: Session, case_ids: Collection[UUID]) -> list[Misplaced]:
    """Those of the cases that are where nobody would give them, by attorney; in a session without walls."""
    numbers: defaultdict[UUID, list[str]] = defaultdict(list)
    people: dict[UUID, Found] = {}
    for attorney, staff, number in session.execute(_with_whom(case_ids)):
        people[attorney.id] = Found(attorney, staff)
        numbers[attorney.id].append(number)
    held = workload.held(session, today_of(session), people)
    why = {one: " ".join(attorneys.bars(who, held.get(one, Held()).cases)) for one, who in people.items()}
    return [Misplaced(who, numbers[one], why[one]) for one, who in people.items() if why[one]]


def _with_whom(case_ids: Collection[UUID]) -> Select[Attorney, Staff, str]:
    return (
        select(Attorney, Staff, Case.case_number)
        .join(Case, Case.attorney_id == Attorney.id)
        .join(Staff, Staff.id == Attorney.staff_id)
        .where(Case.id.in_(case_ids), workload.active())
        .order_by(Attorney.id, Case.case_number)
    )
