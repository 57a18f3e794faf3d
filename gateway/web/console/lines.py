"""One line of a file as it came: where a value came from, which setting read it, and what came of the line."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from gateway.domain.people.clients import IDENTIFIERS
from gateway.web.api.lines import Number, RowOf, SheetOf, looked_at
from gateway.web.calls import Call, may
from gateway.web.console.clients.sources import label
from gateway.web.console.page import Desk
from ingest.lines.finding import Spot
from ingest.lines.looking import Cell, Line
from ingest.lines.settings import Use

Clear = Literal["rejected", "person", "program", "nowhere"]
FieldOf = Annotated[str | None, QueryParameter(name="field", pattern=r"^[a-z0-9_.]{1,100}$")]


class Asked(NamedTuple):
    """The cell for whose value somebody came, and what is read from it."""

    cell: Cell
    use: Use


@get("/files/{import_id:uuid}/lines/{number:int}", sync_to_thread=True, **may("imports.errors"))
def look(
    import_id: FromPath[UUID],
    number: FromPath[Number],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    state: State,
    row: RowOf = None,
    sheet: SheetOf = None,
    field: FieldOf = None,
) -> Response[str]:
    """Show one line, with the column marked from which a field is read; that it was looked at is on record."""
    line = looked_at(call, state, import_id, Spot(number, row, sheet))
    with call.acting() as acting:
        asked = _asked(line, field)
        covers = {cell.number: clear(line, cell) for cell in line.cells if is_covered(cell)}
        return desk.page(acting, "line.html", line=line, asked=asked, covers=covers, called=called, label=label)


def _asked(line: Line, field: str | None) -> Asked | None:
    return next((Asked(cell, use) for cell in line.cells for use in cell.uses if use.field == field), None)


def is_covered(cell: Cell) -> bool:
    """Whether what stands in a cell is masked; of a secret column, an empty one is not."""
    return cell.is_secret and "•" in cell.text


def clear(line: Line, cell: Cell) -> Clear:
    """Where a masked value may be seen: a rejected row's in the file of those, a person's with their identifiers."""
    fields = {use.field for use in cell.uses}
    if line.is_rejected:
        return "rejected"
    if line.person and fields & {f"client.{name}" for name in IDENTIFIERS}:
        return "person"
    return "program" if any(one.startswith("documents") for one in fields) else "nowhere"


def called(field: str) -> str:
    """A field of a record as people call it: "date of birth", "passport, expires on"."""
    record, _, name = field.rpartition(".")
    words = record.removeprefix("documents.").replace("_", " ")
    return label(name) if record in ("client", "") else f"{words}, {label(name)}"


HANDLERS = (look,)
