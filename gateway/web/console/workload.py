"""Who has how much, who is away, and what waits for an attorney; whoever is to hold cases is let in here."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency

from gateway.domain.assignment import attorneys, history, profiles, queueing, time_off
from gateway.domain.assignment.profiles import Profile
from gateway.domain.people import naming
from gateway.errors import Conflict, Faulty, Invalid, NotFound, Problem
from gateway.office import Acting
from gateway.web.api.attorneys import NewAttorney, added
from gateway.web.calls import Call, may
from gateway.web.console import attorney, what_if
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk, Entry
from gateway.web.idempotency import answered, once
from gateway.web.pages import Cursor, page_of, paging

ENTRY = Entry("Workload", "/workload", "attorneys.read")
SAID = attorney.SAID
SHOWN = 50
NOTHING: Mapping[str, str] = {}


@get("/workload", sync_to_thread=True, **may(ENTRY.permission))
def look(call: NamedDependency[Call], desk: NamedDependency[Desk], cursor: Cursor = None) -> Response[str]:
    """Show everybody's load, the fullest first, who is away, and what waits for an attorney."""
    with call.acting() as acting:
        return _page(acting, desk, cursor)


def _page(
    acting: Acting,
    desk: Desk,
    cursor: str | None = None,
    *,
    status: int = 200,
    filled: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
) -> Response[str]:
    everybody = sorted(profiles.listing(acting), key=_fullness)
    takers = [one for one in everybody if one.takes_cases]
    return desk.page(
        acting,
        "workload.html",
        status=status,
        attorneys=everybody,
        takers=takers,
        levels=[attorney.level(one) for one in everybody if one.takes_cases or one.workload.held],
        full=[one for one in takers if not one.workload.free],
        away=[one for one in takers if one.away],
        free=sum(one.workload.free for one in takers if not one.away),
        today=time_off.today_of(acting.session),
        others=attorneys.could_be(acting) if desk.may("attorneys.manage") else [],
        filled=filled,
        errors=errors,
        **_waiting(acting, desk, cursor),
    )


def _waiting(acting: Acting, desk: Desk, cursor: str | None) -> dict[str, Any]:
    """What waits for an attorney, for those who may see cases."""
    if not desk.may("cases.read"):
        return {"waiting": None, "number": 0, "people": {}, "born": {}, "following": None}
    found = page_of(history.waiting(acting, paging(cursor, SHOWN)), history.waits, SHOWN)
    following = found.pagination.next_cursor
    people = naming.names_of(acting, [one.client_id for one in found.data])
    return {
        "waiting": found.data,
        "number": queueing.number(acting),
        "people": people,
        "born": naming.apart(acting, people) if desk.may("clients.read") else {},
        "following": following and f"/workload?{urlencode({'cursor': following})}#waiting",
    }


def _fullness(one: Profile) -> tuple[bool, float, str]:
    """Those who take cases first, by how full they are; of equals by name."""
    load = one.workload
    share = load.held / load.may_hold if load.may_hold else inf if load.held else 0
    return (not one.takes_cases, -share, one.name)


@post("/workload", sync_to_thread=True, **takes_form("attorneys.manage"))
def let_hold(form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[Any]:
    """Let a member of staff hold cases, once however often it is pressed."""
    try:
        asked = form.read(NewAttorney)
        with call.acting() as acting:
            answer = once(acting, form.keyed(call), asked, lambda: added(acting, asked))
    except (Invalid, Conflict, NotFound) as problem:
        return _again(call, desk, form, problem)
    return desk.on_to(f"/workload/{answered(answer, Profile).id}", "workload_added")


def _again(call: Call, desk: Desk, form: Form, problem: Problem) -> Response[Any]:
    errors = problem.faults if isinstance(problem, Faulty) else {"email": problem.sentence}
    status = 409 if isinstance(problem, Conflict) else 422
    with call.acting() as acting:
        return _page(acting, desk, status=status, filled=form.fields, errors=errors)


HANDLERS = (look, let_hold, *what_if.HANDLERS, *attorney.HANDLERS)
