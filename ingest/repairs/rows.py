"""Rejected rows in repair: what was sent, what is wrong with it, and what it is to be.

Cells come from errors.csv, which knows where each hundredth row begins; whether a repaired one is right now, the feed
itself says (`ingest.repairs.judging`). What only the whole file can tell, such as a key that stands twice, is told once
the repairs are sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true

from gateway.db.models import File, Import, RowError
from gateway.domain.audit import record
from gateway.domain.links import returned
from gateway.domain.partners.homes import Home
from gateway.errors import Conflict, Invalid, NotFound
from gateway.office import Acting
from ingest import corrections, receipts
from ingest.alike import ways_left
from ingest.receipts.labels import Labels
from ingest.receipts.marks import ROWS, Rows, Wanted, cells_of, tables_in
from ingest.receipts.rejected import Fault
from ingest.repairs.draft import Draft, Typed, Way, mine, read, set_cells
from ingest.repairs.judging import Bench, Row, Table, WrongRow, masked

SHOWN = 100  # rows a page
MOST_WAYS = 100  # ways in which cells are wrong, of which each has a line
_NO_PLACE = 1 << 31  # which no row has


class Group(NamedTuple):
    """Cells that are wrong in the same way.

    Attributes:
        fix: what to do, in a sentence.
        typed: rows of which something was typed, or of all of which it was said what they are to be.
        rule: what they all are to be, masked where the column is sensitive.
        is_own: each of them is to be another one, so that nothing can be said of all.
    """

    way: Way
    rows: int
    typed: int
    message: str
    fix: str
    rule: Typed | None
    is_secret: bool
    is_own: bool

    @property
    def is_settled_at_once(self) -> bool:
        """Whether one value can be said for all of them."""
        return self.way.is_one and bool(self.rule or not self.is_own)


class Page(NamedTuple):
    """What somebody at work sees.

    Attributes:
        rejected: rows in all; left: of those, how many were not sent yet; changed: of these, how many were typed into.
        sent: the files in which the others were sent.
        first: the file whose row numbers these are, where it is another one.
        way: what the page is narrowed to.
        following: the place after which the next page begins; None on the last one.
    """

    file: str
    partner: str
    draft: Draft
    rejected: int
    left: int
    changed: int
    sent: list[returned.Sent]
    first: str | None
    groups: list[Group]
    way: Way | None
    tables: list[Table]
    following: int | None


class Brief(NamedTuple):
    """What a file is called, how many of its rows were rejected, and how many of those were not sent yet."""

    file: str
    rejected: int
    left: int


def brief(acting: Acting, import_id: UUID) -> Brief:
    """What can be said of a file without a look at its rows.

    Raises:
        Problem: as `draft.mine`.
    """
    _, found = mine(acting, import_id)
    left = returned.number_left(acting.session, import_id)
    return Brief(_name(acting, found), found.counts["rows"]["rejected"], left)


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
    rejected = found.counts["rows"]["rejected"]
    bench = Bench(acting, home, found) if rejected else None
    tables = tables_in(_folder(acting, home, found)) if bench else []
    groups = _groups(acting, found.id, draft, bench.secrets(tables), bench.own(tables)) if bench else []
    way = _way(groups, kind) if kind else None
    places = acting.session.scalars(
        _places(import_id, _is_wrong(way) if way else true()).where(RowError.place > after).limit(SHOWN + 1)
    ).all()
    wrong = wrong_rows(acting, home, found, places[:SHOWN])
    return Page(
        _name(acting, found),
        home.slug,
        draft,
        rejected,
        returned.number_left(acting.session, import_id),
        _number_of(acting, touched(import_id, draft)),
        returned.sent_of(acting.session, import_id),
        returned.first_file(acting.session, import_id),
        groups,
        way,
        bench.tables(wrong, draft) if bench else [],
        places[SHOWN - 1] if len(places) > SHOWN else None,
    )


def one(acting: Acting, import_id: UUID, place: int) -> tuple[str, Table]:
    """One rejected row, in the table of its own, and the name of its file; that it was looked at is on record.

    Raises:
        NotFound: no row of this place was rejected.
        Conflict: `row_sent`, it was sent already.
        Problem: as `draft.mine`.
    """
    home, found = mine(acting, import_id)
    record(acting, "import.errors", import_id=import_id)
    wrong = [*wrong_rows(acting, home, found, [place])] if place < _NO_PLACE else []
    if not wrong:
        raise NotFound("row", str(place))
    if acting.session.scalar(_places(import_id, RowError.place == place)) is None:
        raise Conflict("row_sent", "This row was sent already, and is repaired here no more.")
    [table] = Bench(acting, home, found).tables(wrong, read(acting, import_id))
    return _name(acting, found), table


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
    sent = _sent(cells, wrong)
    if not wrong:
        return []
    bench = Bench(acting, home, found)
    shown = {row.place: row for table in bench.tables(wrong, draft) for row in table.rows}
    set_cells(acting, import_id, dict(_changes(cells, shown, sent, draft)))
    return [row for table in bench.tables(wrong, read(acting, import_id)) for row in table.rows]


def keep(acting: Acting, import_id: UUID, cells: Mapping[tuple[int, int], str | None]) -> list[Row]:
    """Keep what cells are to be, None: as they were sent; and tell how their rows stand.

    Raises:
        Problem: as `type_in`.
    """
    home, found = mine(acting, import_id)
    wrong = [*wrong_rows(acting, home, found, sorted({place for place, _ in cells}))]
    _sent(cells, wrong)
    if not wrong:
        return []
    set_cells(acting, import_id, cells)
    tables = Bench(acting, home, found).tables(wrong, read(acting, import_id))
    return [row for table in tables for row in table.rows]


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
    first = returned.origins(acting.session, found.id) if found.corrects_import_id else {}
    if not told:  # of an import without any there is no errors.csv
        return
    folder = _folder(acting, home, found)
    tables = {table.part: table for table in tables_in(folder)}
    labels = {part: Labels(table.header) for part, table in tables.items()}
    for part, errors in groupby(told, attrgetter("sheet")):
        if part in tables:  # an error of a part whose header could not be read has no row
            wrong = _wrong(folder, tables[part], labels[part], found.id, errors)
            yield tables[part], [row._replace(origin=first.get((part, row.number), row.number)) for row in wrong]


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
        yield WrongRow(
            one.place, some[0].row, some[0].row, cells, bad, [fault for fault in faults if id(fault) not in known]
        )


def _errors(acting: Acting, import_id: UUID, places: Sequence[int]) -> Iterable[RowError]:
    wanted = (
        select(RowError)
        .where(RowError.import_id == import_id, RowError.severity == "error", RowError.place.in_(places))
        .order_by(RowError.place, RowError.id)
    )
    return acting.session.scalars(wanted)


def _places(import_id: UUID, which: ColumnElement[bool]) -> Select[int]:
    """The places of rejected rows that were not sent yet, in order."""
    wrong = RowError.import_id == import_id, RowError.severity == "error"
    found = select(RowError.place).where(*wrong, returned.is_left(), which)
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


def _sent(
    cells: Iterable[tuple[int, int]], wrong: Iterable[tuple[Rows, list[WrongRow]]]
) -> Mapping[int, Sequence[str]]:
    """Rows as they came, by place, of which cells were typed.

    Raises:
        Invalid: `no_such_row`, it was not rejected; `no_such_column`, the file has none of this number.
    """
    sent = {row.place: row.cells for _, rows in wrong for row in rows}
    for place, number in cells:
        if place not in sent:
            raise Invalid("no_such_row", f"The row at {place} is none of those that were rejected.")
        if number >= len(sent[place]):
            raise Invalid("no_such_column", f"The row at {place} has no column {number}; they count from 0.")
    return sent


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


def _groups(
    acting: Acting, import_id: UUID, draft: Draft, is_secret: Callable[[str], bool], is_own: Callable[[str], bool]
) -> list[Group]:
    """Ways in which cells are wrong, with what was said of all of them; those with something to do stand first."""
    typed = _typed(acting, import_id, draft)
    groups = []
    for column, code, value, rows, message, fix in ways_left(acting.session, import_id, MOST_WAYS):
        way = Way(column, code, value)
        hidden, rule = is_secret(column), draft.rules.get(way)
        # what was written for a day that nobody knew may be one day for all
        alone = code == "not_unique" or (code != "bad_date" and is_own(column))
        done = rows if rule else typed.get(way, 0)
        groups.append(Group(way, rows, done, message, fix, masked(rule, is_secret=hidden), hidden, alone))
    return sorted(groups, key=lambda one: one.typed == one.rows)


def _typed(acting: Acting, import_id: UUID, draft: Draft) -> Mapping[Way, int]:
    """Of how many rows something was typed, by the ways in which they are wrong."""
    columns = RowError.column_name, RowError.code, RowError.value
    wanted = (
        select(*columns, func.count())
        .where(RowError.import_id == import_id, RowError.severity == "error", RowError.column_name.is_not(None))
        .where(RowError.place.in_({place for place, _ in draft.cells}), returned.is_left())
        .group_by(*columns)
    )
    return {Way(column or "", code, value): rows for column, code, value, rows in acting.session.execute(wanted)}


def _name(acting: Acting, found: Import) -> str:
    """Of the file."""
    return acting.session.get_one(File, (acting.firm_id, found.file_id)).name


def _folder(acting: Acting, home: Home, found: Import) -> Path:
    """Where errors.csv lies; it is written again where it is not, or is of a time before its rows were marked."""
    folder = receipts.folder_of(acting.office.settings, home, found.id)
    if not (folder / ROWS).exists():
        receipts.write(acting.office, home, found.id)
    return folder
