"""One row of a stored file as it came: where a value came from, for whoever may see rejected rows too."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Meta, Struct

from gateway.web.bulkheads import Bulkhead, name_of
from gateway.web.calls import Call, may
from ingest.lines.finding import Spot
from ingest.lines.looking import Cell, Line, Made, look
from ingest.lines.settings import Use

LAST = (1 << 31) - 1
RowOf = Annotated[
    int | None,
    QueryParameter(
        name="row", ge=1, le=LAST, description="Of several rows on the line; else that of its number, or the first."
    ),
]
SheetOf = Annotated[
    str | None,
    QueryParameter(
        name="sheet", max_length=100, pattern=r"^[^\x00]*$", description="Its name, where the file has several."
    ),
]
Number = Annotated[int, Meta(ge=1, le=LAST, examples=[812])]


class UseOfCell(Struct, frozen=True):
    """A value that is read from a cell, and the setting that says so: `text` is for the firm's staff alone."""

    field: str
    value: Any
    setting: str
    setting_line: int | None
    setting_text: str | None

    @classmethod
    def of(cls, use: Use, call: Call) -> UseOfCell:
        """A value as the API shows it."""
        setting = use.setting
        text = None if call.who.is_partner else setting.text
        return cls(use.field, use.value, setting.path, setting.line, text)


class CellOfLine(Struct, frozen=True):
    """One cell as it came, masked where the column is sensitive, what is read from it, and what was wrong with it."""

    column: str
    text: str
    is_secret: bool
    uses: list[UseOfCell]
    problems: list[str]

    @classmethod
    def of(cls, cell: Cell, call: Call) -> CellOfLine:
        """A cell as the API shows it."""
        uses = [UseOfCell.of(one, call) for one in cell.uses]
        return cls(cell.column, cell.text, cell.is_secret, uses, [*cell.problems])


class MadeByLine(Struct, frozen=True):
    """What the row did to one record, and which fields it changed."""

    kind: str
    id: UUID | None
    action: str
    fields: list[str]

    @classmethod
    def of(cls, made: Made) -> MadeByLine:
        """The same as the API shows it."""
        return cls(made.kind, made.id, made.action, [*made.fields])


class LineView(Struct, frozen=True, kw_only=True):
    """One row of a file as it came, and what came of it.

    `others` are values that stand in no cell; `made` is empty where the row said what was known already.
    """

    import_id: UUID
    file: str
    partner: str
    feed: str
    config_version: int
    sheet: str | None
    row: int
    line: int
    cells: list[CellOfLine]
    others: list[UseOfCell]
    problems: list[str]
    is_rejected: bool
    is_skipped: bool
    client_id: UUID | None
    made: list[MadeByLine]

    @classmethod
    def of(cls, line: Line, call: Call) -> LineView:
        """A row as the API shows it."""
        return cls(
            import_id=line.import_id,
            file=line.file,
            partner=line.partner,
            feed=line.feed,
            config_version=line.version,
            sheet=line.sheet,
            row=line.row,
            line=line.line,
            cells=[CellOfLine.of(one, call) for one in line.cells],
            others=[UseOfCell.of(one, call) for one in line.others],
            problems=[*line.problems],
            is_rejected=line.is_rejected,
            is_skipped=line.is_skipped,
            client_id=line.person,
            made=[MadeByLine.of(one) for one in line.made],
        )


@get("/{import_id:uuid}/lines/{number:int}", sync_to_thread=True, **may("imports.errors"))
def get_line(
    import_id: FromPath[UUID],
    number: FromPath[Number],
    call: NamedDependency[Call],
    state: State,
    row: RowOf = None,
    sheet: SheetOf = None,
) -> LineView:
    """Show one row of a file as it came, which setting read each cell, and what it did to which records.

    `number` is the line on which the row begins, in a workbook its row, as a person's history tells them. Sensitive
    cells are masked. 403 `walled` as for rejected rows; 410 once the file was destroyed.
    """
    return LineView.of(looked_at(call, state, import_id, Spot(number, row, sheet)), call)


def looked_at(call: Call, state: State, import_id: UUID, spot: Spot) -> Line:
    """The same for every door: a file may have to be read to its end for it.

    Raises:
        Rejected: as `Bulkhead.within`.
        Problem: as `look`.
    """
    leafing: Bulkhead = state.leafing
    with leafing.within(name_of(call.who)), call.acting() as acting:
        return look(acting, import_id, spot)


router = Router("/imports", route_handlers=[get_line], tags=["imports"])
