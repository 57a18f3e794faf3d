"""The work that the gateway does by itself: what is dead, what takes too long, how queues stand; tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from gateway import clock
from gateway.db.models import JOB_STATES
from gateway.domain.upkeep import jobs
from gateway.errors import Conflict
from gateway.office import Acting
from gateway.web.api.jobs import JobView, Kind, QueueView
from gateway.web.calls import Call, may
from gateway.web.console.admin.job_words import QUEUE_WORDS, WORDS
from gateway.web.console.admin.parts import page
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk
from gateway.web.pages import Cursor, Page, page_of, paging
from gateway.wings import KINDS

SAID = {"job-retried": "It waits for a worker again, and is done as soon as one is free."}
SHOWN, FIRST = 50, 10  # in a list of its own, and where lists stand below each other
OF_FILES: Sequence[str] = ("ingest.run", "ingest.receipts")  # kinds that are about an import
Which = Literal["dead", "late", "waiting", "running", "done", ""]
Wanted = Annotated[Which | None, QueryParameter(name="which")]  # empty: as a form says "what needs a hand"


@get("/admin/jobs", sync_to_thread=True, **may("jobs.read"))
def browse(
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    which: Wanted = None,
    kind: Kind = None,
    cursor: Cursor = None,
) -> Response[str]:
    """List those that are dead and those that take too long, or those of one state; and how each queue stands."""
    with call.acting() as acting:
        lists = {one: _found(acting, one, kind or None, cursor, SHOWN if which else FIRST) for one in _ways(which)}
        return page(
            acting,
            desk,
            "admin_jobs.html",
            lists={one: found.data for one, found in lists.items()},
            following={
                one: urlencode({"which": one, "kind": kind or "", "cursor": (which and further) or ""})
                for one, found in lists.items()
                if (further := found.pagination.next_cursor)
            },
            queues=[QueueView.of(one) for one in jobs.standing(acting)],
            which=which,
            kind=kind,
            ways=[one for one in get_args(Which) if one],
            **_words(),
        )


def _ways(which: Which | None) -> Sequence[Which]:
    return [which] if which else ["dead", "late"]


def _found(acting: Acting, which: Which, kind: str | None, cursor: str | None, most: int) -> Page[JobView]:
    state = which if which in JOB_STATES else None
    wanted = jobs.JobFilter(state, kind, late=which == "late")  # type: ignore[arg-type]  # it is one of the states
    return page_of(jobs.listed(acting, wanted, paging(cursor or None, most)), JobView.of, most)


@get("/admin/jobs/{job_id:uuid}", sync_to_thread=True, **may("jobs.read"))
def look(job_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show one of them, and what its last attempt stumbled over."""
    return _one(call, desk, job_id)


def _one(call: Call, desk: Desk, job_id: UUID, **told: Any) -> Response[str]:  # noqa: ANN401 - a template's
    with call.acting() as acting:
        return page(acting, desk, "admin_job.html", one=JobView.of(jobs.show(acting, job_id)), **_words(), **told)


def _words() -> Mapping[str, object]:
    return {"called": WORDS, "queue_words": QUEUE_WORDS, "of_files": OF_FILES, "now": clock.now()}


@post("/admin/jobs/{job_id:uuid}/retry", sync_to_thread=True, **takes_form("jobs.retry"))
def retry(
    job_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Let one run again."""
    try:
        with call.acting() as acting:
            jobs.retry(acting, KINDS, job_id)
    except Conflict as problem:
        return _one(call, desk, job_id, status=409, errors={"retry": problem.sentence})
    return desk.on_to("/admin/jobs", "job-retried")


HANDLERS = (browse, look, retry)
