"""What a decision about an import would do, told before anybody decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct, convert

from gateway.db.models.previews import PreviewOf, PreviewState
from gateway.domain.access.permissions import holds
from gateway.errors import NotFound
from gateway.web.api.imports import Release
from gateway.web.calls import Call, Identity, may
from ingest import previews


class Closing(Struct, frozen=True):
    """Somebody who would be closed, because a full file lists them no more; `doc_type` is the paper that ends first."""

    key: str
    name: str
    client_id: UUID | None = None
    employee_id: str | None = None
    open_cases: int = 0
    doc_type: str | None = None
    expires_on: date | None = None


class Difference(Struct, frozen=True):
    """A field of a known record that would change; secrets masked."""

    row: int
    sheet: str | None
    record: str
    key: str
    field: str
    old: Any
    new: Any


class PreviewedFile(Struct, frozen=True, kw_only=True):
    """What a file would come to; `groups` are all problems by kind, `problems` the first 100; whom it would
    close and what it would change is told to whoever may read clients, the first 1,000 of each.
    """

    file: str
    state: str
    reason: str | None
    fix: str | None
    rows: dict[str, int]
    records: dict[str, dict[str, int]]
    remarks: list[str]
    problem_count: int
    groups: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    differences: list[Difference]
    closing: list[Closing]

    @classmethod
    def of(cls, told: Mapping[str, Any], who: Identity) -> PreviewedFile:
        """A file as this caller may see it."""
        whole = holds("clients.read", role=who.role, scopes=who.scopes)
        return convert(told if whole else {**told, "differences": [], "closing": []}, cls)


class PreviewView(Struct, frozen=True, kw_only=True):
    """How far it is; `failed` has a `reason`, and one `is_old` once something changed that may change it."""

    state: PreviewState
    asked_at: datetime
    made_at: datetime | None
    is_old: bool
    reason: str | None
    files: list[PreviewedFile]


class PreviewQueued(Struct, frozen=True):
    """A preview that a worker makes, and where it will be."""

    status_url: str


@post("/release/preview", sync_to_thread=True, status_code=202, **may("imports.decide"))
def preview_release(
    import_id: FromPath[UUID], data: JSONBody[Release], call: NamedDependency[Call]
) -> Response[PreviewQueued]:
    """Find out what releasing a held file would do, with these names for missing columns; nothing is loaded."""
    return _asked(call, import_id, "release", data.accept)


@get("/release/preview", sync_to_thread=True, **may("imports.errors"))
def get_release_preview(import_id: FromPath[UUID], call: NamedDependency[Call]) -> PreviewView:
    """Show what releasing would do, as of when it was last asked; 404 where nobody asked."""
    return _seen(call, import_id, "release")


@post("/repair/preview", sync_to_thread=True, status_code=202, **may("files.send", large=True))
def preview_repair(import_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[PreviewQueued]:
    """Find out what sending the repairs that were typed would do; nothing is sent. 409 `no_draft` where none were."""
    return _asked(call, import_id, "repair", None)


@get("/repair/preview", sync_to_thread=True, **may("imports.errors"))
def get_repair_preview(import_id: FromPath[UUID], call: NamedDependency[Call]) -> PreviewView:
    """Show what sending the repairs would do, as of when it was last asked; 404 where nobody asked."""
    return _seen(call, import_id, "repair")


def _asked(call: Call, import_id: UUID, of: PreviewOf, accepted: dict[str, str] | None) -> Response[PreviewQueued]:
    with call.acting() as acting:
        previews.ask(acting, import_id, of, accepted, queued=True)
    queued = PreviewQueued(f"/v1/imports/{import_id}/{of}/preview")
    return Response(queued, status_code=202, headers={"Location": queued.status_url})


def _seen(call: Call, import_id: UUID, of: PreviewOf) -> PreviewView:
    with call.acting() as acting:
        found = previews.look(acting, import_id, of)
    if found is None:
        raise NotFound("preview", str(import_id), "Ask for one by POST.")
    files = [PreviewedFile.of(one, call.who) for one in found.files]
    return PreviewView(
        state=found.state,
        asked_at=found.asked_at,
        made_at=found.made_at,
        is_old=found.is_old,
        reason=found.reason,
        files=files,
    )


router = Router(
    "/imports/{import_id:uuid}",
    route_handlers=[preview_release, get_release_preview, preview_repair, get_repair_preview],
    tags=["imports"],
)
