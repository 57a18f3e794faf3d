"""Rejected rows in repair: what was sent, what is wrong with it, what it is to be, and whether that is right.

Cells come from errors.csv, which knows where each hundredth row begins; whether a repaired one is right now, the feed
itself says, as the import read it. What only the whole file can tell, such as a key that stands twice, is told once the
repairs are sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true

from gateway import clock
from gateway.db.models import File, Import, RowError
from gateway.domain.audit import record
from gateway.domain.partners.homes import Home
from gateway.errors import Invalid, NotFound
from gateway.office import Acting
from ingest import corrections, receipts
from ingest.binding import bind
from ingest.catalogue import RowProblem, mask
from ingest.formats.base import Batch
from ingest.mapping.plan import FeedPlan
from ingest.mapping.records import map_batch
from ingest.originals import recall_from
from ingest.reading import past_reading
from ingest.receipts.labels import Labels
from ingest.receipts.marks import ROWS, Rows, Wanted, cells_of, tables_in
from ingest.receipts.rejected import Fault
from ingest.repairs.draft import Draft, Typed, Way, mine, read, set_cells

State = Literal["open", "good", "wrong"]
SHOWN = 100  # rows a page
MOST_WAYS = 100  # ways in which cells are wrong, of which each has a line
_NO_PLACE = 1 << 31  # which no row has


class WrongRow(NamedTuple):
    """A rejected row as it came.

    Attributes:
        number: as its sheet shows it.
        bad: cells that are wrong, by number of the column, and how.
        whole: what is wrong with the row as a whole.
    """

    place: int
    number: int
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
    """A row on a page; `left` is what is wrong now with none of its cells, None where nothing was typed."""

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
    """

    part: str | None
    header: list[str]
    bad: list[int]
    rows: list[Row]


class Group(NamedTuple):
    """Cells that are wrong in the same way.

    Attributes:
        fix: what to do, in a sentence.
        rule: what they all are to be, masked where the column is sensitive.
    """

    way: Way
    rows: int
    message: str
    fix: str
    rule: Typed | None
    is_secret: bool


class Page(NamedTuple):
    """What somebody at work sees.

    Attributes:
        rejected: rows in all; changed: of those, how many have something typed.
        way: what the page is narrowed to.
        following: the place after which the next page begins; None on the last one.
    """

    file: str
    partner: str
    draft: Draft
    rejected: int
    changed: int
    groups: list[Group]
    way: Way | None
    tables: list[Table]
    following: int | None


class Brief(NamedTuple):
    """What a file is called, and how many of its rows were rejected."""

    file: str
    rejected: int


def brief(acting: Acting, import_id: UUID) -> Brief:
    """What can be said of a file without a look at its rows.

    Raises:
        Problem: as `draft.mine`.
    """
    _, found = mine(acting, import_id)
    return Brief(_name(acting, found), found.counts["rows"]["rejected"])


def page(acting: Acting, import_id: UUID, *, after: int = 0, kind: str | None = None) -> Page:
    """Rejected rows in the order of the file, with what was typed; that they were looked at is on record.

    Args:
        acting: who looks.
        import_id: see `draft.mine`.
        after: the place of the last row of the page before.
        kind: rows with a cell that is wrong in the way of this name; None: all.

    Raises:
        NotFound: no group has that name.
        Problem: as `draft.mine`.
    """
    home, found = mine(acting, import_id)
    record(acting, "import.errors", import_id=import_id)
    draft = read(acting, import_id)
    groups = _groups(acting, home, found, draft)
    way = _way(groups, kind) if kind else None
    places = acting.session.scalars(
        _places(import_id, _is_wrong(way) if way else true()).where(RowError.place > after).limit(SHOWN + 1)
    ).all()
    return Page(
        _name(acting, found),
        home.slug,
        draft,
        found.counts["rows"]["rejected"],
        _number_of(acting, touched(import_id, draft)),
        groups,
        way,
        _tables(acting, home, found, [*wrong_rows(acting, home, found, places[:SHOWN])], draft),
        places[SHOWN - 1] if len(places) > SHOWN else None,
    )


