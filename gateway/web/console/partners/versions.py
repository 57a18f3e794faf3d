"""Versions of a partner's settings: one with what going back to it would change, two compared, one taken again."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway.domain.partners import homes, versions
from gateway.domain.partners.homes import Home
from gateway.errors import Conflict, Faulty, Outdated, Permanent
from gateway.office import Acting
from gateway.web.api.configs import ConfigView, DifferenceView, Number, Return, activated, compared
from gateway.web.api.partners import Slug
from gateway.web.calls import Call, may
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk
from gateway.web.problems import Rejected

MOST_LINES = 1_000  # of a text that a page shows; all of it is to be had as JSON
NOTHING: Mapping[str, str] = {}
Chosen = Annotated[int | None, QueryParameter(ge=1, le=2_147_483_647, description="Number of a version.")]


@get("/partners/{slug:str}/versions/{number:int}", sync_to_thread=True, **may("partners.read"))
def look(slug: Slug, number: Number, call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show one version: its text, and what going back to it would change."""
    with call.acting() as acting:
        return _one(acting, desk, homes.home_of(acting, slug), number)


def _one(
    acting: Acting,
    desk: Desk,
    home: Home,
    number: int,
    *,
    status: int = 200,
    reason: str = "",
    errors: Mapping[str, str] = NOTHING,
) -> Response[str]:
    config = versions.version(acting, home, number)
    current = versions.in_force(acting, home.partner_id)
    lines = config.source.splitlines()
    return desk.page(
        acting,
        "partner_version.html",
        status=status,
        slug=home.slug,
        version=ConfigView.of(config),
        current=ConfigView.of(current) if current else None,
        difference=_difference(acting, home, current.version, number) if current and current is not config else None,
        text="\n".join(lines[:MOST_LINES]),
        more=max(0, len(lines) - MOST_LINES),
        tables={name: text.count("\n") for name, text in config.tables.items()},
        reason=reason,
        errors=errors,
    )


def _difference(acting: Acting, home: Home, before: int, after: int) -> DifferenceView | str:
    """How two versions differ, or the sentence that says why nobody can tell."""
    try:
        return compared(acting, home, before, after)
    except Permanent as problem:
        if problem.code == "not_found":
            raise
        return problem.sentence


@get("/partners/{slug:str}/versions/compared", sync_to_thread=True, **may("partners.read"))
def compare(
    slug: Slug,
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    before: Chosen = None,
    after: Chosen = None,
) -> Response[str]:
    """Show how one version differs from another; unless they are chosen, the one in force from the one before it."""
    with call.acting() as acting:
        home = homes.home_of(acting, slug)
        current = versions.in_force(acting, home.partner_id)
        after = after or (current.version if current else 1)
        before = before or max(1, after - 1)
        difference = _difference(acting, home, before, after)
        return desk.page(
            acting, "partner_compared.html", slug=home.slug, before=before, after=after, difference=difference
        )


@post("/partners/{slug:str}/versions/{number:int}/activate", sync_to_thread=True, **takes_form("partners.configure"))
def activate(
    slug: Slug,
    number: Number,
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Go back to an older version, with a reason, unless somebody was faster."""
    try:
        answer = activated(slug, number, form.read(Return), form.keyed(call), f'"{form.fields.get("version", "")}"')
    except (Faulty, Conflict, Rejected) as problem:
        with call.acting() as acting:
            home = homes.home_of(acting, slug)
            status, sentence = _why(acting, home, problem)
            given, errors = form.fields.get("reason", ""), {"reason": sentence}
            return _one(acting, desk, home, number, status=status, reason=given, errors=errors)
    said = "partner-activated" if answer.status_code == HTTPStatus.CREATED else "partner-same"
    return desk.on_to(f"/partners/{slug}#settings", said)


def _why(acting: Acting, home: Home, problem: Faulty | Conflict | Rejected) -> tuple[int, str]:
    """The status of the answer, and what is wrong as a sentence."""
    if isinstance(problem, Faulty):
        return 422, problem.faults.get("reason", problem.sentence)
    if isinstance(problem, Rejected):
        return problem.status, problem.sentence
    if not isinstance(problem, Outdated):
        return 409, problem.sentence
    now = versions.in_force(acting, home.partner_id)
    stands = f"version {now.version}, by {now.applied_by}, is in force now" if now else "none is in force now"
    return 412, f"Somebody was faster: {stands}. Below is what would change from that; if you still want it, repeat it."


HANDLERS = (look, compare, activate)
