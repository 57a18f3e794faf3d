"""Gives cases that wait to attorneys: a firm's queue, some at a time, decided under the locks that hold capacity.

Whoever changes how many cases an attorney has, or may have, holds the row of the attorney to the end of the
transaction: this room, moves by hand, and changes of capacity. So nobody can be given a case that there is no room for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Select, delete, func, select, text, tuple_, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Assignment, Attorney, Case, Firm, UnassignedCase
from gateway.domain import audit
from gateway.domain.assignment import facts, policies, queueing
from gateway.domain.assignment.deciding import decide
from gateway.domain.assignment.terms import Decision, Matter
from gateway.domain.audit import Act, Change
from gateway.events import CaseAssigned
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind
from gateway.office import Acting, Actor

ME = Actor("system", "assignment")
_AT_ONCE = 200  # cases for which one transaction holds all attorneys of a firm: some tenths of a second
_LATER = 5  # seconds until those are looked at that somebody else was changing
_AS_STORED = {"synchronize_session": False}

Place = tuple[datetime, UUID]  # in the queue: since when a case waits, and its id


class Given(NamedTuple):
    """A case with who gets it, and why."""

    matter: Matter
    decision: Decision
    attorney_id: UUID
    at: datetime


class _Batch(NamedTuple):
    """What came of some that wait.

    Attributes:
        last: the place of the last one; None where there are no more.
        busy: somebody else was changing a case of these, which waits on.
    """

    last: Place | None
    busy: bool


def drain(handling: Handling) -> None:
    """Look at all that wait of a firm, the oldest first, each in its turn: given to somebody, or its reason written."""
    after: Place | None = None
    busy = False
    while True:
        batch = _some(handling, after)
        after, busy = batch.last, busy or batch.busy
        if after is None:
            break
    with handling.transaction() as session:
        firm_id = _firm_of(handling)
        queueing.tell_late(handling.office, session, firm_id, policies.of_firm(session, firm_id).settings.tell_after)
        if busy:
            queueing.ask(session, firm_id, _LATER)


def lock_attorneys(session: Session, ids: Iterable[UUID] | None = None) -> None:
    """Hold what attorneys have and may have until the end of the transaction; all of the firm's, or these.

    In order of their ids, and before any case, so that nobody who does the same waits in a circle.
    """
    wanted = select(Attorney.id).order_by(Attorney.id).with_for_update(key_share=True)
    session.execute(wanted if ids is None else wanted.where(Attorney.id.in_(ids))).all()


def today_of(session: Session) -> date:
    """The firm's day."""
    return clock.day_in(session.scalars(select(Firm.time_zone)).one(), clock.now())


def as_kept(decision: Decision) -> dict[str, Any]:
    """A decision as it is stored."""
    kept: dict[str, Any] = msgspec.to_builtins(decision)
    return kept


# ------------------------------------------------------------------------------------------------ some at a time


def _firm_of(handling: Handling) -> UUID:
    firm_id = handling.job.firm_id
    assert firm_id is not None  # noqa: S101 - `queueing.ask` says whose
    return firm_id


def _some(handling: Handling, after: Place | None) -> _Batch:
    firm_id = _firm_of(handling)
    with handling.office.db.firm(firm_id) as session:
        acting = Acting(handling.office, session, firm_id, ME)
        lock_attorneys(session)
        waiting = {one.case_id: one for one in session.scalars(_next(after))}
        free, busy = _take(session, waiting)
        if free:
            _assign(acting, [waiting[one] for one in waiting if one in free], free)
        handling.hold(session)
        last = list(waiting.values())[-1] if len(waiting) == _AT_ONCE else None
        return _Batch(None if last is None else (last.since, last.case_id), busy)


def _next(after: Place | None) -> Select[UnassignedCase]:
    found = select(UnassignedCase).order_by(UnassignedCase.since, UnassignedCase.case_id).limit(_AT_ONCE)
    if after is not None:
        found = found.where(tuple_(UnassignedCase.since, UnassignedCase.case_id) > tuple_(*after))
    return found


class _Taken(NamedTuple):
    """A case, as far as it matters to whoever notes what becomes of it."""

    id: UUID
    partner_id: UUID
    client_id: UUID | None


