"""JSON: where its records stand, which columns their paths make, and what a damaged one costs (RFC 8259)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import ClassVar

from msgspec import field as option

from ingest.catalogue import shorten
from ingest.formats.base import (
    MAX_COLUMNS,
    Batch,
    BrokenRow,
    Flaw,
    FormatSpec,
    Part,
    Refused,
    Source,
    counted,
    filled,
)
from ingest.formats.filling import Filling
from ingest.formats.json_stream import Documents, Found
from ingest.formats.paths import BadRecord, Cells, rows_of
from ingest.formats.text import MAX_CELL, presentable

MAX_IDLE = 1_000_000  # records in a row that hold nothing
_SHOWN = 2_000  # characters of a broken record that are kept to be shown
_TOO_LONG: dict[str, object] = {"expected": f"more than {MAX_CELL:,} characters"}


class JsonFormat(FormatSpec, frozen=True, kw_only=True, tag="json"):
    """Objects in an array, one a line (JSON lines), one after the other, or in an envelope.

    Columns are dotted paths: `name.first`, `documents.0.number`. A list of plain values is one cell, joined with `; `.
    """

    keeps_blank: ClassVar[bool] = False  # whether a record without content is a row

    records: str | None = None  # an envelope: the path of its list, such as data.employees
    explode: str | None = None  # the path of a list that gives one row an element, the rest of the record repeated
    columns: list[str] = option(default_factory=list)  # paths that exist even in a file where no record has them

    def __post_init__(self) -> None:
        paths = [path for path in (self.records, self.explode, *self.columns) if path is not None]
        if not all(key for path in paths for key in path.split(".")):
            raise ValueError("A path is keys with dots between them, such as data.employees.")


def open_table(source: Source, spec: JsonFormat) -> JsonTable:
    """Open JSON and read it once, for the paths that occur.

    Raises:
        Refused: `empty_file` (no byte, or neither a record nor a column), `unreadable` (no JSON: says on which line and
            column), `too_large` (too many columns, or a record beyond any measure).
    """
    return JsonTable(source, spec)


class JsonTable:
    """JSON, read twice from top to bottom: for its columns, then for its rows.

    A row is an element of the list, or of the lists to explode; its line is the one on which the record starts.
    """

    def __init__(self, source: Source, spec: JsonFormat) -> None:
        self._source = source
        self._spec = spec
        self._blank = 0
        self._paths = self._found_paths()
        self._documents = self._opened()
        self.parts = [Part(None, [presentable(path) for path in self._paths], 0)]

    @property
    def remarks(self) -> list[str]:
        """Sentences for the receipt; complete once the batches have been read."""
        passed = {"blank line": self._documents.blank_lines, "blank record": self._blank}
        told = [f"{counted(count, thing)} passed over." for thing, count in passed.items() if count]
        return [*self._documents.remarks, *told]

    def batches(self) -> Iterator[Batch]:
        """The rows in order. Once."""
        documents, paths = self._documents, self._paths
        filling = Filling([(None, len(paths))], documents.encoding, self._source.name)
        idle = 0
        for row, (found, cells) in enumerate(self._rows(documents), start=1):
            if filling.is_full(documents.position):
                yield from filling.taken(documents.position)
            if isinstance(cells, BadRecord):
                filling.add_broken(0, self._broken(row, found, str(cells)))
            elif not (self._spec.keeps_blank or filled(cells.values())):
                self._blank += 1
                idle = self._losing_patience(idle, found)
            elif len(found.text) > MAX_CELL and max(map(len, cells.values()), default=0) > MAX_CELL:
                filling.add_broken(0, BrokenRow(row, found.line, [], Flaw(0, None, "too_long", details=_TOO_LONG)))
            else:
                idle = 0
                filling.add_suspect(0, row, found.line, list(map(cells.get, paths, repeat(""))))
        yield from filling.taken(documents.position)

    def _opened(self) -> Documents:
        return Documents(self._source, self._spec.records.split(".") if self._spec.records else [])

    def _rows(self, documents: Documents) -> Iterator[tuple[Found, Cells | BadRecord]]:
        for found in documents:
            if found.why is not None:
                yield found, BadRecord(found.why)
            else:
                yield from ((found, cells) for cells in rows_of(found.value, self._spec.explode))

    def _found_paths(self) -> list[str]:
        """The paths in the order in which they first occur, then those that the feed names."""
        paths: dict[str, None] = {}
        empty, idle = True, 0
        for found, cells in self._rows(self._opened()):
            empty = False
            idle = self._losing_patience(idle, found) if isinstance(cells, BadRecord) or not cells else 0
            if not isinstance(cells, BadRecord) and not cells.keys() <= paths.keys():
                paths |= dict.fromkeys(cells)
                self._check_width(len(paths))
        paths |= dict.fromkeys(self._spec.columns)
        self._check_width(len(paths))
        if empty and not paths:
            raise Refused("empty_file", file=self._source.name)
        return list(paths)

    def _losing_patience(self, idle: int, found: Found) -> int:
        if idle == MAX_IDLE:
            why = f"up to line {found.line:,} it has more than {MAX_IDLE:,} records in a row that hold nothing"
            raise Refused("too_large", file=self._source.name, why=why)
        return idle + 1

    def _check_width(self, columns: int) -> None:
        if columns > MAX_COLUMNS:
            why = f"its records have more than {MAX_COLUMNS:,} different paths"
            raise Refused("too_large", file=self._source.name, why=why)

    def _broken(self, row: int, found: Found, why: str) -> BrokenRow:
        shown = presentable(found.text[:_SHOWN])
        flaw = Flaw(0, None, "bad_json", shorten(shown), {"found": presentable(why)})
        return BrokenRow(row, found.line, [shown], flaw)
