"""What a draft would do with the last files, on a page of its own: looked at again until a worker has found out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from litestar import Response, get, post
from litestar.di import NamedDependency

from gateway.db.models import LOADED_STATES
from gateway.errors import Conflict, Invalid, NotFound
from gateway.web.api.partners import Slug
from gateway.web.api.trials import CameTo, NewTrial, TrialView, TriedFile, asked
from gateway.web.calls import Call, may
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk
from gateway.web.console.studio.changing import again
from gateway.web.problems import Rejected
from ingest.studio import drafts, trials

SAID = {"studio-trying": "Nothing is written by trying."}
_HERE = "/partners/{slug:str}/studio/trial"
_KINDS = {"clients": "People", "cases": "Cases", "documents": "Papers"}
_DEEDS = {"created": "new", "updated": "changed", "closed": "closed"}


class Count(NamedTuple):
    """One number by both settings."""

    words: str
    before: int
    after: int


@get(_HERE, sync_to_thread=True, **may("partners.configure", large=True))
def look(slug: Slug, call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show what the draft would do; where nobody asked, offer to find out."""
    with call.acting() as acting:
        draft = drafts.read(acting, slug)
        found = trials.look(acting, slug)
        view = TrialView.of(found) if found else None
        return desk.page(
            acting,
            "studio_trial.html",
            slug=slug,
            feeds=trials.feeds(acting, slug),
            in_force=draft.in_force,
            found=view,
            files=[(one, [*sentences(one)], [*counts(one)]) for one in view.files] if view else [],
        )


@post(_HERE, sync_to_thread=True, **takes_form("partners.configure"))
def ask(
    slug: Slug, form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Have a worker find out."""
    try:
        asked(slug, form.read(NewTrial), call)
    except (Invalid, Conflict, NotFound, Rejected) as problem:
        return again(slug, call, desk, problem, "feed")
    return desk.on_to(f"/partners/{slug}/studio/trial", "studio-trying")


def sentences(file: TriedFile) -> Iterator[str]:
    """What a file would come to, the gravest first."""
    before, after = file.before, file.after
    if before is None or after is None:
        yield f"{file.gone} It can be tried no more."
        return
    if after.state not in LOADED_STATES:
        same = " So it would be by the version in force." if before.state == after.state else ""
        yield f"It would be {after.state}: {after.reason}{same}"
    elif before.state not in LOADED_STATES:
        yield f"It would load, which it would not by the version in force: {before.reason}"
    if closed := after.records["clients"]["closed"]:
        yield f"{_people(closed)} would be closed{_instead(before.records['clients']['closed'], closed)}."
    told = _rows(before, after)
    yield f"Once released, {told[0].lower()}{told[1:]}" if after.state == "held" else told


def counts(file: TriedFile) -> Iterator[Count]:
    """The numbers of a file, those that are nought by both settings left out."""
    before, after = file.before, file.after
    if before is None or after is None:
        return
    yield Count("Rows that load", before.loading, after.loading)
    yield Count("Rows rejected", before.rows["rejected"], after.rows["rejected"])
    yield from _some(Count("Rows left out", before.rows["skipped"], after.rows["skipped"]))
    yield from _some(Count("Rows that a newer file overtook", before.rows["stale"], after.rows["stale"]))
    for kind, words in _KINDS.items():
        for deed, word in _DEEDS.items():
            yield from _some(Count(f"{words} {word}", before.records[kind][deed], after.records[kind][deed]))


def _some(count: Count) -> Iterator[Count]:
    if count.before or count.after:
        yield count


def _rows(before: CameTo, after: CameTo) -> str:
    more = after.loading - before.loading
    if not more:
        return "As many rows would load as by the version in force."
    rows = f"{abs(more):,} {'row' if abs(more) == 1 else 'rows'}"
    return f"{rows} {'more' if more > 0 else 'fewer'} would load than by the version in force."


def _people(number: int) -> str:
    return f"{number:,} {'person' if number == 1 else 'people'}"


def _instead(before: int, after: int) -> str:
    return ", as by the version in force" if before == after else f", and {before:,} by the version in force"


HANDLERS = (look, ask)
