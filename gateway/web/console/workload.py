"""Who has how much, who is away, and what waits for an attorney; capacity and time off are said here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import inf
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import UNSET

from gateway.domain.assignment import attorneys, history, profiles, time_off
from gateway.domain.assignment.profiles import Days, Profile
from gateway.errors import Conflict, Faulty, Invalid, Problem
from gateway.office import Acting
from gateway.web.api.attorneys import AttorneyChange, NewTimeOff, noted
from gateway.web.calls import Call, may
from gateway.web.console import what_if
from gateway.web.console.forms import Form, Unfilled, takes_form
from gateway.web.console.page import Desk, Entry
from gateway.web.console.plots.levels import Level
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, page_of, paging

ENTRY = Entry("Workload", "/workload", "attorneys.read")
SAID = {
    "workload_capacity": "Said. Cases that are held stay; the next one is given by the new capacity.",
    "workload_away": "Noted. No case is given to them for these days; those they hold stay with them.",
    "workload_back": "Taken back.",
}
SHOWN = 50
NOTHING: Mapping[str, str] = {}


@get("/workload", sync_to_thread=True, **may(ENTRY.permission))
def look(call: NamedDependency[Call], desk: NamedDependency[Desk], cursor: Cursor = None) -> Response[str]:
    """Show everybody's load, the fullest first, who is away, and what waits for an attorney."""
    with call.acting() as acting:
        everybody = sorted(profiles.listing(acting), key=_fullness)
        takers = [one for one in everybody if one.takes_cases]
        return desk.page(
            acting,
            "workload.html",
            attorneys=everybody,
            takers=takers,
            levels=[_level(one) for one in everybody if one.takes_cases or one.workload.held],
            full=[one for one in takers if not one.workload.free],
            away=[one for one in takers if one.away],
            free=sum(one.workload.free for one in takers if not one.away),
            today=time_off.today_of(acting.session),
            **_waiting(acting, desk, cursor),
        )


def _waiting(acting: Acting, desk: Desk, cursor: str | None) -> dict[str, Any]:
    """What waits for an attorney, for those who may see cases."""
    if not desk.may("cases.read"):
        return {"waiting": None, "following": None}
    found = page_of(history.waiting(acting, paging(cursor, SHOWN)), history.waits, SHOWN)
    following = found.pagination.next_cursor
    return {"waiting": found.data, "following": following and f"/workload?{urlencode({'cursor': following})}#waiting"}


def _fullness(one: Profile) -> tuple[bool, float, str]:
    """Those who take cases first, by how full they are; of equals by name."""
    load = one.workload
    share = load.held / load.may_hold if load.may_hold else inf if load.held else 0
    return (not one.takes_cases, -share, one.name)


def _level(one: Profile) -> Level:
    load = one.workload
    return Level(one.name, load.held, load.urgent, load.may_hold, is_away=one.away is not None)


@get("/workload/{attorney_id:uuid}", sync_to_thread=True, **may(ENTRY.permission))
def one(attorney_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show one attorney: the load, what they know, and when they are away."""
    with call.acting() as acting:
        return _one(acting, desk, attorney_id)


def _one(
    acting: Acting,
    desk: Desk,
    attorney_id: UUID,
    *,
    status: int = 200,
    filled: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
) -> Response[str]:
    shown = profiles.of(acting, attorneys.find(acting, attorney_id))
    today = time_off.today_of(acting.session)
    is_me = shown.staff_id == acting.actor.id
    return desk.page(
        acting,
        "attorney.html",
        status=status,
        attorney=shown,
        levels=[_level(shown)],
        off=_ahead([Days.of(each) for each in time_off.listing(acting, attorney_id)], today),
        may_say_away=desk.may("attorneys.manage") or (is_me and desk.may("time_off.write")),
        is_me=is_me,
        today=today,
        filled=filled,
        errors=errors,
    )


def _ahead(off: Sequence[Days], today: date) -> list[Days]:
    """What is not over, the next first."""
    return sorted((one for one in off if one.last >= today), key=lambda one: one.first)


# ------------------------------------------------------------------------------------------------ what is said


@post("/workload/{attorney_id:uuid}/capacity", sync_to_thread=True, **takes_form("attorneys.manage"))
def say_capacity(
    attorney_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Say how many active cases somebody may hold at full time."""
    try:
        asked = Form({"capacity": form.fields.get("capacity", "")}, {}).read(AttorneyChange)
        if asked.capacity is UNSET:
            raise Unfilled("not_filled_in", "Nothing was said.", {"capacity": "Fill this in."})
        with call.acting() as acting:
            attorneys.change(acting, attorney_id, asked.said)
    except Invalid as problem:
        return _again(call, desk, attorney_id, form, problem, "capacity")
    return desk.on_to(f"/workload/{attorney_id}", "workload_capacity")


@post("/workload/{attorney_id:uuid}/time-off", sync_to_thread=True, **takes_form("time_off.write"))
def say_away(
    attorney_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Note that somebody is away, once however often it is pressed."""
    try:
        asked = form.read(NewTimeOff)
        with call.acting() as acting:
            once(acting, form.keyed(call), asked, lambda: noted(acting, attorney_id, asked))
    except Invalid as problem:
        return _again(call, desk, attorney_id, form, problem, "last")
    return desk.on_to(f"/workload/{attorney_id}", "workload_away")


@post("/workload/{attorney_id:uuid}/time-off/{off_id:uuid}/remove", sync_to_thread=True, **takes_form("time_off.write"))
def take_back(
    attorney_id: FromPath[UUID],
    off_id: FromPath[UUID],
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Take back what is to come; what has begun ends yesterday."""
    try:
        with call.acting() as acting:
            time_off.remove(acting, attorney_id, off_id)
    except Conflict as problem:
        return _again(call, desk, attorney_id, form, problem, "first")
    return desk.on_to(f"/workload/{attorney_id}", "workload_back")


def _again(call: Call, desk: Desk, attorney_id: UUID, form: Form, problem: Problem, field: str) -> Response[Any]:
    """The page with what was filled in, and at its field why that cannot be."""
    errors = problem.faults if isinstance(problem, Faulty) else {field: problem.sentence}
    with call.acting() as acting:
        status = 409 if isinstance(problem, Conflict) else 422
        return _one(acting, desk, attorney_id, status=status, filled=form.fields, errors=errors)


HANDLERS = (look, *what_if.HANDLERS, one, say_capacity, say_away, take_back)
