"""The grid in which rejected rows are put right: groups first, then rows, a hundred a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from gateway.web.calls import Call, may
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk
from ingest.repairs import draft, rows, sending
from ingest.repairs.draft import Way

SAID = {
    "saved": "Saved. Nothing is sent before you press Send.",
    "ruled": "Saved for all of them.",
    "dropped": "The draft is given up; the rows stand as they were sent.",
    "repaired": "Sent. This is the file that corrects the earlier one; it runs now.",
}
After = Annotated[int, QueryParameter(name="after", ge=0, le=1 << 31)]
Kind = Annotated[str | None, QueryParameter(name="kind", max_length=16)]
_CELL = re.compile(r"(\d{1,9}):(\d{1,5})")  # of a field: the row's place, the column's number


class Ruling(Struct, frozen=True):
    """One value for all cells that are wrong in the same way; none takes it back."""

    column: str
    code: str
    value: str | None = None
    to: str | None = None


@get("/files/{import_id:uuid}/repair", sync_to_thread=True, **may("imports.errors"))
def look(
    import_id: FromPath[UUID],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    after: After = 0,
    kind: Kind = None,
) -> Response[str]:
    """Show rejected rows with what is wrong, and what was typed so far."""
    with call.acting() as acting:
        page = rows.page(acting, import_id, after=after, kind=kind or None)
        return desk.page(acting, "repair.html", import_id=import_id, page=page, after=after, me=call.who.name)


@get("/files/{import_id:uuid}/repair/rows/{place:int}", sync_to_thread=True, **may("imports.errors"))
def look_at_one(
    import_id: FromPath[UUID], place: FromPath[int], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[str]:
    """Show one row with all of its cells."""
    with call.acting() as acting:
        file, table = rows.one(acting, import_id, place)
        return desk.page(acting, "repair_row.html", import_id=import_id, file=file, table=table, me=call.who.name)


@post("/files/{import_id:uuid}/repair", sync_to_thread=True, **takes_form("files.send"))
def save(
    import_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Keep what stands in the fields of a page."""
    with call.acting() as acting:
        rows.type_in(acting, import_id, _cells(form))
    return desk.on_to(_back(import_id, form), "saved")


@post("/files/{import_id:uuid}/repair/cells", sync_to_thread=True, **takes_form("files.send"))
def save_cell(
    import_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call]
) -> Response[dict[str, object]]:
    """Keep what stands in one field, and tell how its row stands: for the page's own script."""
    with call.acting() as acting:
        told = [_standing(row) for row in rows.type_in(acting, import_id, _cells(form))]
        changed = rows.changed(acting, import_id)
    return Response({"rows": told, "changed": changed}, status_code=200, media_type=MediaType.JSON)


@post("/files/{import_id:uuid}/repair/rules", sync_to_thread=True, **takes_form("files.send"))
def rule(
    import_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Keep one value for all cells that are wrong in the same way."""
    wanted = form.read(Ruling)
    with call.acting() as acting:
        draft.set_rule(acting, import_id, Way(wanted.column, wanted.code, wanted.value), wanted.to)
    return desk.on_to(_back(import_id, form), "ruled")


@post("/files/{import_id:uuid}/repair/send", sync_to_thread=True, **takes_form("files.send", large=True))
def send(
    import_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Have the rows that were changed go in as a file that corrects the earlier one."""
    sent = sending.send(call.office, call.who.firm_id, call.actor, import_id)
    return desk.on_to(f"/files/{sent.import_ids[0]}", "repaired")


@post("/files/{import_id:uuid}/repair/drop", sync_to_thread=True, **takes_form("files.send"))
def drop(
    import_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Give the draft up."""
    with call.acting() as acting:
        draft.drop(acting, import_id)
    return desk.on_to(f"/files/{import_id}/repair", "dropped")


def _cells(form: Form) -> Mapping[tuple[int, int], str]:
    """What stands in the fields of cells, empty ones too."""
    return dict(_fields(form.fields))


def _fields(fields: Mapping[str, str]) -> Iterator[tuple[tuple[int, int], str]]:
    for name, text in fields.items():
        if name.startswith("cell:") and (match := _CELL.fullmatch(name.removeprefix("cell:"))):
            yield (int(match[1]), int(match[2])), text


def _back(import_id: UUID, form: Form) -> str:
    """The page on which somebody was, or the next one if they asked for that."""
    kind, after = form.fields.get("kind", ""), form.fields.get("after", "")
    asked = [f"after={after}"] if after.isdecimal() and after != "0" else []
    asked += [f"kind={kind}"] if re.fullmatch("[0-9a-f]{16}", kind) else []
    return f"/files/{import_id}/repair" + (f"?{'&'.join(asked)}" if asked else "")


def _standing(row: rows.Row) -> dict[str, object]:
    """A row as the page's script has it: nothing of what stands in it."""
    return {
        "place": row.place,
        "state": row.state,
        "left": row.left or [],
        "cells": [{"number": cell.number, "left": cell.left} for cell in row.cells if cell.left],
    }


HANDLERS = (look, look_at_one, save, save_cell, rule, send, drop)