def _take(session: Session, waiting: Mapping[UUID, UnassignedCase]) -> tuple[dict[UUID, _Taken], bool]:
    """Those that still need somebody, locked; whether others do whom somebody is changing.

    Nobody is waited for: an import holds its cases long, and meanwhile nobody else would be given any.
    """
    ids = list(waiting)
    queueing.leave(session, ids)
    needing = select(Case.id, Case.partner_id, Case.client_id).where(Case.id.in_(ids), queueing.needs_somebody())
    locked = needing.order_by(Case.id).with_for_update(key_share=True, skip_locked=True, of=Case)
    free = {row.id: _Taken(*row) for row in session.execute(locked)}
    left = session.scalars(select(func.count()).where(UnassignedCase.case_id.in_(ids))).one()
    return free, left > len(free)


def _assign(acting: Acting, waiting: Sequence[UnassignedCase], cases: Mapping[UUID, _Taken]) -> None:
    session = acting.session
    policy, today, now = (
        policies.of_firm(session, acting.firm_id),
        today_of(session),
        queueing.moment_of_giving(session),
    )
    field = facts.gather(session, list(cases), today)
    given: list[Given] = []
    for place, one in enumerate(waiting):
        matter = field.matters.get(one.case_id)
        if matter is None:  # it ended this moment; the next look takes it out
            continue
        decision = decide(matter, field.candidates(matter), policy, today)
        if decision.attorney_id is None:
            _wait(one, decision, now)
            continue
        at = now + timedelta(microseconds=place)  # whose turn is next is told by who was given one last
        field.give(matter, decision.attorney_id, at)
        given.append(Given(matter, decision, decision.attorney_id, at))
    if given:
        _write(acting, given, cases)


def _wait(row: UnassignedCase, decision: Decision, now: datetime) -> None:
    excluded: dict[str, int] = {}
    for one in {(each.attorney_id, each.code) for each in decision.excluded}:
        excluded[one[1]] = excluded.get(one[1], 0) + 1
    row.tried_at, row.code, row.reason = now, decision.code, decision.sentence
    row.excluded, row.forecast_on, row.policy_version = excluded, decision.forecast_on, decision.policy_version


def _write(acting: Acting, given: Sequence[Given], cases: Mapping[UUID, _Taken]) -> None:
    session, ids = acting.session, [one.matter.case_id for one in given]
    session.execute(_GIVE, {"ids": ids, "attorneys": [one.attorney_id for one in given]})
    last = update(Assignment).where(Assignment.case_id.in_(ids), Assignment.until.is_(None))
    session.execute(last.values(until=given[0].at), execution_options=_AS_STORED)
    session.execute(plain_insert(Assignment), [_row(acting, one) for one in given])
    gone = delete(UnassignedCase).where(UnassignedCase.case_id.in_(ids))
    session.execute(gone, execution_options=_AS_STORED)
    audit.record_all(acting, "case.assign", (_act(one, cases[one.matter.case_id]) for one in given))
    for partner_id in sorted({cases[one].partner_id for one in ids}):  # in order: each is a lock
        acting.tell(
            CaseAssigned(partner_id=partner_id, records=[one for one in ids if cases[one].partner_id == partner_id])
        )


_GIVE = text(
    "UPDATE cases SET attorney_id = g.attorney_id, version = version + 1, updated_at = gateway_now()"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:attorneys AS uuid[])) g (case_id, attorney_id) WHERE cases.id = g.case_id"
)


def _row(acting: Acting, one: Given) -> dict[str, object]:
    decision = one.decision
    score = decision.scored[0].score if decision.scored and decision.way == "rule" else None
    return {
        "firm_id": acting.firm_id,
        "case_id": one.matter.case_id,
        "attorney_id": one.attorney_id,
        "kind": "assigned",
        "rule": decision.rule,
        "policy_version": decision.policy_version,
        "complexity": decision.complexity,
        "score": score,
        "reason": decision.sentence,
        "decision": as_kept(decision),
        "by_kind": acting.actor.kind,
        "by": acting.actor.name,
        "at": one.at,
    }


def _act(one: Given, case: _Taken) -> Act:
    told = {"attorney_id": str(one.attorney_id), "rule": one.decision.rule, "way": one.decision.way}
    return Act(case.client_id, case.id, Change("case", case.id, "updated", {"attorney_id": None}, told))


KINDS = (Kind(queueing.DRAIN, "normal", drain),)
