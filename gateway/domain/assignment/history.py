"""What people are shown of assignments: who could take a case, who had it and why, what waits, what is to pass on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import Assignment, Attorney, Case, Handover, Staff
from gateway.db.paging import Found, Paging, newest
from gateway.db.session import lift_walls
from gateway.domain import audit
from gateway.domain.assignment import facts, keeping, moving, policies, queueing, telling
from gateway.domain.assignment.assigning import today_of
from gateway.domain.assignment.deciding import decide
from gateway.domain.assignment.moving import Moved
from gateway.domain.assignment.plans import Plan
from gateway.domain.assignment.queueing import Waiting
from gateway.domain.assignment.terms import Decision
from gateway.domain.people import records
from gateway.office import Acting


class Who(Struct, frozen=True):
    """An attorney, by name."""

    id: UUID
    name: str


class Given(Struct, frozen=True, kw_only=True):
    """A case that somebody got.

    Attributes:
        days_held: by the one before.
        taken_back_by: who had it wait for somebody else; null nobody did.
        sentences: the decision, whole; none where a person decided.
    """

    id: UUID
    case_id: UUID
    attorney: Who
    previous: Who | None
    kind: Annotated[str, Meta(examples=["assigned"])]
    rule: str | None
    policy_version: int | None
    complexity: int | None
    score: float | None
    reason: str
    note: str | None
    days_held: int | None
    by: str
    at: datetime
    until: datetime | None
    taken_back_by: str | None
    decision: dict[str, Any] | None
    sentences: list[str]


class Choice(Struct, frozen=True, kw_only=True):
    """Who would get a case if it were decided now; for one that somebody has, who else could have it."""

    case_id: UUID
    case_number: str
    attorney: Who | None
    code: str | None
    rule: str
    policy_version: int
    complexity: int
    forecast_on: date | None
    candidates: list[Ranked]
    excluded: list[Barred]
    sentences: list[str]


class Ranked(Struct, frozen=True, kw_only=True):
    """Somebody who can take it, with the parts that add up to the score."""

    attorney: Who
    score: float
    parts: dict[str, float]


class Barred(Struct, frozen=True, kw_only=True):
    """Somebody who cannot, and one reason why."""

    attorney: Who
    code: str
    sentence: str
    until: date | None


class Waits(Struct, frozen=True, kw_only=True):
    """A case that waits for an attorney; without `tried_at` it was not looked at yet."""

    case_id: UUID
    case_number: str
    client_id: UUID | None
    case_type: str | None
    deadline_on: date | None
    since: datetime
    tried_at: datetime | None
    code: Annotated[str | None, Meta(examples=["all_full"])]
    reason: str | None
    excluded: dict[str, int]
    forecast_on: date | None


class ToPass(Struct, frozen=True, kw_only=True):
    """A case that is to pass on, or was; `plan_id` is of those that one press carries out."""

    id: UUID
    plan_id: UUID | None
    case_id: UUID
    case_number: str
    from_: Who = msgspec.field(name="from")
    to: Who
    reason: str
    note: str | None
    state: Annotated[str, Meta(examples=["proposed"])]
    by: str
    at: datetime
    ended_at: datetime | None


class Result(Struct, frozen=True, kw_only=True):
    """What came of a move: it is done, or waits for its receiver's yes, or in the queue; the others are null."""

    assignment: Given | None
    handover: ToPass | None
    waits: Waits | None


class Stays(Struct, frozen=True, kw_only=True):
    """A case that is not in a plan, or was not passed on, and why."""

    case_id: UUID
    case_number: str
    sentence: str


class PlanShown(Struct, frozen=True, kw_only=True):
    """What is to pass on, or has; `id` is null where there is nothing."""

    id: UUID | None
    handovers: list[ToPass]
    left: list[Stays]


def candidates(acting: Acting, case_id: UUID) -> Choice:
    """Who could take a case now, and who could not and why; that it was looked at is on record.

    Raises:
        NotFound: the firm has no such case.
        Conflict: `case_closed`.
    """
    found = candidates_if_open(acting, case_id)
    if found is None:
        raise moving.closed()
    return found


def candidates_if_open(acting: Acting, case_id: UUID) -> Choice | None:
    """The same; None where the case is closed.

    Raises:
        NotFound: the firm has no such case.
    """
    case = records.find(acting, Case, case_id)
    records.note(acting, "case.view", case)
    lift_walls(acting.session)
    today = today_of(acting.session)
    field = facts.gather(acting.session, [case_id], today)
    matter = field.matters.get(case_id)
    if matter is None:
        return None
    decision = decide(matter, field.candidates(matter), policies.of_firm(acting.session, acting.firm_id), today)
    return _choice(case, decision, names_of(acting.session), field.working.get(case_id, ()))


def assignments(acting: Acting, case_id: UUID) -> list[Given]:
    """Who had a case, the newest first; that it was looked at is on record.

    Raises:
        NotFound: the firm has no such case.
    """
    case = records.find(acting, Case, case_id)
    records.note(acting, "case.view", case)
    return held(acting.session, case)


def held(session: Session, case: Case) -> list[Given]:
    """The same of a case of which it is on record that it is looked at."""
    found = select(Assignment).where(Assignment.case_id == case.id)
    rows = session.scalars(found.order_by(Assignment.at.desc(), Assignment.id.desc())).all()
    names = names_of(session)
    return [given(one, names, moving.kept(rows, place)) for place, one in enumerate(rows)]


