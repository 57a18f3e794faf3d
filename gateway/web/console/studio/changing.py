"""What is done with a draft on its page; what was typed and cannot be kept stays there, beside what is there now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from gateway.errors import Conflict, Faulty, Invalid, Outdated, Problem
from gateway.office import Acting
from gateway.web.api.config_drafts import (
    Application,
    ColumnMapping,
    NewestFile,
    applied,
    edit_of,
    proposed,
    sample_in,
    tried,
)
from gateway.web.api.configs import Reason
from gateway.web.api.partners import Slug
from gateway.web.calls import Call
from gateway.web.console.forms import Form, Unfilled, takes_form
from gateway.web.console.page import Desk
from gateway.web.console.studio.one import shown
from gateway.web.idempotency import once
from gateway.web.problems import Rejected
from gateway.web.versions import expected
from ingest.studio import drafts, editing, taking, working

SAID = {
    "studio-saved": "Saved.",
    "studio-sample": "The sample is kept, encrypted.",
    "studio-taken": "The newest file is taken as the sample, encrypted. That you took it is on record.",
    "studio-proposed": "Settings are inferred. What is unsure stands first.",
    "studio-applied": "The settings are in force, as a new version with your reason beside it; the draft has ended.",
    "studio-dropped": "The draft is given up, with its sample.",
}
MAY = "partners.configure"
_FASTER = (
    "Somebody else has changed this draft since you looked. What it is now stands below, and beside it what you typed."
)
_HERE = "/partners/{slug:str}/studio"


class Reasoned(Application, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same with a reason, which whoever sits at the page is asked for, as for going back to an older version."""

    reason: Reason


@post(f"{_HERE}/sample", sync_to_thread=True, request_max_body_size=16 << 20, **takes_form(MAY, large=True))
def send(
    slug: Slug, form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Take a file as the sample."""

    def act(acting: Acting) -> None:
        file = form.files.get("file")
        if file is None:
            raise Unfilled("not_filled_in", "There is no file.", {"file": "Choose a file such as the partner sends."})
        working.put_sample(acting, slug, sample_in(file), expected(_seen(form)))

    return _done(slug, call, desk, act, "studio-sample", at="file")


@post(f"{_HERE}/sample/newest", sync_to_thread=True, **takes_form(MAY, large=True))
def take(
    slug: Slug, form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Take the newest file that came as the sample."""

    def act(acting: Acting) -> None:
        taking.take_newest(acting, slug, form.read(NewestFile).feed, expected(_seen(form)))

    return _done(slug, call, desk, act, "studio-taken", at="newest")


@post(f"{_HERE}/proposal", sync_to_thread=True, **takes_form(MAY, large=True))
def propose(
    slug: Slug, form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk], state: State
) -> Response[Any]:
    """Infer settings from the sample."""
    try:
        proposed(slug, call, state, _seen(form))
    except (Invalid, Conflict, Rejected) as problem:
        return again(slug, call, desk, problem, "file")
    return desk.on_to(f"/partners/{slug}/studio", "studio-proposed")


@post(f"{_HERE}/suggestion", sync_to_thread=True, **takes_form(MAY))
def suggest(
    slug: Slug, form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Take what was inferred as the text."""

    def act(acting: Acting) -> None:
        found = drafts.read(acting, slug).proposal
        if found is None:
            raise Conflict("no_proposal", "Nothing is inferred from the sample yet.")
        drafts.save(acting, slug, found.config, expected(_seen(form)))

    return _done(slug, call, desk, act, "studio-saved", at="file")


@post(f"{_HERE}/columns", sync_to_thread=True, **takes_form(MAY))
def edit(
    slug: Slug, form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Say what a column becomes."""
    place = form.fields.get("place", "")
    opened = int(place) if place.isdecimal() and len(place) < 6 else None  # noqa: PLR2004 - digits

    def act(acting: Acting) -> None:
        formats = [one.strip() for one in form.fields.get("dates", "").split(",") if one.strip()]
        asked = edit_of(form.read(ColumnMapping, formats=formats))
        editing.edit(acting, slug, asked, expected(_seen(form)))

    where = f"/partners/{slug}/studio#column-{opened}"
    return _done(slug, call, desk, act, "studio-saved", at="field", to=where, opened=opened, filled=form.fields)


@post(f"{_HERE}/source", sync_to_thread=True, request_max_body_size=4 << 20, **takes_form(MAY, large=True))
def save(
    slug: Slug, form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Keep the text."""
    text = form.fields.get("source", "")

    def act(acting: Acting) -> None:
        drafts.save(acting, slug, text, expected(_seen(form)))

    return _done(slug, call, desk, act, "studio-saved", at="source", to=f"/partners/{slug}/studio#source", typed=text)


@post(f"{_HERE}/preview", sync_to_thread=True, status_code=200, **takes_form(MAY, large=True))
def preview(
    slug: Slug,
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    state: State,
) -> Response[Any]:
    """Show what would come of the sample; names stand on the page, so it has no address of its own."""
    try:
        found = tried(slug, call, state)
    except (Invalid, Conflict, Rejected) as problem:
        return again(slug, call, desk, problem, "preview")
    with call.acting() as acting:
        return shown(acting, desk, slug, preview=found)


@post(f"{_HERE}/apply", sync_to_thread=True, **takes_form(MAY))
def put_in_force(
    slug: Slug, form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Put the draft in force, as it was compared."""

    def act(acting: Acting) -> None:
        data = form.read(Reasoned)
        once(acting, form.keyed(call), data, lambda: applied(acting, slug, data, _seen(form)))

    return _done(slug, call, desk, act, "studio-applied", at="apply", reason=form.fields.get("reason", ""))


@post(f"{_HERE}/drop", sync_to_thread=True, **takes_form(MAY))
def give_up(
    slug: Slug, form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Destroy the draft."""

    def act(acting: Acting) -> None:
        drafts.drop(acting, slug, expected(_seen(form)))

    return _done(slug, call, desk, act, "studio-dropped", at="apply", to="/studio")


def _seen(form: Form) -> str | None:
    version = form.fields.get("version")
    return None if version is None else f'"{version}"'


def _done(
    slug: str,
    call: Call,
    desk: Desk,
    act: Callable[[Acting], None],
    said: str,
    *,
    at: str,
    to: str | None = None,
    **told: object,
) -> Response[Any]:
    """What follows an act: the page again; with what stands in the way, if it cannot be."""
    try:
        with call.acting() as acting:
            act(acting)
    except (Invalid, Conflict, Rejected) as problem:
        return again(slug, call, desk, problem, at, **told)
    return desk.on_to(to or f"/partners/{slug}/studio", said)


def again(slug: str, call: Call, desk: Desk, problem: Problem, at: str, **told: Any) -> Response[Any]:  # noqa: ANN401 - a template's
    """The page of a draft, with what stands in the way of what somebody wanted."""
    errors = dict(problem.faults) if isinstance(problem, Faulty) else {at: problem.sentence}
    status = 200
    if isinstance(problem, Outdated):
        errors, status = {at: _FASTER}, 412
    elif isinstance(problem, Conflict):
        status = 409
    elif isinstance(problem, Rejected):
        status = problem.status
    with call.acting() as acting:
        return shown(acting, desk, slug, status=status, errors=errors, **told)


HANDLERS = (send, take, propose, suggest, edit, save, preview, put_in_force, give_up)