def one(acting: Acting, import_id: UUID, place: int) -> tuple[str, Table]:
    """One rejected row, in the table of its own, and the name of its file; that it was looked at is on record.

    Raises:
        NotFound: no row of this place was rejected.
        Problem: as `draft.mine`.
    """
    home, found = mine(acting, import_id)
    record(acting, "import.errors", import_id=import_id)
    if place >= _NO_PLACE:
        raise NotFound("row", str(place))
    tables = _tables(acting, home, found, [*wrong_rows(acting, home, found, [place])], read(acting, import_id))
    if not tables:
        raise NotFound("row", str(place))
    return _name(acting, found), tables[0]


def type_in(acting: Acting, import_id: UUID, cells: Mapping[tuple[int, int], str]) -> list[Row]:
    """Keep what stands now in cells that somebody was shown, and tell how their rows stand.

    What is as it was sent is no repair; of a sensitive column, whose fields are shown empty, an empty one says nothing.

    Args:
        acting: whose word it is.
        import_id: see `draft.mine`.
        cells: by place of the row and number of the column.

    Raises:
        Problem: as `draft.set_cells`.
    """
    home, found = mine(acting, import_id)
    draft, places = read(acting, import_id), sorted({place for place, _ in cells})
    wrong = [*wrong_rows(acting, home, found, places)]
    shown = [row for table in _tables(acting, home, found, wrong, draft) for row in table.rows]
    sent = {row.place: row.cells for _, rows in wrong for row in rows}
    _check(cells, sent)
    set_cells(acting, import_id, dict(_changes(cells, {row.place: row for row in shown}, sent, draft)))
    return [row for table in _tables(acting, home, found, wrong, read(acting, import_id)) for row in table.rows]


def keep(acting: Acting, import_id: UUID, cells: Mapping[tuple[int, int], str | None]) -> list[Row]:
    """Keep what cells are to be, None: as they were sent; and tell how their rows stand.

    Raises:
        Problem: as `type_in`.
    """
    home, found = mine(acting, import_id)
    wrong = [*wrong_rows(acting, home, found, sorted({place for place, _ in cells}))]
    _check(cells, {row.place: row.cells for _, rows in wrong for row in rows})
    set_cells(acting, import_id, cells)
    return [row for table in _tables(acting, home, found, wrong, read(acting, import_id)) for row in table.rows]


def changed(acting: Acting, import_id: UUID) -> int:
    """Of how many rows something was typed."""
    return _number_of(acting, touched(import_id, read(acting, import_id)))


def touched(import_id: UUID, draft: Draft) -> Select[int]:
    """The places of rows of which something was typed, in order."""
    single = RowError.place.in_({place for place, _ in draft.cells})
    return _places(import_id, or_(single, *(_is_wrong(way) for way in draft.rules)))


def wrong_rows(
    acting: Acting, home: Home, found: Import, places: Sequence[int]
) -> Iterator[tuple[Rows, list[WrongRow]]]:
    """Rejected rows by their places, in runs of one sheet or record type."""
    told = list(_errors(acting, found.id, places))
    if not told:  # of an import without any there is no errors.csv
        return
    folder = _folder(acting, home, found)
    tables = {table.part: table for table in tables_in(folder)}
    labels = {part: Labels(table.header) for part, table in tables.items()}
    for part, errors in groupby(told, attrgetter("sheet")):
        if part in tables:  # an error of a part whose header could not be read has no row
            yield tables[part], list(_wrong(folder, tables[part], labels[part], found.id, errors))


# ------------------------------------------------------------------------------------------------ what is wrong


