"""What is asked of the attorneys of a firm: who they are, what they know, when they are away, who is walled off.

Of each there is the question, for whoever asks several at once, what its answer says, and both together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Text, and_, any_, bindparam, cast, func, select
from sqlalchemy.orm import Session

from gateway.clock import years_later
from gateway.db.asking import Question, ask
from gateway.db.models import Assignment, Attorney, Case, Expertise, Staff, TimeOff, Wall
from gateway.domain.access.permissions import ADMIN, ATTORNEY
from gateway.domain.assignment.hours import prorated
from gateway.domain.assignment.terms import Away, Candidate

HALF_LIFE = 365  # days, after which a decided case counts half
YEARS = 2  # in which it counts at all
_WHOLE = 1_000_000  # what one that was decided today counts: integers add up alike in whatever order they come
_ROLES = (ADMIN, ATTORNEY)  # of staff to whom cases go
_TYPES = any_(bindparam("types", type_=ARRAY(Text)))  # one value, however many: each would be a parameter of its own
_TODAY = bindparam("today", type_=Date)

Knowledge = tuple[UUID | None, str | None]  # an attorney, and a type of case


def attorneys(session: Session, today: date) -> list[Candidate]:
    """All attorneys of the firm in order of id, as far as no case is concerned."""
    return candidates(*ask(session, *everybody(today)))


def everybody(today: date) -> tuple[Question, Question]:
    """All attorneys, and their days off from a day on."""
    return Question(_ATTORNEYS), Question(_AHEAD, {"today": today})


def candidates(found: Iterable[Any], ahead: Iterable[Any]) -> list[Candidate]:
    """Both answers together."""
    away = _away(ahead)
    return [
        Candidate(
            attorney_id=row.id,
            works=row.works,
            licence=row.licence,
            senior=row.senior,
            capacity=prorated(row.capacity, row.availability),
            languages=row.languages,
            certifications=row.certifications,
            away=away.get(row.id, ()),
            last_given_at=row.last_given_at,
        )
        for row in found
    ]


_LAST_GIVEN = select(func.max(Assignment.at)).where(  # what was taken back was no turn
    Assignment.firm_id == Attorney.firm_id,
    Assignment.attorney_id == Attorney.id,
    Assignment.kind == "assigned",
    Assignment.taken_back_by.is_(None),
)
_ATTORNEYS = (
    select(
        Attorney.id,
        and_(Staff.active, Staff.role.in_(_ROLES)).label("works"),
        Attorney.licence,
        Attorney.senior,
        Attorney.capacity,
        Attorney.availability,
        Attorney.languages,
        Attorney.certifications,
        _LAST_GIVEN.correlate(Attorney).scalar_subquery().label("last_given_at"),
    )
    .join(Staff, and_(Staff.id == Attorney.staff_id, Staff.firm_id == Attorney.firm_id))
    .order_by(Attorney.id)
)


def _away(found: Iterable[Any]) -> Mapping[UUID, Sequence[Away]]:
    away: defaultdict[UUID, list[Away]] = defaultdict(list)
    for attorney_id, first, last in found:
        away[attorney_id].append(Away(first, last))
    return away


_AHEAD = (
    select(TimeOff.attorney_id, TimeOff.starts_on, TimeOff.ends_on)
    .where(TimeOff.ends_on >= _TODAY)
    .order_by(TimeOff.starts_on, TimeOff.ends_on)
)


def levels(session: Session, case_types: Collection[str]) -> dict[Knowledge, int]:
    """What was declared, by attorney and type."""
    return by_level(*ask(session, levels_of(case_types)))


def levels_of(case_types: Collection[str]) -> Question:
    """What was declared of types."""
    return Question(_LEVELS, {"types": list(case_types)})


def by_level(found: Iterable[Any]) -> dict[Knowledge, int]:
    """Its answer."""
    return {(attorney_id, case_type): level for attorney_id, case_type, level in found}


_LEVELS = select(Expertise.attorney_id, Expertise.case_type, Expertise.level).where(Expertise.case_type == _TYPES)


def decided(session: Session, case_types: Collection[str], today: date) -> dict[Knowledge, float]:
    """Cases of a type that an attorney brought to a decision within 24 months, each counting half after each year."""
    return by_count(*ask(session, decided_of(case_types, today)))


def decided_of(case_types: Collection[str], today: date) -> Question:
    """What was decided of types."""
    return Question(_DECIDED, {"types": list(case_types), "today": today, "first": years_later(today, -YEARS)})


def by_count(found: Iterable[Any]) -> dict[Knowledge, float]:
    """Its answer; the sums are of whole numbers."""
    return {(attorney_id, case_type): int(total) / _WHOLE for attorney_id, case_type, total in found}


_COUNTS = func.power(0.5, (_TODAY - Case.decided_on) / float(HALF_LIFE))
_DECIDED = (
    select(Case.attorney_id, Case.case_type, func.sum(cast(func.round(_COUNTS * _WHOLE), BigInteger)))
    .where(Case.status.in_(("approved", "denied")), Case.case_type == _TYPES, Case.attorney_id.is_not(None))
    .where(Case.decided_on.between(bindparam("first", type_=Date), _TODAY))
    .group_by(Case.attorney_id, Case.case_type)
)


def walls(session: Session) -> Mapping[UUID, frozenset[UUID]]:
    """By attorney, the clients and partners of whom they must not know."""
    return sides(*ask(session, WALLED))


def sides(found: Iterable[Any]) -> Mapping[UUID, frozenset[UUID]]:
    """The answer to `WALLED`."""
    return {attorney_id: frozenset(sides) for attorney_id, sides in found}


_WALLS = (
    select(Attorney.id, func.array_agg(func.coalesce(Wall.client_id, Wall.partner_id)))
    .join(Wall, and_(Wall.staff_id == Attorney.staff_id, Wall.firm_id == Attorney.firm_id))
    .group_by(Attorney.id)
)

WALLED = Question(_WALLS)
