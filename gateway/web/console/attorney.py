"""One attorney: the load, what is said of them, and when they are away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import UNSET

from gateway.domain.assignment import attorneys, profiles, queueing, time_off
from gateway.domain.assignment.attorneys import LEVELS, Said
from gateway.domain.assignment.profiles import Days, Profile
from gateway.domain.rules import vocabulary
from gateway.errors import Conflict, Faulty, Invalid, Problem
from gateway.office import Acting
from gateway.web.api.attorneys import AttorneyChange, ExpertiseChange, NewTimeOff, noted
from gateway.web.calls import Call, may
from gateway.web.console.forms import Form, Unfilled, taken, takes_form
from gateway.web.console.page import Desk
from gateway.web.console.plots.levels import Level
from gateway.web.idempotency import once

_SAID = "Said. Cases that are held stay; those that wait are looked at again now, and may come to them."
SAID = {
    "workload_added": "Said. Cases come to them as long as a licence is on record and there is room.",
    "workload_capacity": _SAID,
    "workload_about": _SAID,
    "workload_away": "Noted. No case is given to them for these days; those they hold stay with them.",
    "workload_back": "Taken back. Cases that wait are looked at again now, and may come to them.",
}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOTHING: Mapping[str, str] = {}
_LEVEL, _TYPE = "level.", "new_type"  # fields of the form about expertise: a declared type's level, and a type more
_WORDS = (*AttorneyChange.__struct_fields__, "expertise")  # by which the use case begins a sentence about one of them


def level(one: Profile) -> Level:
    """The load of one, as a bar."""
    load = one.workload
    return Level(one.name, load.held, load.urgent, load.may_hold, is_away=one.away is not None)


@get("/workload/{attorney_id:uuid}", sync_to_thread=True, **may("attorneys.read"))
def look(attorney_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show one attorney: the load, what they know, and when they are away."""
    with call.acting() as acting:
        return _page(acting, desk, attorney_id)


def _page(
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
        levels=[level(shown)],
        off=_ahead([Days.of(each) for each in time_off.listing(acting, attorney_id)], today),
        may_say_away=desk.may("attorneys.manage") or (is_me and desk.may("time_off.write")),
        is_me=is_me,
        waiting=queueing.number(acting) if desk.may("cases.read") else 0,
        today=today,
        week=DAYS,
        types=[one for one in vocabulary("case_types").words if one not in shown.expertise],
        steps=LEVELS,
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


@post("/workload/{attorney_id:uuid}/about", sync_to_thread=True, **takes_form("attorneys.manage"))
def say_about(
    attorney_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Say what else there is to say of somebody; the form holds all of it, so what was emptied is no more."""
    try:
        said = _about(form.fields)
        with call.acting() as acting:
            attorneys.change(acting, attorney_id, said)
    except Invalid as problem:
        return _again(call, desk, attorney_id, form, problem, "licence")
    return desk.on_to(f"/workload/{attorney_id}", "workload_about")


def _about(fields: Mapping[str, str]) -> Said:
    hours = {day: fields[day].strip() for day in DAYS if fields.get(day, "").strip()}
    given: dict[str, object] = {
        "licence": fields.get("licence", "").strip() or None,
        "senior": "senior" in fields,
        "languages": _listed(fields.get("languages", "")),
        "certifications": _listed(fields.get("certifications", "")),
        "availability": hours,
    }
    return taken(given, AttorneyChange, strict=False).said


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


@post("/workload/{attorney_id:uuid}/expertise", sync_to_thread=True, **takes_form("attorneys.manage"))
def say_expertise(
    attorney_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Say what somebody knows, by type of case; the form holds all of it."""
    levels = form.under(_LEVEL)
    if more := form.fields.get(_TYPE):
        levels[more] = form.fields.get("new_level", "")
    try:
        asked = taken({"levels": {name: one for name, one in levels.items() if one}}, ExpertiseChange, strict=False)
        with call.acting() as acting:
            attorneys.set_expertise(acting, attorney_id, asked.levels)
    except Invalid as problem:
        return _again(call, desk, attorney_id, form, problem, _TYPE)
    return desk.on_to(f"/workload/{attorney_id}", "workload_about")


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
    with call.acting() as acting:
        status = 409 if isinstance(problem, Conflict) else 422
        return _page(acting, desk, attorney_id, status=status, filled=form.fields, errors=_faults(problem, field))


def _faults(problem: Problem, field: str) -> Mapping[str, str]:
    """By field: the last part of a place, such as the day of a week, or the word by which the sentence begins."""
    if isinstance(problem, Faulty):
        return {_place(name, field): told for name, told in problem.faults.items()}
    word, _, told = problem.sentence.partition(": ")
    if word not in _WORDS:
        return {field: problem.sentence}
    return {_place(word, field): told[:1].upper() + told[1:]}


def _place(name: str, field: str) -> str:
    first, _, last = name.partition(".")
    if first == "availability":
        return last if last in DAYS else DAYS[0]
    first = first.partition("[")[0]
    return field if first in ("levels", "expertise") else first


HANDLERS = (look, say_capacity, say_about, say_expertise, say_away, take_back)
