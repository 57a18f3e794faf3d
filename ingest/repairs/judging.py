"""Judges rejected rows as they stand now: by the feed of their import, with what was typed for what was sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from gateway import clock
from gateway.db.models import File, Import
from gateway.domain.partners.homes import Home
from gateway.office import Acting
from ingest import corrections
from ingest.binding import bind
from ingest.catalogue import RowProblem, mask
from ingest.formats.base import Batch
from ingest.mapping.plan import FeedPlan
from ingest.mapping.records import map_batch
from ingest.originals import recall_from
from ingest.reading import learned_today, past_reading
from ingest.receipts.labels import Labels
from ingest.receipts.marks import Rows
from ingest.receipts.rejected import Fault
from ingest.repairs.draft import Draft, Typed
from ingest.repairs.hiding import hidden_cells, secret_columns

_NAMES = frozenset({"given_name", "family_name"})
_OWN = _NAMES | {"middle_name", "email", "phone", "date_of_birth"}
_MOST_KEPT = 64  # files whose rows are repaired at about the same time
_Plans = Mapping[str | None, tuple[int, FeedPlan]]
_kept: dict[tuple[object, ...], _Plans] = {}  # plans name columns, and hold nothing of what stands in them
State = Literal["open", "good", "wrong"]


class WrongRow(NamedTuple):
    """A rejected row as it came.

    Attributes:
        number: as its sheet shows it.
        origin: as the file shows it that was first sent, where this one corrects it.
        bad: cells that are wrong, by number of the column, and how.
        whole: what is wrong with the row as a whole.
    """

    place: int
    number: int
    origin: int
    cells: list[str]
    bad: dict[int, list[Fault]]
    whole: list[Fault]


class Cell(NamedTuple):
    """One cell of a row on a page.

    Attributes:
        sent: as it came, masked where the column is sensitive.
        typed: what it is to be, masked as well; None: as it was sent.
        faults: what was wrong with it.
        left: what still is, of a row of which something was typed.
    """

    number: int
    sent: str
    typed: Typed | None
    faults: Sequence[Fault]
    left: Sequence[str]
    is_secret: bool


class Row(NamedTuple):
    """A row on a page, with its number in the file that was first sent.

    Attributes:
        left: what is wrong now with none of its cells; None where nothing was typed.
    """

    place: int
    number: int
    cells: list[Cell]
    whole: list[Fault]
    left: list[str] | None

    @property
    def state(self) -> State:
        """Nothing was typed; or the feed would take the row now, as far as one row can tell, or would not."""
        if self.left is None:
            return "open"
        return "wrong" if self.left or any(cell.left for cell in self.cells) else "good"


class Table(NamedTuple):
    """Rows of one sheet or record type.

    Attributes:
        bad: columns in which any of the rows is wrong, or was changed; they stand first.
        who: columns that say whom a row is about.
    """

    part: str | None
    header: list[str]
    bad: list[int]
    who: set[int]
    rows: list[Row]


class Bench:
    """The feed of an import, ready to judge rows of it."""

    def __init__(self, acting: Acting, home: Home, found: Import) -> None:
        self._plans = _bound(acting, home, found)

    def tables(self, wrong: Iterable[tuple[Rows, list[WrongRow]]], draft: Draft) -> list[Table]:
        """Rows as they stand, with what was typed."""
        return [self._table(table, rows, draft) for table, rows in wrong]

    def _table(self, table: Rows, wrong: Sequence[WrongRow], draft: Draft) -> Table:
        number, plan = self._plans[table.part]
        secret, labels = secret_columns(plan), Labels(table.header)
        typed = {row.place: draft.typed(row.place, row.bad) for row in wrong}
        left = self._judged(number, table.part, [(row, typed[row.place]) for row in wrong if typed[row.place]])
        rows = [_row(row, typed[row.place], left.get(row.place), labels, secret) for row in wrong]
        bad = sorted({number for row in wrong for number in (*row.bad, *typed[row.place])})
        return Table(table.part, table.header, bad, _columns_of(plan, _NAMES) - secret, rows)

    def secrets(self, tables: Iterable[Rows]) -> Callable[[str], bool]:
        """What says of a column's label whether sensitive values stand under it, in any sheet or record type."""
        return self._under(tables, secret_columns)

    def own(self, tables: Iterable[Rows]) -> Callable[[str], bool]:
        """What says of a column's label whether each person's own stands under it, which no two of them share."""
        return self._under(tables, lambda plan: secret_columns(plan) | _columns_of(plan, _OWN))

    def _under(self, tables: Iterable[Rows], which: Callable[[FeedPlan], set[int]]) -> Callable[[str], bool]:
        known = [(Labels(one.header), which(self._plans[one.part][1])) for one in tables if one.part in self._plans]
        return lambda label: any(not some.isdisjoint(labels.columns(label)) for labels, some in known)

    def _judged(
        self, number: int, part: str | None, rows: Sequence[tuple[WrongRow, dict[int, Typed]]]
    ) -> dict[int, list[RowProblem]]:
        """What the feed finds wrong with repaired rows, by place."""
        found: dict[int, list[RowProblem]] = {row.place: [] for row, _ in rows}
        cells = [repaired(row.cells, typed) for row, typed in rows]
        batch = Batch([*found], [*found], cells, part=number, sheet=part)
        for problem in map_batch(batch, self._plans[part][1]).problems:
            if problem.severity == "error":
                found[problem.row].append(problem)
        for place, row in zip(found, cells, strict=True):
            if corrections.is_ragged(row):
                found[place] = [_ragged(place, row)]
        return found


