"""One case: where it stands and what can be done, whose it is, who had it and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway import clock
from gateway.db.models import Case
from gateway.db.paging import Paging
from gateway.domain.assignment import attorneys, history
from gateway.domain.assignment.history import ToPass
from gateway.domain.eligibility import docket
from gateway.domain.people import cases, naming
from gateway.domain.rules import vocabulary
from gateway.domain.rules.criteria import in_force
from gateway.office import Acting
from gateway.web.api.cases import CaseView
from gateway.web.calls import Call, may
from gateway.web.console.cases.timeline import timeline
from gateway.web.console.eligibility.lines import line_of
from gateway.web.console.page import Desk

NOTHING: Mapping[str, str] = {}


@get("/cases/{case_id:uuid}", sync_to_thread=True, **may("cases.read"))
def look(case_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show one case: where it stands, the people, and who had it."""
    with call.acting() as acting:
        return shown(acting, desk, case_id)


def shown(
    acting: Acting,
    desk: Desk,
    case_id: UUID,
    *,
    status: int = 200,
    tried: str = "",
    filled: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
) -> Response[str]:
    """A case as a page; `tried` names the form that could not be taken, `filled` what was in it."""
    case = cases.view(acting, case_id)
    return desk.page(
        acting,
        "case.html",
        status=status,
        case=CaseView.of(case),
        client=naming.names_of(acting, [case.client_id]).get(case.client_id) if case.client_id else None,
        attorney=history.names_of(acting.session).get(case.attorney_id) if case.attorney_id else None,
        check=_check(acting, desk, case),
        **timeline(acting, case),
        held=history.held(acting.session, case),
        asked=_asked(acting, case_id),
        onward=cases.onward(case),
        is_closed=cases.is_closed(case),
        open_stages=cases.OPEN_STAGES,
        outcomes=cases.OUTCOMES,
        means={name: word.means for name, word in vocabulary("stages").words.items()},
        type_means={name: word.means for name, word in vocabulary("case_types").words.items()},
        tried=tried,
        filled=filled,
        errors=errors,
    )


def _asked(acting: Acting, case_id: UUID) -> dict[str, Any] | None:
    """Who was asked to take the case and has not answered yet; `is_me` where that is whoever looks."""
    found: list[ToPass] = history.to_pass(acting, history.handovers(acting, Paging(1), case_id=case_id).rows)
    if not found:
        return None
    receiver = attorneys.find(acting, found[0].to.id)
    return {"handover": found[0], "is_me": receiver.staff.id == acting.actor.id}


def _check(acting: Acting, desk: Desk, case: Case) -> dict[str, Any] | None:
    """The visa that the case is for, and the newest check of its person that speaks of it; None for nobody's case."""
    if case.client_id is None or not desk.may("checks.read"):
        return None
    visas = in_force(clock.now().date())
    visa = next((one for one in visas if case.case_type in one.cases), None)
    wanted = docket.CheckFilter(case.client_id, visa.id if visa else None)
    found = docket.listed(acting, wanted, Paging(1)).rows
    return {"visa": visa, "line": line_of(found[0]) if found else None}


HANDLERS = (look,)
