"""Handover plans: what an attorney who will be away has to pass on, to whom, and the one press that does it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import select

from gateway.db.models import Case, Handover
from gateway.db.session import lift_walls, moment
from gateway.domain import audit
from gateway.domain.assignment import attorneys, facts, moving, policies, queueing, workload
from gateway.domain.assignment.assigning import lock_attorneys, today_of
from gateway.domain.assignment.deciding import decide
from gateway.domain.audit import Change
from gateway.domain.people import changes
from gateway.domain.people.changes import by_hand
from gateway.errors import Conflict, Invalid, NotFound
from gateway.events import HandoverProposed
from gateway.office import Acting

_IN_RFE = frozenset({"rfe_received", "rfe_response"})


class Left(NamedTuple):
    """A case that stays where it is, and why."""

    case_id: UUID
    case_number: str
    sentence: str


class Plan(NamedTuple):
    """What is to pass on, or has, and what is not; `id` is None where there is nothing to pass on."""

    id: UUID | None
    handovers: Sequence[Handover]
    left: Sequence[Left]


def propose(acting: Acting, whom: str | UUID, first: date, last: date) -> Plan:
    """Say to whom each case of an attorney should go that has a deadline within days of an absence.

    Nothing passes on yet. A case of which evidence is asked for is in nobody's plan: it is for a person to move.

    Raises:
        NotFound: the firm has no such attorney.
        Invalid: `days_wrong`, the last day is before the first.
        Conflict: `handover_open`, somebody else proposes something for one of the cases at this moment.
    """
    if last < first:
        raise Invalid("days_wrong", f"The last day, {last}, is before the first, {first}.")
    attorney = attorneys.find(acting, whom).attorney
    cases = acting.session.scalars(
        select(Case)
        .where(Case.attorney_id == attorney.id, workload.active(), Case.deadline_on.between(first, last))
        .order_by(Case.deadline_on, Case.id)
    ).all()
    lift_walls(acting.session)
    chosen, left = _choose(acting, attorney.id, cases)
    plan_id = uuid4() if chosen else None
    queueing.withdraw(acting.session, [case.id for case, _ in chosen])
    reason = f"Away from {first} to {last}."
    rows = [_row(acting, plan_id, case, to_id, reason) for case, to_id in chosen]
    with changes.unique(acting.session, "handover_open", "Somebody else proposes to pass on one of these; look again."):
        acting.session.add_all(rows)
    _tell(acting, zip(rows, chosen, strict=True))
    new = {"attorney_id": str(attorney.id), "cases": len(rows), "left": len(left)}
    audit.record(acting, "handover.propose", changes=[Change("plan", plan_id, "proposed", new=new)])
    return Plan(plan_id, rows, left)


def carry_out(acting: Acting, plan_id: UUID) -> Plan:
    """Pass on all of a plan that still holds, and say of the rest why it does not; that may be pressed again.

    Raises:
        NotFound: the firm has no such plan, or nothing of it is open.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        mine = select(Handover).where(Handover.plan_id == plan_id, Handover.state == "proposed")
        rows = acting.session.scalars(mine.order_by(Handover.case_id)).all()
        if not rows:
            raise NotFound("open plan", str(plan_id))
        lift_walls(acting.session)
        lock_attorneys(acting.session)
        done, left = [], []
        for row in rows:
            number = acting.session.scalars(select(Case.case_number).where(Case.id == row.case_id)).one()
            try:
                _pass_on(acting, row)
                done.append(row)
            except Conflict as problem:
                left.append(Left(row.case_id, number, problem.sentence))
    return Plan(plan_id, done, left)


def _choose(acting: Acting, leaver: UUID, cases: Sequence[Case]) -> tuple[list[tuple[Case, UUID]], list[Left]]:
    policy, today, now = (
        policies.of_firm(acting.session, acting.firm_id),
        today_of(acting.session),
        moment(acting.session),
    )
    field = facts.gather(acting.session, [one.id for one in cases], today)
    chosen: list[tuple[Case, UUID]] = []
    left: list[Left] = []
    for case in cases:
        if case.stage in _IN_RFE:
            left.append(Left(case.id, case.case_number, "Evidence is asked for: move it by hand, or keep it."))
            continue
        matter = field.matters[case.id]
        others = [one for one in field.candidates(matter) if one.attorney_id != leaver]
        decision = decide(matter, others, policy, today)
        if decision.attorney_id is None:
            left.append(Left(case.id, case.case_number, decision.sentence))
            continue
        field.give(matter, decision.attorney_id, now)
        chosen.append((case, decision.attorney_id))
    return chosen, left


def _tell(acting: Acting, proposed: Iterable[tuple[Handover, tuple[Case, UUID]]]) -> None:
    by_partner: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for row, (case, _) in proposed:
        by_partner[case.partner_id].append(row.id)
    for partner_id, ids in sorted(by_partner.items()):  # in order: each is a lock
        acting.tell(HandoverProposed(partner_id=partner_id, records=ids))


def _row(acting: Acting, plan_id: UUID | None, case: Case, to_id: UUID, reason: str) -> Handover:
    return Handover(
        firm_id=acting.firm_id,
        plan_id=plan_id,
        case_id=case.id,
        from_id=case.attorney_id,
        to_id=to_id,
        reason=reason,
        by_kind=acting.actor.kind,
        by=acting.actor.name,
    )


def _pass_on(acting: Acting, row: Handover) -> None:
    case = moving.take(acting, row.case_id, row.to_id, row.from_id)
    field = facts.gather(acting.session, [case.id], today_of(acting.session))
    matter = field.matters[case.id]
    moving.check(acting, field, matter, row.to_id)
    if case.stage in _IN_RFE:
        raise Conflict("rfe_open", "Evidence is asked for by now: move it by hand, or keep it.")
    moving.end(acting, row, "accepted")
    moving.pass_on(acting, case, matter, row.to_id, "reassigned", row.reason, row.note)
