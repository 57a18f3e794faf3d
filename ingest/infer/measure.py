"""Reads a sample to its end and profiles every part of it; rows at the end that are no data are told apart."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ingest.formats.base import Batch, Refused, Source
from ingest.infer.layout import Layout, check_width
from ingest.infer.profile import TableProfile
from ingest.infer.sniffing import NotUnderstood, told
from ingest.naming import fold

_TAIL = 5  # rows at the end of a part that may be a footer
_TOTALS = re.compile(
    r"(?:grand |sub)?totals?\b|summen?\b|gesamt|sum\b|record count|row count|number of (?:records|rows)|count\b"
    r"|end of (?:file|report)|\*+ ?end|trailer\b|anzahl|report total|page [0-9]",
    re.IGNORECASE,
)
_STEADY = re.compile(r"[^0-9]+")  # a mark that will be the same in the next file
_MOST_FILLED = 0.8  # of the cells of a footer row
_HOPELESS = 0.5  # of the rows, that cannot be told apart

Row = tuple[int, list[str], bool]  # its position, its cells, and whether it is broken


@dataclass
class Measured:
    """Parts that share a header.

    Attributes:
        names: of the parts; none where the file is one table.
        tails: the last rows of each part, in order; not in the profile yet.
        totals: a column, and the words in it by which rows of totals are known that no footer can name.
    """

    profile: TableProfile
    names: list[str] = field(default_factory=list)
    tails: dict[int, deque[Row]] = field(default_factory=dict)
    rows: int = 0
    broken: int = 0
    totals: dict[str, list[str]] = field(default_factory=dict)


def measured(source: Source, layout: Layout) -> list[Measured]:
    """The profiles of all parts, footers left out; what the footer is, is added to the layout.

    Raises:
        NotUnderstood: it cannot be read, has no rows, or most of them cannot be told apart.
    """
    try:
        table = layout.open(source)
        groups: dict[tuple[str, ...], Measured] = {}
        homes = []
        for part in table.parts:
            check_width(source, len(part.header))
            group = groups.setdefault(tuple(map(fold, part.header)), Measured(TableProfile(part.header)))
            group.names += [part.name] if part.name is not None else []
            homes.append(group)
        for batch in table.batches():
            _take(homes[batch.part], batch)
    except Refused as refused:
        raise told(refused) from refused
    found = list(groups.values())
    _check(source, found)
    _settle_footer(layout, found)
    for column in (one for group in found for one in group.profile.columns):
        column.settle()
    return [one for one in found if one.profile.rows]


def _take(group: Measured, batch: Batch) -> None:
    tail = group.tails.setdefault(batch.part, deque())
    rows: list[Row] = [(number, cells, False) for number, cells in zip(batch.rows, batch.cells, strict=True)]
    rows += [(one.row, one.cells, True) for one in batch.broken]
    rows.sort(key=lambda row: row[0])
    group.rows += len(rows)
    group.broken += len(batch.broken)
    flawed = {batch.rows[flaw.index] for flaw in batch.flaws}
    settled = [*tail, *rows]
    cut = max(0, len(settled) - _TAIL)
    group.profile.add([cells for number, cells, broken in settled[:cut] if not broken and number not in flawed])
    group.tails[batch.part] = deque(settled[cut:])


def _check(source: Source, found: list[Measured]) -> None:
    rows, broken = sum(one.rows for one in found), sum(one.broken for one in found)
    if not rows:
        raise NotUnderstood(
            f"{source.name} has a header but no rows. Ask the partner for a sample with some rows.", "empty_file"
        )
    if broken > _HOPELESS * rows:
        raise NotUnderstood(
            f"{source.name} is no table that can be read: {broken:,} of its {rows:,} rows have more or fewer cells "
            "than the header, or broken quotes. Ask the partner how the file is made, or export it again."
        )


def _settle_footer(layout: Layout, found: list[Measured]) -> None:
    """Name the footer in the layout where all parts end alike, and let the other rows at the end count."""
    footers = {id(tail): _footer_rows(tail) if layout.footers else 0 for one in found for tail in one.tails.values()}
    tails = [(one, tail) for one in found for tail in one.tails.values()]
    options = _footer(tails, footers)
    if options:
        layout.options["footer"] = options
        layout.because["footer"] = "the last rows hold totals, not data"
    for one, tail in tails:
        count = footers[id(tail)]
        mark = _mark(one, tail, count) if count and not options else None
        if count and not options and not mark:
            layout.unsure.append("footer: some sheets end with a row of totals and some do not; it is read as data")
            count = 0
        if mark:
            one.totals.setdefault(mark[0], []).append(mark[1])
        data = list(tail)[: len(tail) - count]
        one.profile.add([cells for _, cells, broken in data if not broken])


def _footer_rows(tail: deque[Row]) -> int:
    """How many rows at the end are no data: from the first that speaks of a total on."""
    rows = list(tail)
    for place, (_, cells, broken) in enumerate(rows):
        if _is_total(cells, broken=broken) and len(rows) - place < _TAIL:
            return len(rows) - place
    return 0


def _is_total(cells: list[str], *, broken: bool) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    spoken = any(_TOTALS.match(cell) for cell in filled)
    return spoken and (broken or len(filled) <= max(1, _MOST_FILLED * len(cells)))


def _footer(tails: list[tuple[Measured, deque[Row]]], footers: dict[int, int]) -> dict[str, Any] | None:
    counts = {footers[id(tail)] for _, tail in tails}
    if counts == {0}:
        return None
    marks = {mark for one, tail in tails if footers[id(tail)] and (mark := _mark(one, tail, footers[id(tail)]))}
    columns = {fold(column) for column, _ in marks}
    everywhere = all(columns <= {fold(name.name) for name in one.profile.columns} for one, _ in tails)
    marked = all(_mark(one, tail, footers[id(tail)]) for one, tail in tails if footers[id(tail)])
    if marked and len(columns) == 1 and everywhere:
        return {"column": next(iter(marks))[0], "is": sorted({word for _, word in marks})}
    return {"rows": counts.pop()} if len(counts) == 1 else None


def _mark(one: Measured, tail: deque[Row], count: int) -> tuple[str, str] | None:
    """The column and the word by which the first footer row is known, where the word will be the same next time."""
    _, cells, _ = list(tail)[len(tail) - count]
    for column, cell in zip(one.profile.columns, cells, strict=False):
        word = cell.strip()
        unique = sum(fold(other.name) == fold(column.name) for other in one.profile.columns) == 1
        if word and _TOTALS.match(word) and _STEADY.fullmatch(word) and unique and column.name.strip():
            return column.name, word
    return None
