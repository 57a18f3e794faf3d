"""Files that arrived: the list, one file with what became of it, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from anyio import to_thread
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from gateway.db.models import OPEN_STATES
from gateway.db.models.imports import STATES, ImportState
from gateway.db.paging import Paging
from gateway.domain.links import repairs, returned
from gateway.domain.partners import homes
from gateway.errors import Faulty
from gateway.office import Acting
from gateway.web.api import files as sending
from gateway.web.api.imports import PartnerName, Refusal, replayed
from gateway.web.calls import Call, may
from gateway.web.console import lines, previewing, repair
from gateway.web.console.forms import Form, Unfilled, takes_form
from gateway.web.console.page import Desk, Entry
from gateway.web.pages import Cursor, page_of, paging
from gateway.web.texts import Name
from ingest import history, holds, imports, previews
from ingest.account import row_by_row, summary_of
from ingest.arrival import MOST_BYTES

ENTRY = Entry("Files", "/files", "imports.read")
SAID = {
    "released": "Released. It runs again now, and what held it is waived.",
    "refused": "Refused. The partner reads your reason in the receipt.",
    "replayed": "Taken again, as a new import under today's settings.",
    "sent": "The file is stored, and runs now.",
    **repair.SAID,
    **previewing.SAID,
}
SHOWN = 50
NOTHING: Mapping[str, str] = {}
InState = Annotated[ImportState | Literal[""] | None, QueryParameter(name="state")]  # empty: as a form says "any"
_CALLED = {"stale": "older than what is known", "superseded": "given again in later rows"}
_TONES = {  # of what became of a row: the word, how it looks
    "created": "good",
    "updated": "second",
    "unchanged": "quiet",
    "stale": "third",
    "superseded": "third",
    "skipped": "third",
    "rejected": "bad",
}


class Counted(NamedTuple):
    """What became of rows, in words, and how that looks."""

    word: str
    tone: str
    number: int


class Sent(Struct, frozen=True):
    """Beside the file itself: whose it is, and the feed where the name cannot tell."""

    partner: Name
    feed: Name | None = None


@get("/files", sync_to_thread=True, **may(ENTRY.permission))
def browse(
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    partner: PartnerName = None,
    wanted: InState = None,
    cursor: Cursor = None,
) -> Response[str]:
    """List files, the newest first; those that wait for a decision stand above them."""
    with call.acting() as acting:
        return _list(acting, desk, imports.ImportFilter(partner or None, wanted or None), cursor)


def _list(
    acting: Acting,
    desk: Desk,
    wanted: imports.ImportFilter,
    cursor: str | None = None,
    *,
    filled: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
) -> Response[str]:
    found = page_of(imports.listed(acting, wanted, paging(cursor, SHOWN)), dict, SHOWN)
    is_first = cursor is None and wanted == imports.ImportFilter()
    held = imports.listed(acting, imports.ImportFilter(state="held"), Paging(SHOWN)).rows if is_first else []
    asked = {"partner": wanted.partner, "state": wanted.state, "cursor": found.pagination.next_cursor}
    return desk.page(
        acting,
        "files.html",
        found=found.data,
        held=held,
        wanted=wanted,
        partners=sorted(homes.slugs(acting)),
        states=STATES,
        following=f"/files?{urlencode({name: text for name, text in asked.items() if text})}"
        if asked["cursor"]
        else None,
        status=422 if errors else 200,
        filled=filled,
        errors=errors,
    )


@get("/files/{import_id:uuid}", sync_to_thread=True, **may(ENTRY.permission))
def look(import_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show one file: why it stands where it stands first, then its rows, then what was wrong with them."""
    with call.acting() as acting:
        return _one(acting, desk, import_id)


