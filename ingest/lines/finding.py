"""Finds the row of a stored file that begins on a line.

A rejected row is read from errors.csv, which knows where each hundredth of its rows begins; any other is come to by
reading the file from its start, for nothing is kept of where its rows begin.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from sqlalchemy import select

from gateway.db.models import Import, RowError
from gateway.domain.partners.homes import Home
from gateway.errors import Invalid, Missing
from gateway.office import Acting
from ingest.formats.base import Batch, Table
from ingest.formats.text import presentable
from ingest.numbering import Numbering
from ingest.repairs.rows import wrong_rows

_LAST = (1 << 31) - 1  # a number of a line that the database has


class Spot(NamedTuple):
    """Where in a file somebody looks.

    Attributes:
        number: the line on which a row begins; where a file has no lines, the row of its sheet.
        row: which of several rows on that line; None: that of the same number, else the first.
        sheet: its name, or the `mark` of it; None where the file has no more than one.
    """

    number: int
    row: int | None = None
    sheet: str | None = None


class Found(NamedTuple):
    """A row as it came.

    Attributes:
        part: its sheet or record type, by number.
        place: counted through all sheets, as in `RowError`.
        row: as its sheet shows it.
    """

    part: int
    place: int
    row: int
    line: int
    cells: list[str]


def mark(sheet: str) -> str:
    """By which an address can speak of a sheet, without what stands in a file."""
    return hashlib.sha256(sheet.encode()).hexdigest()[:16]


def find(acting: Acting, home: Home, arrival: Import, table: Table, spot: Spot) -> Found:
    """The row that begins there.

    Args:
        acting: who looks.
        home: the partner's.
        arrival: the import of the file.
        table: the file, of which no row was read yet.
        spot: where.

    Raises:
        Invalid: `which_sheet`, the file has several and none was said.
        Missing: `no_such_line`, no row begins there; `no_such_sheet`.
    """
    sheet = _sheet(table, spot)
    found = None
    if spot.number <= _LAST:
        rejected = partial(_rejected, acting, home, arrival, table, spot.number, sheet)
        found = rejected(spot.row or spot.number) or _read(table, spot, sheet)
        if found is None and spot.row is None:
            found = rejected(None)  # whose cells cannot be told apart, and whose row has another number
    if found is None:
        where = f" of the sheet “{sheet}”" if sheet else ""
        raise Missing(
            "no_such_line",
            f"No row begins on line {spot.number:,}{where}: it is a header, blank, within a row, or beyond the end.",
        )
    return found


def _sheet(table: Table, spot: Spot) -> str | None:
    """The name of the sheet, where rows are numbered sheet by sheet."""
    names = [part.name for part in table.parts if part.header_row and part.name is not None]
    if spot.sheet is not None:
        named = next((name for name in names if spot.sheet in (name, mark(name))), None)
        if named is None:
            raise Missing("no_such_sheet", "The file has no such sheet.")
        return named
    if len(names) > 1:
        raise Invalid("which_sheet", f"The file has several sheets; say which: {', '.join(names)}.")
    return names[0] if names else None


def _rejected(
    acting: Acting, home: Home, arrival: Import, table: Table, line: int, sheet: str | None, row: int | None
) -> Found | None:
    """The first rejected row on a line that has this number; None: any."""
    wanted = select(RowError.place, RowError.line).where(
        RowError.import_id == arrival.id, RowError.severity == "error", RowError.line == line
    )
    if row is not None:
        wanted = wanted.where(RowError.row == row)
    if sheet is not None:
        wanted = wanted.where(RowError.sheet == sheet)
    if (known := acting.session.execute(wanted.order_by(RowError.place).limit(1)).first()) is None:
        return None
    parts = {part.name: number for number, part in enumerate(table.parts)}
    for rows, wrong in wrong_rows(acting, home, arrival, [known.place]):
        for one in wrong:
            return Found(parts[rows.part], one.place, one.number, known.line, one.cells)
    return None


def _read(table: Table, spot: Spot, sheet: str | None) -> Found | None:
    """The row by reading the file, no further than it must be."""
    numbering, wanted = Numbering(table), spot.row or spot.number
    first: Found | None = None
    for batch in numbering.batches():
        for place, cells in _on(batch, spot.number) if sheet in (None, batch.sheet) else ():
            row = numbering.row(place)
            found = Found(batch.part, place, row, spot.number, [*map(presentable, cells)])
            if row == wanted:
                return found
            first = first or found
        is_past = bool(batch.lines) and batch.lines[-1] > spot.number
        if is_past and (first or len(table.parts) == 1):  # record types lie among each other, and so do their batches
            break
    return None if spot.row is not None else first


def _on(batch: Batch, line: int) -> Iterator[tuple[int, list[str]]]:
    """The rows that begin on a line, by place."""
    return ((row, cells) for row, at, cells in zip(batch.rows, batch.lines, batch.cells, strict=True) if at == line)
