"""Who has a case over the API: who could take it, who had it and why, passed on by hand, what waits, handover plans."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from gateway.domain.assignment import history, moving, plans, queueing, simulating
from gateway.domain.assignment.history import Choice, Given, PlanShown, Result, ToPass, Waits
from gateway.domain.assignment.simulating import Comparison
from gateway.web.calls import Call, may
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.texts import Day, LongText, Name, Text

AnAttorney = Annotated[
    Name, Meta(description="An attorney's id or e-mail address.", examples=["ana@northgate.example"])
]
Proposed = Annotated[bool, QueryParameter(description="Those alone that wait for a yes.")]

OfCase = Annotated[UUID | None, QueryParameter(description="Of this case only.")]
TriedRule = Annotated[str, QueryParameter(name="rule", max_length=50, description="Such as workload_based.")]
FirstDay = Annotated[date, QueryParameter(name="from", description="The first day, ISO 8601.")]
LastDay = Annotated[date | None, QueryParameter(name="to", description="The last day; today unless said.")]


class Reassignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom a case goes, and why; the note is handed over with it."""

    attorney: AnAttorney
    reason: Annotated[Text, Meta(examples=["Knows the employer."])]
    note: LongText | None = None


class Absence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who will be away, and when; both days included."""

    attorney: AnAttorney
    first: Annotated[Day, Meta(examples=["2026-08-03"])]
    last: Annotated[Day, Meta(examples=["2026-08-14"])]


class Filled(Struct, frozen=True, kw_only=True):
    """How many cases came into the queue."""

    cases: int


@get("/cases/{case_id:uuid}/candidates", sync_to_thread=True, **may("cases.read"))
def list_candidates(case_id: FromPath[UUID], call: NamedDependency[Call]) -> Choice:
    """Show who could take a case now, how each scores, and why others cannot. 409 `case_closed` once it has ended."""
    with call.acting() as acting:
        return history.candidates(acting, case_id)


@get("/cases/{case_id:uuid}/assignments", sync_to_thread=True, **may("cases.read"))
def list_assignments(case_id: FromPath[UUID], call: NamedDependency[Call]) -> list[Given]:
    """List who had a case, the newest first, each with the decision whole: candidates, exclusions, scores by part."""
    with call.acting() as acting:
        return history.assignments(acting, case_id)


@post("/cases/{case_id:uuid}/reassignments", sync_to_thread=True, **may("cases.assign"))
def reassign_case(case_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[Reassignment]) -> Result:
    """Give a case to an attorney. With a deadline near, a `handover` waits for the receiver's yes.

    409 `attorney_cannot` with the reasons where the receiver is walled off, away, full, unlicensed or inactive.
    """
    with call.acting() as acting:
        return history.moved(acting, moving.move(acting, case_id, data.attorney, data.reason, data.note))


@post("/cases/{case_id:uuid}/reassignments/undo", sync_to_thread=True, **may("cases.assign"))
def undo_assignment(case_id: FromPath[UUID], call: NamedDependency[Call]) -> Result:
    """Take back within a day that a case was given: to whoever had it before; where nobody had, it waits again.

    409 `nothing_to_undo` with what is in the way. What waits again the rule gives to somebody else.
    """
    with call.acting() as acting:
        return history.moved(acting, moving.undo(acting, case_id))


@get("/unassigned-cases", sync_to_thread=True, **may("cases.read"))
def list_unassigned(call: NamedDependency[Call], cursor: Cursor = None, limit: Limit = 50) -> Page[Waits]:
    """List cases that wait for an attorney, why, and from when somebody might take them: the soonest deadline first.

    Those without a deadline come last; of equals the one that waits longest comes first.
    """
    with call.acting() as acting:
        return page_of(history.waiting(acting, paging(cursor, limit)), history.waits, limit)


@post("/unassigned-cases/fill", status_code=200, sync_to_thread=True, **may("cases.assign"))
def fill_queue(call: NamedDependency[Call]) -> Filled:
    """Let all open cases without an attorney wait for one, such as those from before there were attorneys."""
    with call.acting() as acting:
        return Filled(cases=queueing.fill(acting))


@get("/handovers", sync_to_thread=True, **may("cases.read"))
def list_handovers(
    call: NamedDependency[Call],
    proposed: Proposed = True,
    case: OfCase = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ToPass]:
    """List cases that are to pass on, the newest first."""
    with call.acting() as acting:
        found = history.handovers(acting, paging(cursor, limit), proposed=proposed, case_id=case)
        shown = {one.id: one for one in history.to_pass(acting, found.rows)}
        return page_of(found, lambda one: shown[one.id], limit)


@post("/handovers/{handover_id:uuid}/accept", status_code=200, sync_to_thread=True, **may("cases.assign"))
def accept_handover(handover_id: FromPath[UUID], call: NamedDependency[Call]) -> Result:
    """Say yes to a case that one was asked to take; 403 `not_yours`, 409 `handover_ended`, `attorney_cannot`."""
    with call.acting() as acting:
        return history.moved(acting, moving.accept(acting, handover_id))


@post("/handovers/{handover_id:uuid}/decline", status_code=200, sync_to_thread=True, **may("cases.assign"))
def decline_handover(handover_id: FromPath[UUID], call: NamedDependency[Call]) -> Result:
    """Say no: the case stays where it is; 403 `not_yours`, 409 `handover_ended`."""
    with call.acting() as acting:
        return history.moved(acting, moving.decline(acting, handover_id))


@post("/handover-plans", sync_to_thread=True, **may("cases.assign"))
def propose_plan(call: NamedDependency[Call], data: JSONBody[Absence]) -> PlanShown:
    """Propose to whom each case goes that has a deadline while its attorney is away; nothing passes on yet.

    `left` are those that nobody can take, and those of which evidence is asked for.
    """
    with call.acting() as acting:
        return history.plan(acting, plans.propose(acting, data.attorney, data.first, data.last))


@post("/handover-plans/{plan_id:uuid}/execute", status_code=200, sync_to_thread=True, **may("cases.assign"))
def execute_plan(plan_id: FromPath[UUID], call: NamedDependency[Call]) -> PlanShown:
    """Pass on all of a plan that still holds; `left` says of the others why not, and they may be tried again."""
    with call.acting() as acting:
        return history.plan(acting, plans.carry_out(acting, plan_id))


@get("/assignment-simulations", sync_to_thread=True, **may("cases.assign"))
def simulate_rule(call: NamedDependency[Call], rule: TriedRule, first: FirstDay, last: LastDay = None) -> Comparison:
    """Replay a period of the firm's assignments under another rule, and compare; nothing is changed.

    422 `simulation_wrong`: an unknown rule, days in the wrong order or to come, or too many of them.
    """
    with call.acting() as acting:
        return simulating.simulate(acting, rule, first, last)


router = Router(
    "/",
    route_handlers=[
        list_candidates,
        list_assignments,
        reassign_case,
        undo_assignment,
        list_unassigned,
        fill_queue,
        list_handovers,
        accept_handover,
        decline_handover,
        propose_plan,
        execute_plan,
        simulate_rule,
    ],
    tags=["assignment"],
)
