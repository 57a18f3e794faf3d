"""Who could take a case, and the case given to one of them; the receiver's yes or no where that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.db.models import Case
from gateway.domain.assignment import history, moving
from gateway.domain.assignment.history import Barred, Who
from gateway.domain.people import records
from gateway.errors import Busy, Conflict, Faulty, Forbidden, Problem
from gateway.office import Acting
from gateway.web.api.assignment import Reassignment
from gateway.web.calls import Call, may
from gateway.web.console.cases.one import NOTHING, shown
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk


class Excluded(NamedTuple):
    """Somebody to whom the rule gives no case, and all that speaks against it; a person may overrule what is no bar."""

    attorney: Who
    reasons: list[Barred]
    may_be_given: bool


@get("/cases/{case_id:uuid}/candidates", sync_to_thread=True, **may("cases.read"))
def weigh(case_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show who could take a case, how each scores, and of the others why not."""
    with call.acting() as acting:
        return _weighed(acting, desk, case_id)


def _weighed(
    acting: Acting,
    desk: Desk,
    case_id: UUID,
    *,
    status: int = 200,
    filled: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
) -> Response[str]:
    has_it = records.find(acting, Case, case_id).attorney_id
    found = history.candidates(acting, case_id)
    return desk.page(
        acting,
        "candidates.html",
        status=status,
        found=found,
        parts=list(dict.fromkeys(name for one in found.candidates for name in one.parts)),
        excluded=list(_grouped(found.excluded)),
        has_it=has_it,
        filled=filled,
        errors=errors,
    )


def _grouped(barred: Iterable[Barred]) -> Iterable[Excluded]:
    """Everybody once, with all reasons; they come one after the other."""
    for _, several in groupby(barred, key=lambda one: one.attorney.id):
        reasons = list(several)
        may_be_given = not any(one.code in moving.BARS for one in reasons)
        yield Excluded(reasons[0].attorney, reasons, may_be_given)


@post("/cases/{case_id:uuid}/candidates", sync_to_thread=True, **takes_form("cases.assign"))
def give(
    case_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Give the case to somebody; why that cannot be is told at their row."""
    try:
        data = form.read(Reassignment)
        with call.acting() as acting:
            made = moving.move(acting, case_id, data.attorney, data.reason, data.note)
            said = "case_asked" if made.handover else "case_passed"
    except (Faulty, Conflict, Busy) as problem:
        with call.acting() as acting:
            status, errors = _at_the_row(problem, form.fields.get("attorney", ""))
            return _weighed(acting, desk, case_id, status=status, filled=form.fields, errors=errors)
    return desk.on_to(f"/cases/{case_id}", said)


def _at_the_row(problem: Problem, attorney: str) -> tuple[int, Mapping[str, str]]:
    if isinstance(problem, Faulty):
        return 422, {f"{name}-{attorney}": sentence for name, sentence in problem.faults.items()}
    return 409, {f"give-{attorney}": problem.sentence}


@post("/cases/{case_id:uuid}/handovers/{handover_id:uuid}", sync_to_thread=True, **takes_form("cases.assign"))
def answer(
    case_id: FromPath[UUID],
    handover_id: FromPath[UUID],
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Say yes or no to a case that one was asked to take."""
    takes = form.fields.get("answer") == "yes"
    try:
        with call.acting() as acting:
            (moving.accept if takes else moving.decline)(acting, handover_id)
    except (Conflict, Busy, Forbidden) as problem:
        status = 403 if isinstance(problem, Forbidden) else 409
        with call.acting() as acting:
            return shown(acting, desk, case_id, status=status, errors={"handover": problem.sentence})
    return desk.on_to(f"/cases/{case_id}", "case_taken" if takes else "case_left")


HANDLERS = (weigh, give, answer)
