"""The grid in which rejected rows are put right: groups first, then rows, a hundred a page.

The firm's staff come to it from a file's page, and the partner's people by a link (`gateway.web.console.visiting`): the
same handlers, under two addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from litestar import MediaType, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from gateway.domain.links import repairs
from gateway.web.calls import Call, may
from gateway.web.console import previewing
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk, seen
from ingest import previews
from ingest.repairs import draft, rows, sending
from ingest.repairs.draft import Way
from ingest.repairs.judging import Row
from ingest.repairs.rows import Group
from outbound.notify import of_rows

SAID = {
    "saved": "Saved. Nothing is sent before you press Send.",
    "ruled": "Saved for all of them.",
    "dropped": "The draft is given up; the rows stand as they were sent.",
    "linked": "The partner is sent a new link; earlier ones have ended.",
    "withdrawn": "Withdrawn: the link leads nowhere any more.",
    "some": "Sent. The rows below are left.",
    "repaired": "Sent. This is the file that corrects the earlier one; it runs now.",
}
After = Annotated[int, QueryParameter(name="after", ge=0, le=(1 << 31) - 1)]
Kind = Annotated[str | None, QueryParameter(name="kind", max_length=16)]


class At(NamedTuple):
    """Where somebody is at work, and on which file.

    Attributes:
        here: the address of the grid.
        file: that of the file's page, for whoever has one.
        workbook: that of the same rows as a workbook, secrets included; only for whoever has an account.
        others: how others are called whose word stands in a cell; None: by their names.
        after: where to look once all rows are sent, a page of its own; None: at the file that corrects this one.
    """

    import_id: UUID
    here: str
    workbook: str | None = None
    file: str | None = None
    others: str | None = None
    after: str | None = None


_CELL = re.compile(r"(\d{1,9}):(\d{1,5})")  # of a field: the row's place, the column's number


class Ruling(Struct, frozen=True):
    """One value for all cells that are wrong in the same way; none takes it back."""

    column: str
    code: str
    value: str | None = None
    to: str | None = None


@get("/", sync_to_thread=True, **may("imports.errors"))
def look(
    at: NamedDependency[At],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    after: After = 0,
    kind: Kind = None,
) -> Response[str]:
    """Show rejected rows with what is wrong, and what was typed so far."""
    with call.acting() as acting:
        page = rows.page(acting, at.import_id, after=after, kind=kind or None)
        onwards = _onwards(page.groups)
        return desk.page(acting, "repair.html", at=at, page=page, after=after, me=call.who.name, onwards=onwards)


@get("/rows/{place:int}", sync_to_thread=True, **may("imports.errors"))
def look_at_one(
    at: NamedDependency[At], place: FromPath[int], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[str]:
    """Show one row with all of its cells."""
    with call.acting() as acting:
        file, table = rows.one(acting, at.import_id, place)
        return desk.page(acting, "repair_row.html", at=at, file=file, table=table, me=call.who.name)


@post("/", sync_to_thread=True, **takes_form("files.send"))
def save(
    at: NamedDependency[At], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Keep what stands in the fields of a page."""
    with call.acting() as acting:
        rows.type_in(acting, at.import_id, _cells(form))
    return desk.on_to(_back(at, form), "saved")


@post("/cells", sync_to_thread=True, **takes_form("files.send"))
def save_cell(
    at: NamedDependency[At], form: NamedDependency[Form], call: NamedDependency[Call]
) -> Response[dict[str, object]]:
    """Keep what stands in one field, and tell how its row stands: for the page's own script."""
    with call.acting() as acting:
        told = [_standing(row) for row in rows.type_in(acting, at.import_id, _cells(form))]
        changed = rows.changed(acting, at.import_id)
    return Response({"rows": told, "changed": changed}, status_code=200, media_type=MediaType.JSON)


