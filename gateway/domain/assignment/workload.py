"""What attorneys hold: active cases counted, weighted by complexity, those that are urgent; read for all at once."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.asking import Question
from gateway.db.models import Assignment, Case
from gateway.domain.assignment.complexity import base
from gateway.domain.rules import vocabulary

URGENT = 30  # days to the deadline, and what is past


class Held(NamedTuple):
    """What an attorney holds.

    Attributes:
        cases: active ones.
        weighted: their complexity, added up.
        urgent: those with a deadline within 30 days, or past it.
    """

    cases: int = 0
    weighted: int = 0
    urgent: int = 0


def held(session: Session, today: date, attorney_ids: Collection[UUID] | None = None) -> Mapping[UUID, Held]:
    """What these attorneys hold, or all; whoever holds nothing is left out.

    Of a session with ethical walls: what may be seen in it.
    """
    wanted = by_attorney(today) if attorney_ids is None else _of(today, attorney_ids)
    return {one: Held(*counted) for one, *counted in session.execute(wanted) if one is not None}


class Load(NamedTuple):
    """What an attorney holds of a partner that was asked about, or of all others together (None)."""

    attorney_id: UUID
    partner_id: UUID | None
    cases: int
    weighted: int


def asked(today: date, partner_ids: Collection[UUID]) -> Question:
    """What all attorneys of the firm hold, with what of it is of these partners; `loads` takes the answer."""
    return Question(_loads(today), {"partners": list(partner_ids)})


def loads(found: Iterable[Any]) -> list[Load]:
    """What was answered."""
    return [Load(who, partner, count, points) for who, partner, count, points in found if who is not None]


@functools.lru_cache(maxsize=4)
def _loads(today: date) -> Select[UUID | None, UUID | None, int, int]:
    """Complexities are looked up case by case: a join would be planned by how many there were when few had anybody."""
    given = select(Assignment.complexity).where(
        Assignment.firm_id == Case.firm_id, Assignment.case_id == Case.id, Assignment.until.is_(None)
    )
    points = _weight(today, given.correlate(Case).scalar_subquery())
    asked = Case.partner_id == any_(bindparam("partners", type_=ARRAY(Uuid)))
    partner = case((asked, Case.partner_id)).label("partner_id")
    found = select(Case.attorney_id, partner, func.count(), func.sum(points)).where(active())
    return found.group_by(Case.attorney_id, literal_column("2"))


@functools.lru_cache(maxsize=4)
def by_attorney(today: date) -> Select[UUID | None, int, int, int]:
    """The query for it: attorney, active cases, weighted, urgent.

    What was given is read at once: for 100,000 cases the planner asks an index for each, which takes a fourth longer.
    """
    last = select(Assignment.case_id, Assignment.complexity).where(Assignment.until.is_(None))
    given = last.cte("given").prefix_with("MATERIALIZED")
    return _counted(today, given.c.complexity).outerjoin(given, given.c.case_id == Case.id)


def _of(today: date, attorney_ids: Collection[UUID]) -> Select[UUID | None, int, int, int]:
    """The same of these alone."""
    now = and_(Assignment.firm_id == Case.firm_id, Assignment.case_id == Case.id, Assignment.until.is_(None))
    found = _counted(today, Assignment.complexity).outerjoin(Assignment, now)
    return found.where(Case.attorney_id.in_(attorney_ids))


def _counted(today: date, given: SQLColumnExpression[int | None]) -> Select[UUID | None, int, int, int]:
    urgent = Case.deadline_on <= clock.days_later(today, URGENT)
    weighted, soon = func.sum(_weight(today, given)), func.count().filter(urgent)
    counts = (func.count().label("cases"), weighted.label("weighted"), soon.label("urgent"))
    return select(Case.attorney_id, *counts).where(active()).group_by(Case.attorney_id)


def active() -> ColumnElement[bool]:
    """Cases that count against the capacity of whoever holds them."""
    return and_(Case.attorney_id.is_not(None), Case.status == "open", Case.stage != "closed")


def _weight(today: date, given: SQLColumnExpression[int | None]) -> ColumnElement[int]:
    """The complexity of a case: what it was when it was given away, or was set to since; else its type's alone.

    Types are looked up in one value: a branch for each would be parsed, and bound, with every statement.
    """
    usual = {name.lower(): base(name, today) for name in vocabulary("case_types").words}
    of_type = cast(literal(usual, JSONB).op("->>")(func.lower(Case.case_type)), Integer)
    return func.coalesce(Case.complexity, given, of_type, base(None, today))
