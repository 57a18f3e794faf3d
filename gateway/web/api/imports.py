"""Imports: what became of the files that arrived, and the decisions that wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from anyio import to_thread
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import ServerSentEvent, Stream
from msgspec import Meta, Struct, convert
from sqlalchemy.orm import Session

from gateway.db.models.imports import ImportState
from gateway.office import Acting
from gateway.web.attachments import attached
from gateway.web.auth import may_still
from gateway.web.bulkheads import Bulkhead, name_of
from gateway.web.calls import Call, may
from gateway.web.following import Following
from gateway.web.idempotency import earlier, keep
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.problems import Rejected
from ingest import holds, imports
from ingest.imports import ErrorForm
from ingest.reception import receive
from ingest.standing import Standing, standing

ErrorFormat = Annotated[ErrorForm, QueryParameter(name="format", description="csv and xlsx are for repair.")]
InState = Annotated[ImportState | None, QueryParameter(name="state", description="In this state only.")]
PartnerName = Annotated[
    str | None, QueryParameter(max_length=63, pattern=r"^[^\x00]*$", description="Of this partner only.")
]
Sentence = Annotated[
    str, Meta(min_length=1, max_length=1_000, pattern=r"^[^\x00]*$", examples=["Last month by mistake"])
]
Names = Annotated[dict[str, str], Meta(max_length=1_000, examples=[{"Employee ID": "Emp No"}])]

_MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


class ImportSummary(Struct, frozen=True, kw_only=True):
    """One import in a list."""

    import_id: UUID
    partner: str
    feed: str | None
    file: str
    state: str
    reason: str | None
    problem_count: int
    received_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, told: Mapping[str, object]) -> ImportSummary:
        """An import as a list shows it."""
        return convert(told, cls)


class Release(Struct, frozen=True, forbid_unknown_fields=True):
    """Missing columns and what they have become; without it, what was suggested is accepted."""

    accept: Names | None = None


class Refusal(Struct, frozen=True, forbid_unknown_fields=True):
    """Why; the partner reads it in the receipt."""

    reason: Sentence


class Queued(Struct, frozen=True):
    """An import that a worker takes up."""

    import_id: UUID
    status_url: str


# ------------------------------------------------------------------------------------------------ looking


@get("/", sync_to_thread=True, **may("imports.read"))
def list_imports(
    call: NamedDependency[Call],
    partner: PartnerName = None,
    wanted: InState = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ImportSummary]:
    """List imports, the newest first."""
    with call.acting() as acting:
        found = imports.listed(acting, imports.ImportFilter(partner, wanted), paging(cursor, limit))
        return page_of(found, ImportSummary.of, limit)


@get("/{import_id:uuid}", sync_to_thread=True, **may("imports.read"))
def get_import(import_id: FromPath[UUID], call: NamedDependency[Call]) -> dict[str, Any]:
    """Show what became of one import: counts, problems, receipts; the same object as `gateway import show --json`.

    An archive is `unpacking`, then `unpacked`, and `files` names the import of each file in it.
    """
    with call.acting() as acting:
        told: dict[str, Any] = imports.show(acting, import_id)
    files = [file | {"status_url": _status_url(file["import_id"])} for file in told["files"]]
    return told | {"files": files, "receipts": _addresses(import_id, told["problem_count"] != 0)}


@get("/{import_id:uuid}/errors", sync_to_thread=True, **may("imports.errors"))
def get_errors(
    import_id: FromPath[UUID], call: NamedDependency[Call], state: State, form: ErrorFormat = "csv"
) -> Stream:
    """Fetch the rejected rows in the partner's own layout, to be repaired and sent again; or, as json, every problem.

    404 when no row was rejected (for json: when nothing was wrong). 403 `walled` for whoever is walled off from one of
    the partner's people.
    """
    heavy: Bulkhead = state.heavy
    with heavy.within(name_of(call.who)) if form == "xlsx" else nullcontext():
        found = imports.open_errors(call.office, call.who.firm_id, call.actor, import_id, form)
    if found is None:
        raise Rejected(404, "no_errors", "No row of this import was rejected.")
    return attached(found, f"errors-{import_id}.{form}", _MEDIA_TYPES[form])


@get("/{import_id:uuid}/events", sync_to_thread=True, media_type="text/event-stream", **may("imports.read"))
def follow_import(
    import_id: FromPath[UUID], request: Request[Any, Any, State], call: NamedDependency[Call], state: State
) -> ServerSentEvent:
    """Follow an import until its end: an event `progress` whenever it has come further, `end` with its state.

    The event `closed` ends it within seconds when what let it begin has ended: a key, a session, an account, or the
    right to see this import. 429 `too_many_at_once` for whoever follows eight already.
    """
    with call.acting() as acting:
        imports.home_of(acting, import_id)
    following: Following = state.following
    look = partial(_standing, import_id)
    return ServerSentEvent(following.events(call, look, partial(may_still, request, call.who)))


def _standing(import_id: UUID, acting: Acting) -> Standing:
    now = standing(acting.session, import_id)
    imports.home_of(acting, import_id)
    return now


# ------------------------------------------------------------------------------------------------ deciding


@post("/{import_id:uuid}/release", sync_to_thread=True, status_code=202, **may("imports.decide"))
def release_import(import_id: FromPath[UUID], data: JSONBody[Release], call: NamedDependency[Call]) -> Response[Queued]:
    """Load a held file all the same: what holds it is waived, and it runs again on today's records."""
    with call.acting() as acting:
        holds.release(acting, import_id, data.accept, queued=True)
    return _queued(import_id)