def _wrong(
    folder: Path, table: Rows, labels: Labels, import_id: UUID, errors: Iterable[RowError]
) -> Iterator[WrongRow]:
    told = {place: list(some) for place, some in groupby(errors, attrgetter("place"))}
    wanted = [Wanted(place, corrections.reference(import_id, table.part, some[0].row)) for place, some in told.items()]
    for one, cells in cells_of(folder, table, wanted):
        some = told[one.place]
        faults = [Fault(each.column_name, each.value, f"{each.message} {each.fix}", each.code) for each in some]
        bad, _ = labels.places(cells, faults)
        known = {id(fault) for each in bad.values() for fault in each}
        yield WrongRow(one.place, some[0].row, cells, bad, [fault for fault in faults if id(fault) not in known])


def _errors(acting: Acting, import_id: UUID, places: Sequence[int]) -> Iterable[RowError]:
    wanted = (
        select(RowError)
        .where(RowError.import_id == import_id, RowError.severity == "error", RowError.place.in_(places))
        .order_by(RowError.place, RowError.id)
    )
    return acting.session.scalars(wanted)


def _places(import_id: UUID, which: ColumnElement[bool]) -> Select[int]:
    """The places of rejected rows, in order."""
    found = select(RowError.place).where(RowError.import_id == import_id, RowError.severity == "error", which)
    return found.distinct().order_by(RowError.place)


def _number_of(acting: Acting, places: Select[int]) -> int:
    return acting.session.scalar(select(func.count()).select_from(places.order_by(None).subquery())) or 0


def _is_wrong(way: Way) -> ColumnElement[bool]:
    same = RowError.value.is_not_distinct_from(way.value)
    return and_(RowError.column_name == way.column, RowError.code == way.code, same)


def _way(groups: Sequence[Group], name: str) -> Way:
    way = next((one.way for one in groups if one.way.name == name), None)
    if way is None:
        raise NotFound("group", name)
    return way


def _check(cells: Iterable[tuple[int, int]], sent: Mapping[int, Sequence[str]]) -> None:
    """What was typed must be of a cell that was sent: of a row that was rejected, in a column that the file has."""
    for place, number in cells:
        if place not in sent:
            raise Invalid("no_such_row", f"The row at {place} is none of those that were rejected.")
        if number >= len(sent[place]):
            raise Invalid("no_such_column", f"The row at {place} has no column {number}; they count from 0.")


def _changes(
    cells: Mapping[tuple[int, int], str], rows: Mapping[int, Row], sent: Mapping[int, Sequence[str]], draft: Draft
) -> Iterator[tuple[tuple[int, int], str | None]]:
    """What cells are to be, as far as that is news; browsers write line breaks in their own way."""
    for (place, number), text in cells.items():
        cell = rows[place].cells[number]
        said, value = text.replace("\r\n", "\n"), sent[place][number]
        known = draft.typed(place, {number: cell.faults}).get(number)
        if (cell.is_secret and not said) or said == (known.value if known else value.replace("\r\n", "\n")):
            continue
        yield (place, number), None if said == value else said


def _groups(acting: Acting, home: Home, found: Import, draft: Draft) -> list[Group]:
    columns = RowError.column_name, RowError.code, RowError.value
    wanted = (
        select(*columns, func.count(), func.min(RowError.message), func.min(RowError.fix))
        .where(RowError.import_id == found.id, RowError.severity == "error", RowError.column_name.is_not(None))
        .group_by(*columns)
        .order_by(func.count().desc(), *columns)
        .limit(MOST_WAYS)
    )
    told = acting.session.execute(wanted).all()
    if not told:
        return []
    is_secret, groups = _Bench(acting, home, found).secrets(tables_in(_folder(acting, home, found))), []
    for column, code, value, rows, message, fix in told:
        way = Way(column or "", code, value)  # those without a column were left out
        hidden, rule = is_secret(way.column), draft.rules.get(way)
        groups.append(Group(way, rows, message, fix, _told(rule, is_secret=hidden), hidden))
    return groups