def _one(
    acting: Acting, desk: Desk, import_id: UUID, *, reason: str = "", errors: Mapping[str, str] = NOTHING
) -> Response[str]:
    shown: dict[str, Any] = imports.outlined(acting, import_id)
    return desk.page(
        acting,
        "file.html",
        status=422 if errors else 200,
        file=shown,
        rows=[Counted(_CALLED.get(word, word), tone, shown["rows"][word]) for word, tone in _TONES.items()],
        groups=summary_of(acting.session, import_id),
        left=returned.number_left(acting.session, import_id),
        stale=row_by_row(acting.session, import_id, "row_stale", SHOWN),
        first=returned.first_file(acting.session, import_id),
        newer=history.newer_than(acting.session, import_id),
        corrected=returned.corrected_by(acting.session, import_id),
        back=returned.sent_of(acting.session, import_id),
        links=repairs.listed(acting, import_id) if desk.may("imports.decide") else [],
        in_question=holds.in_question(acting, import_id),
        shows_rows=imports.shows_rows(acting, import_id),
        is_open=shown["state"] in OPEN_STATES,
        reason=reason,
        errors=errors,
    )


# ------------------------------------------------------------------------------------------------ deciding


@get("/files/{import_id:uuid}/preview", sync_to_thread=True, **may("imports.errors"))
def foresee(import_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show what releasing a held file would do."""
    with call.acting() as acting:
        return previewing.page(acting, desk, _release_of(import_id), import_id)


@post("/files/{import_id:uuid}/preview", sync_to_thread=True, **takes_form("imports.decide"))
def try_out(
    import_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Have a worker find out, with the names that were chosen for missing columns."""
    with call.acting() as acting:
        previews.ask(acting, import_id, "release", form.under("accept:") or None, queued=True)
    return desk.on_to(_release_of(import_id).here, "previewing")


def _release_of(import_id: UUID) -> previewing.Decision:
    file = f"/files/{import_id}"
    json = f"/v1/imports/{import_id}/release/preview"
    return previewing.Decision("release", f"{file}/preview", file, f"{file}/release", json)


@post("/files/{import_id:uuid}/release", sync_to_thread=True, **takes_form("imports.decide"))
def release(
    import_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Load a held file all the same, with the names that were chosen for missing columns."""
    with call.acting() as acting:
        holds.release(acting, import_id, form.under("accept:") or None, queued=True)
    return desk.on_to(f"/files/{import_id}", "released")


@post("/files/{import_id:uuid}/refuse", sync_to_thread=True, **takes_form("imports.decide"))
def refuse(
    import_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """End a held file without loading it."""
    try:
        reason = form.read(Refusal).reason
    except Faulty as problem:
        with call.acting() as acting:
            return _one(acting, desk, import_id, reason=form.fields.get("reason", ""), errors=problem.faults)
    holds.refuse(call.office, call.who.firm_id, call.actor, import_id, reason)
    return desk.on_to(f"/files/{import_id}", "refused")


@post("/files/{import_id:uuid}/replay", **takes_form("imports.decide", large=True))
async def replay(
    import_id: FromPath[UUID],
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    state: State,
) -> Response[Any]:
    """Take the same bytes again, as a new import."""
    again = await to_thread.run_sync(replayed, import_id, form.keyed(call), limiter=state.storing)
    return desk.on_to(_page_of(again), "replayed")


@post("/files", request_max_body_size=MOST_BYTES, **takes_form("files.send", large=True))
async def send(
    form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk], state: State
) -> Response[Any]:
    """Take a file that somebody was sent by other ways, and chose here."""
    return await to_thread.run_sync(_send, form, call, desk, limiter=state.storing)


def _send(form: Form, call: Call, desk: Desk) -> Response[Any]:
    try:
        sent, file = form.read(Sent), form.files.get("file")
        if file is None:
            raise Unfilled(
                "not_filled_in", "There is nothing to take.", {"file": "Choose the file that is to be taken."}
            )
    except Faulty as problem:
        if desk.is_script:
            raise
        with call.acting() as acting:
            return _list(acting, desk, imports.ImportFilter(), filled=form.fields, errors=problem.faults)
    answer = sending.sent(sending.Upload(file, sent.feed, None, sent.partner), form.keyed(call))
    return desk.on_to(_page_of(answer), "sent")


def _page_of(answer: Response[Any]) -> str:
    """The page of an import that the API has just answered with, or answered with before."""
    return f"/files/{answer.headers['Location'].rpartition('/')[2]}"


HANDLERS = (browse, look, foresee, try_out, release, refuse, replay, send, *repair.HANDLERS, *lines.HANDLERS)
