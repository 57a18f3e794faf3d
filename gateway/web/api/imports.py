"""Imports: what became of the files that arrived, and the decisions that wait for a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import File as FileAnswer
from litestar.response import ServerSentEvent
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import FeedRow, Import, Partner
from gateway.db.models.imports import OPEN_STATES, ImportState
from gateway.db.models.imports import File as StoredFile
from gateway.domain.audit import write
from gateway.domain.partners.homes import Home
from gateway.domain.people import walls
from gateway.errors import NotFound
from gateway.web.bulkheads import Bulkhead, name_of
from gateway.web.calls import Call, may
from gateway.web.following import Following
from gateway.web.idempotency import earlier, keep
from gateway.web.pages import Cursor, Limit, Page, page
from gateway.web.problems import Rejected
from gateway.web.scoping import of_caller
from ingest import holds, receipts, running
from ingest.account import account_of
from ingest.arrival import Asked
from ingest.formats.base import Source
from ingest.reception import receive
from ingest.rows import VIA

ErrorFormat = Annotated[
    Literal["csv", "xlsx", "json"], QueryParameter(name="format", description="csv and xlsx are for repair.")
]
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
    found = of_caller(call, select(Import), Import.partner_id)
    found = found.where(Import.state == wanted) if wanted else found
    with call.firm() as session:
        if partner:
            owner = select(Partner.id).where(Partner.slug == partner).scalar_subquery()
            found = found.where(Import.partner_id == owner)
        order = (Import.received_at, Import.id)
        return page(session, found, order, _summaries(session), cursor=cursor, limit=limit)


@get("/{import_id:uuid}", sync_to_thread=True, **may("imports.read"))
def get_import(import_id: FromPath[UUID], call: NamedDependency[Call]) -> dict[str, Any]:
    """Show what became of one import: counts, problems, receipts; the same object as `gateway import show --json`."""
    with call.firm() as session:
        home = _home(session, call, import_id)
        folder = receipts.folder_of(call.office.settings, home, import_id)
        told = account_of(session, import_id, folder)
        if told["problems"]:  # which quote what stood in the rows
            write(session, call.who.firm_id, call.actor, "import.view", import_id=import_id)
    return told | {"receipts": _addresses(import_id, told["problem_count"] != 0)}


@get("/{import_id:uuid}/errors", sync_to_thread=True, **may("imports.errors"))
def get_errors(
    import_id: FromPath[UUID], call: NamedDependency[Call], state: State, form: ErrorFormat = "csv"
) -> FileAnswer:
    """Fetch the rejected rows in the partner's own layout, to be repaired and sent again; or, as json, every problem.

    404 when no row was rejected (for json: when nothing was wrong). 403 `walled` for whoever is walled off from one of
    the partner's people.
    """
    with call.firm() as session:
        home = _home(session, call, import_id)
        if walls.screens(session, home.partner_id):
            raise Rejected(403, "walled", "These rows may name a person from whom an ethical wall keeps you.")
        write(session, call.who.firm_id, call.actor, "import.errors", import_id=import_id)
    path = _workbook(call, home, import_id, state.heavy) if form == "xlsx" else _receipt(call, home, import_id, form)
    if path is None or not path.exists():
        raise Rejected(404, "no_errors", "No row of this import was rejected.")
    return FileAnswer(path, filename=f"errors-{import_id}.{form}", media_type=_MEDIA_TYPES[form])


@get("/{import_id:uuid}/events", sync_to_thread=True, media_type="text/event-stream", **may("imports.read"))
def follow_import(import_id: FromPath[UUID], call: NamedDependency[Call], state: State) -> ServerSentEvent:
    """Follow an import until its end: an event `progress` whenever it has come further, `end` with its state.

    429 `too_many_at_once` for whoever follows eight already.
    """
    with call.firm() as session:
        _home(session, call, import_id)
    following: Following = state.following
    return ServerSentEvent(following.events(call, import_id))


# ------------------------------------------------------------------------------------------------ deciding


@post("/{import_id:uuid}/release", sync_to_thread=True, status_code=202, **may("imports.decide"))
def release_import(import_id: FromPath[UUID], data: JSONBody[Release], call: NamedDependency[Call]) -> Response[Queued]:
    """Load a held file all the same: what holds it is waived, and it runs again on today's records."""
    with call.firm() as session:
        home = _home(session, call, import_id)
    holds.release(call.office, home, import_id, call.actor, data.accept, queued=True)
    return _queued(import_id)