@post("/{import_id:uuid}/refuse", sync_to_thread=True, status_code=200, **may("imports.decide"))
def refuse_import(import_id: FromPath[UUID], data: JSONBody[Refusal], call: NamedDependency[Call]) -> Queued:
    """End a held file without loading it."""
    holds.refuse(call.office, call.who.firm_id, call.actor, import_id, data.reason)
    return Queued(import_id, _status_url(import_id))


@post("/{import_id:uuid}/replay", status_code=202, **may("imports.decide", large=True))
async def replay_import(import_id: FromPath[UUID], call: NamedDependency[Call], state: State) -> Response[Queued]:
    """Take the same bytes again, as a new import under today's settings; for the time of which they spoke."""
    return await to_thread.run_sync(replayed, import_id, call, limiter=state.storing)


def replayed(import_id: UUID, call: Call) -> Response[Queued]:
    """The same for every door, once a key; `Location` says where the new import is."""
    with call.acting() as acting:
        if (kept := earlier(acting, call, None)) is not None:
            return kept
        home, source, via, asked = imports.again(acting, import_id)
    answers: list[Response[Queued]] = []

    def note(session: Session, again_id: UUID) -> None:
        answers.append(_queued(again_id))
        keep(call.within(session), call, None, answers[0])

    receive(
        call.office, home, source.name, source.chunks(), via=via, by=call.actor, asked=asked, queued=True, note=note
    )
    return answers[0]


# ------------------------------------------------------------------------------------------------ helpers


def _addresses(import_id: UUID, has_problems: bool) -> dict[str, str]:
    """Where the receipts are to be had, instead of where they lie on our disk."""
    return {form: f"/v1/imports/{import_id}/errors?format={form}" for form in _MEDIA_TYPES} if has_problems else {}


def _status_url(import_id: UUID | str) -> str:
    return f"/v1/imports/{import_id}"


def _queued(import_id: UUID) -> Response[Queued]:
    queued = Queued(import_id, _status_url(import_id))
    return Response(queued, status_code=202, headers={"Location": queued.status_url})


router = Router(
    "/imports",
    route_handlers=[
        list_imports,
        get_import,
        get_errors,
        follow_import,
        release_import,
        refuse_import,
        replay_import,
    ],
    tags=["imports"],
)
