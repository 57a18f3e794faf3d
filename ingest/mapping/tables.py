"""CSV tables that lookups read: parsed, checked against the step that names them, and indexed by its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from gateway.values.codes import folded_word
from ingest.catalogue import RowProblem, describe_file
from ingest.feed import Feed, FieldSpec, Lookup
from ingest.formats.base import Batch, Refused
from ingest.formats.csv import CsvFormat, open_table
from ingest.mapping.addresses import Address, locate
from ingest.mapping.bound import bind_field, stored
from ingest.mapping.enrich_specs import given_spec
from ingest.mapping.errors import FeedError, Path, unknown_name
from ingest.mapping.fitting import compile_field
from ingest.mapping.headers import Headers, columns_of, listed

MAX_ROWS = 100_000
NO_TABLES: Mapping[str, LookupTable] = {}

_ANY_DAY = date(2000, 1, 1)  # no check of a table depends on the day
Values = list[object | None]


class Trouble(NamedTuple):
    """One thing wrong with a table, at a line of it."""

    line: int
    sentence: str
    found: str | None = None


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table as text, and what is wrong with it already; blank rows are left out."""

    name: str
    headers: Headers
    lines: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Index:
    """What a lookup gives for each word, in the order of `targets`; troubles are rows that give nothing."""

    targets: tuple[Address, ...]
    entries: dict[str, tuple[object | None, ...]]
    troubles: list[Trouble]


def parse(name: str, text: str) -> LookupTable:
    """Read a table: comma-separated, its first row the header. Never raises for what it holds."""
    try:
        opened = open_table(_Text(name, text.encode()), CsvFormat())
        table = LookupTable(name, Headers(opened.header))
        for batch in opened.batches():
            _take(table, batch)
            if len(table.rows) > MAX_ROWS:
                sentence = f"The table has more than {MAX_ROWS:,} rows."
                return LookupTable(name, table.headers, troubles=[Trouble(table.lines[MAX_ROWS], sentence)])
    except Refused as refused:
        return LookupTable(name, Headers([]), troubles=[Trouble(1, describe_file(refused.code, **refused.details)[0])])
    return table


def parse_all(texts: Mapping[str, str]) -> dict[str, LookupTable]:
    """The tables of one version of the settings, by name."""
    return {name: parse(name, text) for name, text in texts.items()}


def column_errors(step: Lookup, table: LookupTable) -> Iterator[FeedError]:
    """Columns that a step asks for and the table does not have; paths start at the step."""
    asked: list[tuple[Path, list[str]]] = [(("by",), listed(step.by))]
    for text, given in step.give.items():
        spec = given_spec(given)
        at = ("give", text) if isinstance(given, str) else ("give", text, "join" if spec.join else "from")
        asked += [(at, names) for names in columns_of(spec)]
    for path, names in asked:
        if table.headers.index(names) is None:
            error = unknown_name("", f"column of {table.name}", names[0], table.headers.found)
            yield FeedError(path, str(error), error.suggestion)


def index_of(feed: Feed, step: Lookup, table: LookupTable) -> Index:
    """What the step gives for each word of the table.

    Raises:
        FeedError: a column that the table does not have.
    """
    for error in column_errors(step, table):
        raise error
    troubles = list(table.troubles)
    places = _places(feed, step, table, troubles)
    given = [_given(feed, text, given_spec(given), table, troubles) for text, given in step.give.items()]
    entries = {word: tuple(values[place] for values in given) for word, place in places.items()}
    return Index(tuple(locate(feed, text) for text in step.give), entries, troubles)


def _places(feed: Feed, step: Lookup, table: LookupTable, troubles: list[Trouble]) -> dict[str, int]:
    """Word -> the row that has it."""
    column = table.headers.index(step.by) or 0
    label = table.headers.found[column]
    places: dict[str, int] = {}
    for place, row in enumerate(table.rows):
        shown, line = row[column].strip(), table.lines[place]
        word = folded_word(shown)
        if shown in {"", *feed.none_values}:
            troubles.append(Trouble(line, f"The row has no {label}, by which it would be found.", shown or None))
        elif word in places:
            first = table.lines[places[word]]
            troubles.append(Trouble(line, f"{label} “{shown}” stands on line {first} already; which is right?", shown))
        places.setdefault(word, place)
    return places


def _given(feed: Feed, text: str, spec: FieldSpec, table: LookupTable, troubles: list[Trouble]) -> Values:
    """The values of one field, row by row."""
    address, blanks = locate(feed, text), frozenset(feed.none_values)
    column = compile_field(address.kind, address.name, spec, none_values=blanks, today=_ANY_DAY)
    bound = bind_field(address.field, spec, column, table.headers, whole=False, blanks=blanks | {""})
    assert bound is not None  # noqa: S101 - its columns are there
    cells = bound.cells(table.rows)
    result = column(cells)
    for place, bad in result.bad:
        told = RowProblem(0, table.lines[place], bad.code, bound.label, cells[place].strip(), details=bad.details)
        troubles.append(Trouble(told.line, told.message, told.value or None))
    return stored(address.field, result.values)


def _take(table: LookupTable, batch: Batch) -> None:
    for line, row in zip(batch.lines, batch.cells, strict=True):
        if any(cell.strip() for cell in row):  # a spreadsheet saves rows of commas below the last one
            table.lines.append(line)
            table.rows.append(row)
    flaws = [(batch.lines[flaw.index], flaw) for flaw in batch.flaws]
    for line, flaw in [*flaws, *((broken.line, broken.flaw) for broken in batch.broken)]:
        table.troubles.append(Trouble(line, RowProblem(0, line, flaw.code, details=flaw.details).message, flaw.value))


@dataclass(frozen=True, slots=True)
class _Text:
    """A table as a format reads files."""

    name: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def chunks(self) -> Iterator[bytes]:
        return iter([self.content])
