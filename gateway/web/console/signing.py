"""Signing in and out."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway.domain.access import sessions
from gateway.errors import Faulty
from gateway.office import Office
from gateway.web.api import auth
from gateway.web.auth import cookies
from gateway.web.calls import OPEN, Call
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import SIGN_IN, html, own_path, seen
from gateway.web.problems import Rejected

Next = Annotated[str | None, QueryParameter(name="next", max_length=1_000)]


@get(SIGN_IN, sync_to_thread=True, **OPEN)
def offer(after: Next = None) -> Response[str]:
    """Ask who somebody is."""
    return _asked(own_path(after))


@post(SIGN_IN, **takes_form(None))
async def sign_in(
    form: NamedDependency[Form], request: Request[Any, Any, State], office: NamedDependency[Office], state: State
) -> Response[Any]:
    """Open a session, and lead on; what goes wrong is told above the form, with all but the password left in it."""
    after = own_path(form.fields.get("next"))
    try:
        opened = await auth.let_in(form.read(auth.SignIn), request, office, state)
    except Faulty as problem:
        return _asked(after, form, 422, errors=problem.faults)
    except Rejected as problem:
        page = _asked(after, form, problem.status, refusal=problem.sentence)
        page.headers.update(problem.headers)
        return page
    return seen(after, opened.cookies)


@post("/sign-out", sync_to_thread=True, **takes_form("me.write"))
def sign_out(form: NamedDependency[Form], call: NamedDependency[Call]) -> Response[Any]:  # noqa: ARG001 - it is there to be checked
    """End the session."""
    with call.acting() as acting:
        sessions.end(acting, call.session_id)
    return seen(SIGN_IN, cookies.signed_out(call.office.settings))


def _asked(after: str, form: Form | None = None, status: int = 200, **told: object) -> Response[str]:
    given = form.fields if form else {}
    told = {"refusal": None, "errors": {}} | told
    return html("sign_in.html", status, after=after, email=given.get("email", ""), firm=given.get("firm", ""), **told)


HANDLERS = (offer, sign_in, sign_out)
