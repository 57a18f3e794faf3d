"""A person's checks, and asking for another one; one that came to nothing is tried again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway import clock
from gateway.domain.eligibility import docket
from gateway.domain.people import naming
from gateway.domain.rules.criteria import in_force
from gateway.domain.rules.profile_kinds import profile_kinds
from gateway.errors import Conflict, Incomplete, Problem, TooOften
from gateway.office import Acting
from gateway.web.api.checks import Wanted, asked
from gateway.web.calls import Call, may
from gateway.web.console.eligibility.lines import line_of
from gateway.web.console.eligibility.listing import OfVisa
from gateway.web.console.eligibility.one import shown
from gateway.web.console.forms import Form, taken, takes_form
from gateway.web.console.page import Desk
from gateway.web.pages import Cursor, page_of, paging
from outbound.checking import asking

SAID = {
    "check_asked": "Asked. The answer stands here as soon as there is one.",
    "check_retried": "It is tried again now.",
}
SHOWN = 20
NOTHING: Mapping[str, str] = {}


class Lack(NamedTuple):
    """What nobody has told yet: a kind of entry with what it means, and its fields."""

    kind: str
    means: str
    fields: Sequence[str]


@get("/clients/{client_id:uuid}/eligibility", sync_to_thread=True, **may("checks.read"))
def browse(
    client_id: FromPath[UUID],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    visa: OfVisa = None,
    cursor: Cursor = None,
) -> Response[str]:
    """List the checks of a person, the newest first, and offer another one."""
    with call.acting() as acting:
        return _person(acting, desk, client_id, chosen=[visa] if visa else [], cursor=cursor)


@post("/clients/{client_id:uuid}/eligibility", sync_to_thread=True, **takes_form("checks.ask"))
def ask(
    client_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Ask which visas a person's profile fits."""
    chosen = list(form.under("visa:"))
    try:
        with call.acting() as acting:
            answer = asked(acting, form.keyed(call), client_id, taken({"visas": chosen}, Wanted, strict=True))
    except (Incomplete, TooOften, Conflict) as problem:
        return _refused(call, desk, client_id, chosen, problem)
    return desk.on_to(f"/eligibility/{answer.headers['Location'].rpartition('/')[2]}", "check_asked")


@post("/eligibility/{check_id:uuid}/retry", sync_to_thread=True, **takes_form("checks.ask"))
def retry(
    check_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - checked, and of no more interest
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Have a check tried again that came to nothing, or waits for its next try."""
    try:
        with call.acting() as acting:
            asking.retry(acting, check_id)
    except Conflict as problem:
        with call.acting() as acting:
            return shown(acting, desk, check_id, status=409, errors={"retry": problem.sentence})
    return desk.on_to(f"/eligibility/{check_id}", "check_retried")


# ------------------------------------------------------------------------------------------------ the page


def _refused(call: Call, desk: Desk, client_id: UUID, chosen: Collection[str], problem: Problem) -> Response[str]:
    status = 400 if isinstance(problem, Incomplete) else 429 if isinstance(problem, TooOften) else 409
    missing = problem.missing if isinstance(problem, Incomplete) else {}
    with call.acting() as acting:
        errors = {"ask": problem.sentence}
        return _person(acting, desk, client_id, chosen=chosen, missing=missing, errors=errors, status=status)


def _person(
    acting: Acting,
    desk: Desk,
    client_id: UUID,
    *,
    chosen: Collection[str],
    cursor: str | None = None,
    missing: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    errors: Mapping[str, str] = NOTHING,
    status: int = 200,
) -> Response[str]:
    found = docket.listed(acting, docket.CheckFilter(client_id), paging(cursor, SHOWN))
    page = page_of(found, line_of, SHOWN)
    visas = in_force(clock.now().date())
    return desk.page(
        acting,
        "client_eligibility.html",
        status=status,
        client_id=client_id,
        name=naming.names_of(acting, [client_id]).get(client_id, "a client"),
        found=page.data,
        is_first=cursor is None,
        following=page.pagination.next_cursor,
        visas=visas,
        chosen={one.upper() for one in chosen},
        lacks={one.name: lacks_of(missing[one.id]) for one in visas if one.id in (missing or {})} if missing else {},
        errors=errors,
    )


def lacks_of(missing: Mapping[str, Sequence[str]]) -> list[Lack]:
    """By kind of entry, with what it means."""
    kinds = profile_kinds()
    return [Lack(kind, kinds[kind].means if kind in kinds else kind, fields) for kind, fields in missing.items()]


HANDLERS = (browse, ask, retry)
