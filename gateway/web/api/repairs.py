"""Rejected rows put right by a program of the firm or of the partner: the draft behind the console's grid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from gateway.web.calls import Call, may
from ingest.repairs import draft, sending
from ingest.repairs import rows as rejected
from ingest.repairs.draft import MOST_LETTERS, Way
from ingest.repairs.judging import Cell, Row

Place = Annotated[int, Meta(ge=0, le=(1 << 31) - 1, description="Of the row, as the draft tells it.", examples=[812])]
Number = Annotated[int, Meta(ge=0, le=16_383, description="Of the column in its table, from 0.", examples=[2])]
Text = Annotated[str, Meta(max_length=MOST_LETTERS, pattern=r"^[^\x00]*$", examples=["02/03/1990"])]
Label = Annotated[str, Meta(max_length=1_000, pattern=r"^[^\x00]*$", examples=["DOB"])]
After = Annotated[int, QueryParameter(ge=0, le=(1 << 31) - 1, description="The place after which the page begins.")]
WayName = Annotated[
    str | None, QueryParameter(name="way", pattern="^[0-9a-f]{16}$", description="Rows that are wrong in this way.")
]


class CellToRepair(Struct, frozen=True):
    """One cell: as it was sent, what it is to be and whose word that is, what was and what is wrong; secrets masked."""

    column: int
    sent: str
    typed: str | None
    by: str | None
    problems: list[str]
    left: list[str]
    is_secret: bool

    @classmethod
    def of(cls, cell: Cell) -> CellToRepair:
        """A cell as the API shows it."""
        typed, by = cell.typed or (None, None)
        told = [fault.told for fault in cell.faults]
        return cls(cell.number, cell.sent, typed, by, told, [*cell.left], cell.is_secret)


class RowToRepair(Struct, frozen=True):
    """One rejected row; `left` is what is wrong with it as a whole, now."""

    place: int
    row: int
    state: Literal["open", "good", "wrong"]
    problems: list[str]
    left: list[str]
    cells: list[CellToRepair]

    @classmethod
    def of(cls, row: Row) -> RowToRepair:
        """A row as the API shows it."""
        told = [fault.told for fault in row.whole]
        return cls(row.place, row.number, row.state, told, row.left or [], [CellToRepair.of(one) for one in row.cells])


class TableToRepair(Struct, frozen=True):
    """Rows of one sheet or record type, under its own header."""

    sheet: str | None
    header: list[str]
    rows: list[RowToRepair]


class WrongAlike(Struct, frozen=True):
    """Cells that are wrong in the same way; `to` is what all of them are to be."""

    way: str
    column: str
    code: str
    value: str | None
    rows: int
    message: str
    fix: str
    to: str | None

    @classmethod
    def of(cls, one: rejected.Group) -> WrongAlike:
        """A group as the API shows it."""
        return cls(one.way.name, *one.way, one.rows, one.message, one.fix, one.rule.value if one.rule else None)


class RepairDraft(Struct, frozen=True):
    """Rejected rows of a file that are left, with what was typed; `following` goes into `after` for the next page."""

    rejected: int
    left: int
    changed: int
    groups: list[WrongAlike]
    tables: list[TableToRepair]
    following: int | None


class CellRepair(Struct, frozen=True, forbid_unknown_fields=True):
    """What a cell is to be; null: as it was sent."""

    place: Place
    column: Number
    value: Text | None


class CellRepairs(Struct, frozen=True, forbid_unknown_fields=True):
    """Cells of one file."""

    cells: Annotated[list[CellRepair], Meta(min_length=1, max_length=1_000)]


class RuleRepair(Struct, frozen=True, forbid_unknown_fields=True):
    """What all cells are to be that are wrong in this way; null: as they were sent."""

    column: Label
    code: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$", examples=["bad_date"])]
    value: Text | None
    to: Text | None


class RepairSent(Struct, frozen=True):
    """The imports that correct the file, one for each sheet or record type, how many rows are in them, and are left."""

    import_ids: list[UUID]
    rows: int
    rejected: int
    left: int


@get("/", sync_to_thread=True, **may("imports.errors"))
def get_repair(
    import_id: FromPath[UUID], call: NamedDependency[Call], after: After = 0, way: WayName = None
) -> RepairDraft:
    """Show rejected rows that were not sent yet, 100 a page, with what is wrong in them and what was typed so far.

    409 `not_repairable` before the file is loaded; 403 `walled` for whoever is walled off from one of the partner's
    people.
    """
    with call.acting() as acting:
        page = rejected.page(acting, import_id, after=after, kind=way)
    return RepairDraft(
        page.rejected,
        page.left,
        page.changed,
        [WrongAlike.of(one) for one in page.groups],
        [TableToRepair(one.part, one.header, _rows(one.rows)) for one in page.tables],
        page.following,
    )


@put("/cells", sync_to_thread=True, **may("files.send"))
def put_cells(import_id: FromPath[UUID], data: JSONBody[CellRepairs], call: NamedDependency[Call]) -> list[RowToRepair]:
    """Say what cells are to be, and learn at once whether their rows are right now; the latest word counts."""
    with call.acting() as acting:
        return _rows(rejected.keep(acting, import_id, {(one.place, one.column): one.value for one in data.cells}))


@put("/rules", status_code=204, sync_to_thread=True, **may("files.send"))
def put_rule(import_id: FromPath[UUID], data: JSONBody[RuleRepair], call: NamedDependency[Call]) -> None:
    """Say what all cells are to be that are wrong in the same way.

    422 `not_alike` where the values are masked or too long to be told whole: such cells are repaired one by one.
    """
    with call.acting() as acting:
        draft.set_rule(acting, import_id, Way(data.column, data.code, data.value), data.to)


@post("/send", status_code=202, sync_to_thread=True, **may("files.send", large=True))
def send_repair(import_id: FromPath[UUID], call: NamedDependency[Call]) -> RepairSent:
    """Have the rows that were changed go in as a file that corrects the first one; the others can be sent later."""
    return RepairSent(*sending.send(call.office, call.who.firm_id, call.actor, import_id))


@delete("/", sync_to_thread=True, **may("files.send"))
def drop_repair(import_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Give the draft up, with all that was typed."""
    with call.acting() as acting:
        draft.drop(acting, import_id)


def _rows(some: Iterable[Row]) -> list[RowToRepair]:
    return [RowToRepair.of(one) for one in some]


router = Router(
    "/imports/{import_id:uuid}/repair",
    route_handlers=[get_repair, put_cells, put_rule, send_repair, drop_repair],
    tags=["imports"],
)
