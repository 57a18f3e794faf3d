"""A case moved on by hand: to another stage, to its end, and back; each against the version that was looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.db.models import Case
from gateway.domain.people import cases
from gateway.domain.people.changes import Expected
from gateway.errors import Busy, Conflict, Faulty, Outdated
from gateway.office import Acting
from gateway.web.api.cases import CasePatch, Closure, Reopening
from gateway.web.calls import Call
from gateway.web.console.cases.one import shown
from gateway.web.console.forms import Form, Unfilled, takes_form
from gateway.web.console.page import Desk
from gateway.web.forms import stored
from gateway.web.versions import expected

_MOVES = ("stage", "status", "decided_on")  # what the form of a stage has; other fields of a case are not its affair


@post("/cases/{case_id:uuid}/stage", sync_to_thread=True, **takes_form("cases.write"))
def move(
    case_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Move a case to another stage; a decision comes with its outcome."""

    def moved(acting: Acting, seen: Expected) -> Case:
        asked = {name: text for name, text in form.fields.items() if name in _MOVES}
        if not asked.get("stage"):
            raise Unfilled("not_filled_in", "Nothing was chosen.", {"stage": "Choose the stage to which it moves."})
        return cases.change(acting, case_id, stored("case", Form(asked, {}).read(CasePatch)), seen)

    return _done(case_id, form, call, desk, moved, "moved")


@post("/cases/{case_id:uuid}/close", sync_to_thread=True, **takes_form("cases.close"))
def close(
    case_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """End a case with its outcome."""

    def closed(acting: Acting, seen: Expected) -> Case:
        how = form.read(Closure)
        return cases.close(acting, case_id, how.outcome, how.decided_on, seen)

    return _done(case_id, form, call, desk, closed, "closed")


@post("/cases/{case_id:uuid}/reopen", sync_to_thread=True, **takes_form("cases.close"))
def reopen(
    case_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Take up a closed case again."""

    def reopened(acting: Acting, seen: Expected) -> Case:
        return cases.reopen(acting, case_id, form.read(Reopening).stage, seen)

    return _done(case_id, form, call, desk, reopened, "reopened")


# ------------------------------------------------------------------------------------------------ what comes of it


def _done(
    case_id: UUID,
    form: Form,
    call: Call,
    desk: Desk,
    act: Callable[[Acting, Expected], Case],
    said: str,
) -> Response[Any]:
    """What was asked for is done, or the page says at the form why not, with what was filled in."""
    try:
        with call.acting() as acting:
            act(acting, expected(f'"{form.fields.get("version", "")}"'))
    except (Faulty, Conflict, Busy) as problem:
        with call.acting() as acting:
            status, errors = _why(acting, case_id, problem, form)
            return shown(acting, desk, case_id, status=status, tried=said, filled=form.fields, errors=errors)
    return desk.on_to(f"/cases/{case_id}", f"case_{said}")


def _why(acting: Acting, case_id: UUID, problem: Faulty | Conflict | Busy, form: Form) -> tuple[int, Mapping[str, str]]:
    """The status of the answer, and field -> what is wrong with it."""
    if isinstance(problem, Faulty):
        return 422, problem.faults
    field = "outcome" if "outcome" in form.fields else "stage"
    if isinstance(problem, Outdated):
        wanted = form.fields.get(field, "").replace("_", " ")
        return 412, {field: f"You chose {wanted}. {_meanwhile(acting, case_id)}"}
    return 409, {field: problem.sentence}


def _meanwhile(acting: Acting, case_id: UUID) -> str:
    case = cases.view(acting, case_id)
    stands = f"{case.stage}, {case.status}".replace("_", " ")
    return f"Somebody has changed the case since you looked: it is now {stands}. If your choice still holds, repeat it."


HANDLERS = (move, close, reopen)