@post("/rules", sync_to_thread=True, **takes_form("files.send"))
def rule(
    at: NamedDependency[At], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Keep one value for all cells that are wrong in the same way."""
    wanted = form.read(Ruling)
    with call.acting() as acting:
        draft.set_rule(acting, at.import_id, Way(wanted.column, wanted.code, wanted.value), wanted.to)
    return desk.on_to(_back(at, form), "ruled")


@post("/send", sync_to_thread=True, **takes_form("files.send", large=True))
def send(
    at: NamedDependency[At],
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Keep what stands in the fields of a page, and have changed rows go in as a file that corrects the earlier one."""
    if cells := _cells(form):
        with call.acting() as acting:
            rows.type_in(acting, at.import_id, cells)
    sent = sending.send(call.office, call.who.firm_id, call.actor, at.import_id)
    if at.after is None:
        return desk.on_to(f"/files/{sent.import_ids[0]}", "repaired")
    return desk.on_to(at.here, "some") if sent.left else seen(at.after)


@post("/drop", sync_to_thread=True, **takes_form("files.send"))
def drop(
    at: NamedDependency[At],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Give the draft up."""
    with call.acting() as acting:
        draft.drop(acting, at.import_id)
    return desk.on_to(at.here, "dropped")


@get("/preview", sync_to_thread=True, **may("imports.errors"))
def foresee(at: NamedDependency[At], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show what sending the repairs would do."""
    with call.acting() as acting:
        return previewing.page(acting, desk, _sending_at(at), at.import_id)


@post("/preview", sync_to_thread=True, **takes_form("files.send", large=True))
def check(
    at: NamedDependency[At], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Keep what stands in the fields of a page, and have a worker find out what sending would do."""
    with call.acting() as acting:
        if cells := _cells(form):
            rows.type_in(acting, at.import_id, cells)
        previews.ask(acting, at.import_id, "repair", queued=True)
    return desk.on_to(_sending_at(at).here, "previewing")


def _sending_at(at: At) -> previewing.Decision:
    json = f"/v1/imports/{at.import_id}/repair/preview"
    is_ours = at.file is not None
    return previewing.Decision("repair", f"{at.here}/preview", at.here, f"{at.here}/send", json, is_ours)


def _cells(form: Form) -> Mapping[tuple[int, int], str]:
    """What stands in the fields of cells, empty ones too."""
    return dict(_fields(form.fields))


def _fields(fields: Mapping[str, str]) -> Iterator[tuple[tuple[int, int], str]]:
    for name, text in fields.items():
        if name.startswith("cell:") and (match := _CELL.fullmatch(name.removeprefix("cell:"))):
            yield (int(match[1]), int(match[2])), text


def _onwards(groups: Sequence[Group]) -> Mapping[str, str]:
    """By the name of a way, where on the page somebody goes on once it is said what all of its cells are to be.

    To the next one with something to do, from the last of them to the head of the page, where they are sent; what was
    typed before is mended where it stands.
    """
    found, onwards = {}, "main"
    for one in reversed([one for one in groups if one.is_settled_at_once]):
        here = f"g-{one.way.name}"
        is_done = one.typed == one.rows
        found[one.way.name] = here if is_done else onwards
        onwards = onwards if is_done else here
    return found


def _back(at: At, form: Form) -> str:
    """The page on which somebody was, or the next one if they asked for that."""
    kind, after = form.fields.get("kind", ""), form.fields.get("after", "")
    asked = [f"after={after}"] if after.isascii() and after.isdecimal() and after != "0" else []
    asked += [f"kind={kind}"] if re.fullmatch("[0-9a-f]{16}", kind) else []
    return at.here + (f"?{'&'.join(asked)}" if asked else "")


def _standing(row: Row) -> dict[str, object]:
    """A row as the page's script has it: nothing of what stands in it."""
    return {
        "place": row.place,
        "state": row.state,
        "left": row.left or [],
        "cells": [{"number": cell.number, "left": cell.left} for cell in row.cells if cell.left],
    }


def _of_file(import_id: FromPath[UUID]) -> At:
    file = f"/files/{import_id}"
    return At(import_id, f"{file}/repair", f"/v1/imports/{import_id}/errors?format=xlsx", file)


# ------------------------------------------------------------------------------------------------ links


@post("/links", sync_to_thread=True, **takes_form("imports.decide"))
def send_link(
    at: NamedDependency[At],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Have the partner's people sent a link to these rows."""
    with call.acting() as acting:
        home, _ = draft.mine(acting, at.import_id)
        of_rows.send_link(acting, at.import_id, home.partner_id)
    return desk.on_to(f"/files/{at.import_id}#links", "linked")


@post("/links/{link_id:uuid}/revoke", sync_to_thread=True, **takes_form("imports.decide"))
def revoke_link(
    at: NamedDependency[At],
    link_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Withdraw a link."""
    with call.acting() as acting:
        draft.mine(acting, at.import_id)
        repairs.revoke(acting, at.import_id, link_id)
    return desk.on_to(f"/files/{at.import_id}#links", "withdrawn")


GRID = (look, look_at_one, save, save_cell, rule, foresee, check, send, drop)
HANDLERS = (
    Router(
        "/files/{import_id:uuid}/repair",
        route_handlers=[*GRID, send_link, revoke_link],
        dependencies={"at": Provide(_of_file, sync_to_thread=False)},
    ),
)