def _name(acting: Acting, found: Import) -> str:
    """Of the file."""
    return acting.session.get_one(File, (acting.firm_id, found.file_id)).name


def _folder(acting: Acting, home: Home, found: Import) -> Path:
    """Where errors.csv lies; it is written again where it is not, or is of a time before its rows were marked."""
    folder = receipts.folder_of(acting.office.settings, home, found.id)
    if not (folder / ROWS).exists():
        receipts.write(acting.office, home, found.id)
    return folder


# ------------------------------------------------------------------------------------------------ what is right now


def _tables(
    acting: Acting, home: Home, found: Import, wrong: Sequence[tuple[Rows, list[WrongRow]]], draft: Draft
) -> list[Table]:
    bench = _Bench(acting, home, found) if wrong else None
    return [bench.table(table, rows, draft) for table, rows in wrong if bench]


class _Bench:
    """The feed of an import, ready to judge rows of it."""

    def __init__(self, acting: Acting, home: Home, found: Import) -> None:
        file = acting.session.get_one(File, (acting.firm_id, found.file_id))
        stored = acting.office.store.open(file.storage_key, acting.cipher, name=file.name)
        reading = past_reading(acting.session, found, stored, recall_from(acting.office))
        table = reading.open()
        today = clock.day_in(home.time_zone, found.received_at)
        plans = bind(table, reading.feed, reading.learned, today, file.name, reading.tables)
        self._plans = {part.name: (n, plan) for n, (part, plan) in enumerate(zip(table.parts, plans, strict=True))}

    def table(self, table: Rows, wrong: Sequence[WrongRow], draft: Draft) -> Table:
        """Rows as they stand, with what was typed."""
        number, plan = self._plans[table.part]
        secret, labels = _secret(plan), Labels(table.header)
        typed = {row.place: draft.typed(row.place, row.bad) for row in wrong}
        left = self._judged(number, table.part, [(row, typed[row.place]) for row in wrong if typed[row.place]])
        rows = [_row(row, typed[row.place], left.get(row.place), labels, secret) for row in wrong]
        bad = sorted({number for row in wrong for number in (*row.bad, *typed[row.place])})
        return Table(table.part, table.header, bad, rows)

    def secrets(self, tables: Iterable[Rows]) -> Callable[[str], bool]:
        """What says of a column's label whether sensitive values stand under it, in any sheet or record type."""
        known = [(Labels(one.header), _secret(self._plans[one.part][1])) for one in tables if one.part in self._plans]
        return lambda label: any(not secret.isdisjoint(labels.columns(label)) for labels, secret in known)

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


def repaired(cells: Sequence[str], typed: dict[int, Typed]) -> list[str]:
    """A row as it is to be."""
    return [typed[number].value if number in typed else cell for number, cell in enumerate(cells)]


def _secret(plan: FeedPlan) -> set[int]:
    """The columns of which sensitive values are read."""
    fields = (one for each in plan.records for one in each.fields if one.target.sensitive)
    return {place for one in fields for place in one.places}


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
    hidden = secret | {number for number, some in row.bad.items() if _is_hidden(row.cells[number], some)}
    cells = [
        Cell(
            number,
            mask(cell.strip()) if number in hidden and corrections.cells_in([cell]) else cell,
            _told(typed.get(number), is_secret=number in hidden),
            row.bad.get(number, ()),
            [fault.told for fault in still.get(number, ())],
            number in hidden,
        )
        for number, cell in enumerate(row.cells)
    ]
    return Row(row.place, row.number, cells, row.whole, None if left is None else elsewhere)


def _is_hidden(cell: str, faults: Sequence[Fault]) -> bool:
    """Whether a problem masks what stands here, as of a column in which something secret is looked up."""
    return any(fault.value == mask(cell.strip()) != cell.strip() for fault in faults)


def _told(typed: Typed | None, *, is_secret: bool) -> Typed | None:
    return typed._replace(value=mask(typed.value)) if typed and is_secret else typed