def latest(acting: Acting, paging: Paging) -> Found[Given]:
    """Who has got cases and has them still, the newest first; that they were seen is on record."""
    found = newest(
        acting.session, select(Assignment).where(Assignment.until.is_(None)), (Assignment.at, Assignment.id), paging
    )
    names = names_of(acting.session)
    audit.seen(acting, "case.list", [("case", one.case_id) for one in found.rows])
    return Found([given(one, names) for one in found.rows], found.following, found.total)


def waiting(acting: Acting, paging: Paging) -> Found[Waiting]:
    """Some cases that wait, the soonest deadline first; that they were seen is on record."""
    return queueing.look_through(acting, paging)


def handovers(acting: Acting, paging: Paging, *, proposed: bool = True, case_id: UUID | None = None) -> Found[Handover]:
    """Some handovers, or those of one case, the newest first; that they were seen is on record."""
    found = select(Handover).where(Handover.state == "proposed") if proposed else select(Handover)
    if case_id is not None:
        found = found.where(Handover.case_id == case_id)
    shown = newest(acting.session, found, (Handover.at, Handover.id), paging)
    audit.seen(acting, "handover.list", [("case", one.case_id) for one in shown.rows])
    return shown


# ------------------------------------------------------------------------------------------------ as it is shown


def given(one: Assignment, names: Mapping[UUID, Who], days: int | None = None) -> Given:
    """An assignment."""
    plain = {name: getattr(one, name) for name in _OF_ASSIGNMENT}
    return Given(
        **plain,
        attorney=_who(names, one.attorney_id),
        previous=_who(names, one.previous_id) if one.previous_id else None,
        score=None if one.score is None else float(one.score),
        decision=None if one.decision is None else msgspec.to_builtins(keeping.read(one.decision)),
        days_held=days,
        sentences=_told(one, names),
    )


def moved(acting: Acting, one: Moved) -> Result:
    """What came of a move."""
    made = given(one.assignment, names_of(acting.session)) if one.assignment else None
    return Result(
        assignment=made,
        handover=to_pass(acting, [one.handover])[0] if one.handover else None,
        waits=waits(one.waiting) if one.waiting else None,
    )


def to_pass(acting: Acting, rows: Sequence[Handover]) -> list[ToPass]:
    """Handovers, in the same order."""
    names, numbers = names_of(acting.session), _numbers(acting.session, {one.case_id for one in rows})
    own = ("id", "plan_id", "case_id", "reason", "note", "state", "by", "at", "ended_at")
    return [
        ToPass(
            **{name: getattr(one, name) for name in own},
            case_number=numbers[one.case_id],
            from_=_who(names, one.from_id),
            to=_who(names, one.to_id),
        )
        for one in rows
    ]


def plan(acting: Acting, one: Plan) -> PlanShown:
    """A plan, or what came of it."""
    left = [Stays(**each._asdict()) for each in one.left]
    return PlanShown(id=one.id, handovers=to_pass(acting, one.handovers), left=left)


def waits(one: Waiting) -> Waits:
    """A case that waits."""
    own = ("since", "tried_at", "code", "reason", "excluded", "forecast_on")
    of_case = {name: getattr(one.case, name) for name in ("case_number", "client_id", "case_type", "deadline_on")}
    return Waits(case_id=one.case.id, **of_case, **{name: getattr(one.row, name) for name in own})


_OF_ASSIGNMENT = (
    "id",
    "case_id",
    "kind",
    "rule",
    "policy_version",
    "complexity",
    "reason",
    "note",
    "by",
    "at",
    "until",
    "taken_back_by",
)


def _told(one: Assignment, names: Mapping[UUID, Who]) -> list[str]:
    if one.decision is None:
        return []
    return telling.explain(keeping.read(one.decision), {each.id: each.name for each in names.values()})


def _choice(case: Case, one: Decision, names: Mapping[UUID, Who], working: Sequence[str]) -> Choice:
    excluded = [
        Barred(attorney=_who(names, each.attorney_id), code=each.code, sentence=each.sentence, until=each.until)
        for each in one.excluded
    ]
    ranked = [
        Ranked(attorney=_who(names, each.attorney_id), score=each.score, parts=dict(each.parts)) for each in one.scored
    ]
    return Choice(
        case_id=case.id,
        case_number=case.case_number,
        attorney=_who(names, one.attorney_id) if one.attorney_id else None,
        code=one.code,
        rule=one.rule,
        policy_version=one.policy_version,
        complexity=one.complexity,
        forecast_on=one.forecast_on,
        candidates=ranked,
        excluded=excluded,
        sentences=telling.explain(one, {each.id: each.name for each in names.values()}, working),
    )


def names_of(session: Session) -> dict[UUID, Who]:
    """The attorneys of the firm, those who no longer work included."""
    found = select(Attorney.id, Staff.name).join(Staff, Staff.id == Attorney.staff_id)
    return {one: Who(one, name) for one, name in session.execute(found)}


def _who(names: Mapping[UUID, Who], attorney_id: UUID) -> Who:
    return names.get(attorney_id, Who(attorney_id, str(attorney_id)))


def _numbers(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    return dict(session.execute(select(Case.id, Case.case_number).where(Case.id.in_(ids))).all()) if ids else {}