@post("/{import_id:uuid}/refuse", sync_to_thread=True, status_code=200, **may("imports.decide"))
def refuse_import(import_id: FromPath[UUID], data: JSONBody[Refusal], call: NamedDependency[Call]) -> Queued:
    """End a held file without loading it."""
    with call.firm() as session:
        home = _home(session, call, import_id)
    holds.refuse(call.office, home, import_id, call.actor, data.reason)
    return Queued(import_id, f"/v1/imports/{import_id}")


@post("/{import_id:uuid}/replay", sync_to_thread=True, status_code=202, **may("imports.decide"))
def replay_import(import_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[Queued]:
    """Take the same bytes again, as a new import under today's settings; for the time of which they spoke."""
    with call.firm() as session:
        if (kept := earlier(session, call, None)) is not None:
            return kept
        home = _home(session, call, import_id)
        source, via, asked = _again(session, call, import_id)
    answers: list[Response[Queued]] = []

    def note(session: Session, import_ids: list[UUID]) -> None:
        answers.append(_queued(import_ids[0]))
        keep(session, call, None, answers[0])

    receive(
        call.office, home, source.name, source.chunks(), via=via, by=call.actor, asked=asked, queued=True, note=note
    )
    return answers[0]


def _again(session: Session, call: Call, import_id: UUID) -> tuple[Source, str, Asked]:
    """The bytes of an import, how they come now, and what was said of them.

    Raises:
        Rejected: 409 `import_running`; 410 `original_destroyed`.
    """
    one = session.get_one(Import, (call.who.firm_id, import_id))
    if one.state in OPEN_STATES:
        raise Rejected(409, "import_running", "The import has not come to its end yet.")
    stored = session.get_one(StoredFile, (call.who.firm_id, one.file_id))
    if stored.destroyed_at is not None:
        raise Rejected(410, "original_destroyed", f"Its original was destroyed on {stored.destroyed_at:%Y-%m-%d}.")
    source = call.office.store.open(stored.storage_key, call.office.cipher(session, call.who.firm_id), name=stored.name)
    feed = session.scalar(select(FeedRow.name).where(FeedRow.id == one.feed_id))
    asked = Asked(feed=None if one.corrects_import_id else feed, as_of=one.as_of, forced=True)
    return source, VIA if stored.via == VIA else "replay", asked  # rows must be read as rows again


# ------------------------------------------------------------------------------------------------ helpers


def _home(session: Session, call: Call, import_id: UUID) -> Home:
    """Whose import it is.

    Raises:
        NotFound: there is none in the caller's sight.
    """
    wanted = select(Partner).join(Import, Import.partner_id == Partner.id).where(Import.id == import_id)
    found = session.scalar(of_caller(call, wanted, Partner.id))
    if found is None:
        raise NotFound("import", str(import_id))
    return Home.of(found)


def _summaries(session: Session) -> Callable[[Import], ImportSummary]:
    def view(one: Import) -> ImportSummary:
        partner = session.get_one(Partner, (one.firm_id, one.partner_id))
        return ImportSummary(
            import_id=one.id,
            partner=partner.slug,
            feed=session.scalar(select(FeedRow.name).where(FeedRow.id == one.feed_id)),
            file=session.get_one(StoredFile, (one.firm_id, one.file_id)).name,
            state=one.state,
            reason=one.reason,
            problem_count=one.problem_count,
            received_at=one.received_at,
            finished_at=one.finished_at,
        )

    return view


def _addresses(import_id: UUID, has_problems: bool) -> dict[str, str]:
    """Where the receipts are to be had, instead of where they lie on our disk."""
    return {form: f"/v1/imports/{import_id}/errors?format={form}" for form in _MEDIA_TYPES} if has_problems else {}


def _workbook(call: Call, home: Home, import_id: UUID, heavy: Bulkhead) -> Path | None:
    with heavy.within(name_of(call.who)):
        return receipts.make_workbook(call.office, home, import_id)


def _receipt(call: Call, home: Home, import_id: UUID, form: str) -> Path:
    office = call.office
    path = receipts.folder_of(office.settings, home, import_id) / f"errors.{form}"
    if not path.exists():
        running.write_receipts(office, home)  # a process was killed before it could
    return path


def _queued(import_id: UUID) -> Response[Queued]:
    queued = Queued(import_id, f"/v1/imports/{import_id}")
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