def _bound(acting: Acting, home: Home, found: Import) -> _Plans:
    """As `_bind`, once: who repairs rows asks the same with each cell, and the stored file stays as it is."""
    learned = json.dumps(learned_today(acting.session, found), sort_keys=True)
    key = (found.firm_id, found.id, found.config_id, home.time_zone, learned)
    plans = _kept.get(key)
    if plans is None:
        plans = _bind(acting, home, found)
        while len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept), key), None)
        _kept[key] = plans
    return plans


def _bind(acting: Acting, home: Home, found: Import) -> _Plans:
    """The feed, as it was bound to each part of the file: the part's number and its plan, by its name."""
    file = acting.session.get_one(File, (acting.firm_id, found.file_id))
    stored = acting.office.store.open(file.storage_key, acting.cipher, name=file.name)
    reading = past_reading(acting.session, found, stored, recall_from(acting.office))
    table = reading.open()
    today = clock.day_in(home.time_zone, found.received_at)
    plans = bind(table, reading.feed, reading.learned, today, file.name, reading.tables)
    return {part.name: (n, plan) for n, (part, plan) in enumerate(zip(table.parts, plans, strict=True))}


def repaired(cells: Sequence[str], typed: dict[int, Typed]) -> list[str]:
    """A row as it is to be."""
    return [typed[number].value if number in typed else cell for number, cell in enumerate(cells)]


def _columns_of(plan: FeedPlan, names: frozenset[str]) -> set[int]:
    """The columns from which fields of these names are read, or what a record is known by."""
    fields = ((each.key, one) for each in plan.records for one in each.fields)
    return {place for key, one in fields if one.target.name in names | {key} for place in one.places}


def _ragged(place: int, cells: Sequence[str]) -> RowProblem:
    details: dict[str, object] = {"found": corrections.cells_in(cells), "expected": len(cells)}
    return RowProblem(place, place, "ragged_row", details=details)


def _row(
    row: WrongRow, typed: dict[int, Typed], left: list[RowProblem] | None, labels: Labels, secret: set[int]
) -> Row:
    faults = [Fault(one.column, one.value, f"{one.message} {one.fix}", one.code) for one in left or []]
    still, _ = labels.places(repaired(row.cells, typed), faults)
    known = {id(fault) for some in still.values() for fault in some}
    elsewhere = [fault.told for fault in faults if id(fault) not in known]
    hidden = hidden_cells(row.cells, secret, row.bad, row.whole)
    cells = [
        Cell(
            number,
            mask(cell.strip()) if number in hidden and corrections.cells_in([cell]) else cell,
            masked(typed.get(number), is_secret=number in hidden),
            row.bad.get(number, ()),
            [fault.told for fault in still.get(number, ())],
            number in hidden,
        )
        for number, cell in enumerate(row.cells)
    ]
    return Row(row.place, row.origin, cells, row.whole, None if left is None else elsewhere)


def masked(typed: Typed | None, *, is_secret: bool) -> Typed | None:
    """What was typed, as it may be shown."""
    return typed._replace(value=mask(typed.value)) if typed and is_secret else typed
