"""What concerns whoever looks: password, sessions, and how they want to be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.db.models import PACES
from gateway.domain.access import accounts, passwords, sessions
from gateway.domain.people.fields import DOCUMENT_TYPES
from gateway.domain.preferences import budgets, paces, quiet
from gateway.domain.preferences.overview import overview
from gateway.errors import Faulty, Problem
from gateway.web.api.auth import NewPassword, SessionView, put_password
from gateway.web.api.preferences import NewHours, WishChange, hours_of
from gateway.web.calls import Call, may
from gateway.web.console.forms import Form, Unfilled, takes_form
from gateway.web.console.page import Desk, Entry
from gateway.web.problems import Rejected

ENTRY = Entry("You: password, sessions, and how you are told", "/me", "me.read", is_own=True)
SAID = {
    "password": "Your password is changed, and your other sessions have ended.",
    "session": "That session has ended.",
    "sessions": "You are signed in here, and nowhere else.",
    "wish": "Noted. It counts for what is sent from now on.",
    "hours": "Noted. Your quiet hours hold from now on.",
}
NOTHING: Mapping[str, str] = {}
USUAL = "usual"  # the choice that takes a wish of one's own back
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AGAIN = "This is not what stands above."


@get("/me", sync_to_thread=True, **may(ENTRY.permission))
def look(call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show it."""
    return _shown(call, desk)


def _shown(
    call: Call,
    desk: Desk,
    *,
    status: int = 200,
    filled: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
) -> Response[str]:
    with call.acting() as acting:
        found = overview(acting, call.who.id)
        return desk.page(
            acting,
            "me.html",
            status=status,
            person=accounts.oneself(acting),
            sessions=[SessionView.of(one, call.session_id) for one in sessions.own(acting)],
            told=found,
            budgets=[one for one in found.budgets if one.kind == "staff"],
            channels=budgets.channels(),
            papers=sorted(DOCUMENT_TYPES),
            paces=PACES,
            days=list(enumerate(DAYS, 1)),
            least=passwords.LEAST,
            most=passwords.MOST,
            filled=filled,
            errors=errors,
        )


# ------------------------------------------------------------------------------------------------ password and sessions


@post("/me/password", sync_to_thread=True, **takes_form("me.write"))
def change_password(
    form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Change one's own password; what is wrong is told at its field, and no password is shown again."""
    try:
        wanted = form.read(NewPassword)
        if form.fields.get("again") != wanted.new:
            raise Unfilled("not_filled_in", "The new password is there twice, and differs.", {"again": _AGAIN})
        put_password(call, wanted)
    except Faulty as problem:
        return _shown(call, desk, status=422, errors=problem.faults)
    except Rejected as problem:
        page = _shown(call, desk, status=problem.status, errors={"current": problem.sentence})
        page.headers.update(problem.headers)
        return page
    except Problem as problem:
        if problem.code != "password_weak":
            raise
        return _shown(call, desk, status=422, errors={"new": problem.sentence})
    return desk.on_to("/me", "password")


@post("/me/sessions/{session_id:uuid}/end", sync_to_thread=True, **takes_form("me.write"))
def end_session(
    session_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """End a session that was left open."""
    with call.acting() as acting:
        sessions.end_own(acting, session_id)
    return desk.on_to("/me", "session")


@post("/me/sessions/end", sync_to_thread=True, **takes_form("me.write"))
def end_others(
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """End all but this one."""
    with call.acting() as acting:
        sessions.end_others(acting, call.session_id)
    return desk.on_to("/me", "sessions")


# ------------------------------------------------------------------------------------------------ how one is told


@post("/me/wishes", sync_to_thread=True, **takes_form("preferences.write"))
def wish(form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[Any]:
    """Say how often to be told by a channel, of papers of a type or of all."""
    try:
        wanted = form.read(WishChange)
    except Faulty as problem:
        return _shown(call, desk, status=422, filled=form.fields, errors=problem.faults)
    pace = None if wanted.pace == USUAL else wanted.pace
    with call.acting() as acting:
        paces.change(acting, call.who.id, wanted.channel, wanted.doc_type, pace)
    return desk.on_to("/me", "wish")


@post("/me/quiet-hours", sync_to_thread=True, **takes_form("preferences.write"))
def keep_quiet(form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[Any]:
    """Say when not to be told, or follow the firm's hours again."""
    try:
        new = None if form.fields.get(USUAL) else form.read(NewHours, working_days=list(form.under("day:")))
    except Faulty as problem:
        return _shown(call, desk, status=422, filled=form.fields, errors=problem.faults)
    with call.acting() as acting:
        quiet.change(acting, call.who.id, None if new is None else hours_of(new))
    return desk.on_to("/me", "hours")


HANDLERS = (look, change_password, end_session, end_others, wish, keep_quiet)
