"""XML: which elements are its records, which columns stand in them, and what a damaged one costs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from msgspec import field as option

from ingest.formats.base import MAX_COLUMNS, Batch, BrokenRow, Flaw, FormatSpec, Part, Refused, Source, counted, filled
from ingest.formats.filling import Filling
from ingest.formats.markup import EXPECTED, Markup
from ingest.formats.text import presentable
from ingest.formats.xmlpaths import Node, Path, Step, elements_of, path_of
from ingest.formats.xmlrecords import Cells, Discovery, Record, Records

_MOST_NAMED = 10  # columns in a remark


class XmlFormat(FormatSpec, frozen=True, kw_only=True, tag="xml"):
    """Elements that repeat, such as Report_Entry in Report_Data.

    A path is names with slashes between them: `Worker/ID[@type='Employee_ID']`, `Worker/@Descriptor`. A name without
    prefix is meant in any namespace. Elements that occur several times are one cell, joined with `; `.
    """

    records: str = "*/*"  # the path of the records, from the outermost element on; by default whatever is right in it
    namespaces: dict[str, str] = option(default_factory=dict)  # prefix in the paths here -> namespace
    explode: str | None = None  # the path of elements in a record that make a row each, the rest of it repeated
    columns: dict[str, str] = option(default_factory=dict)  # column -> path; without any, the paths that occur

    def __post_init__(self) -> None:
        if "" in self.namespaces.values():
            raise ValueError("A namespace is text such as urn:com.workday.report/Roster; leave a blank one out.")
        _path_of_records(self)
        _exploded(self)
        _paths(self)


def open_table(source: Source, spec: XmlFormat) -> XmlTable:
    """Open XML; where the feed names no columns, read it once for the paths that occur.

    Raises:
        Refused: `empty_file` (no byte, or neither a record nor a column), `unreadable` (no XML: says on which line and
            column), `too_large` (too many columns or names, or a tag beyond any measure).
    """
    return XmlTable(source, spec)


class XmlTable:
    """XML, read from top to bottom.

    A row is a record, or an element of it to explode; its line is the one on which the record starts.
    """

    def __init__(self, source: Source, spec: XmlFormat) -> None:
        self._source = source
        self._path = _path_of_records(spec)
        self._exploded = _exploded(spec)
        paths = _paths(spec) or {presentable(str(path)): path for path in self._found_paths()}
        if len(paths) > MAX_COLUMNS:
            raise Refused("too_large", file=source.name, why=f"it has more than {MAX_COLUMNS:,} columns")
        self._paths = list(paths.values())
        self._blank = 0
        self._has_found = False  # whether anything was read in the piece of the document at hand
        self._unseen: set[int] | None = None  # columns that no record had so far; None before the first one
        self._markup = Markup(source)
        self.parts = [Part(None, list(paths), 0)]

    @property
    def encoding(self) -> str:
        """What the file is read as, in words for people."""
        return self._markup.encoding

    @property
    def remarks(self) -> list[str]:
        """Sentences for the receipt; complete once the batches have been read."""
        blank = [f"{counted(self._blank, 'blank record')} passed over."] if self._blank else []
        return [*self._markup.remarks, *blank, *self._lacking()]

    def batches(self) -> Iterator[Batch]:
        """The rows in order. Once."""
        columns, markup = range(len(self._paths)), self._markup
        filling = Filling([(None, len(columns))], markup.encoding, self._source.name)
        for row, (record, cells) in enumerate(self._rows(), start=1):
            if filling.is_full(markup.position):
                yield from filling.taken(markup.position)
            if record.overlong:
                flaw = Flaw(0, None, "too_long", details={"expected": record.overlong})
                filling.add_broken(0, BrokenRow(row, record.line, [], flaw))
            elif not filled(cells.values()):
                self._blank += 1
            else:
                filling.add_suspect(0, row, record.line, list(map(cells.get, columns, repeat(""))))
                self._see(cells)
                self._has_found = True
        yield from filling.taken(markup.position)

    def _rows(self) -> Iterator[tuple[Record, Cells]]:
        root = Node()
        for column, path in enumerate(self._paths):
            root.lead(path, column)
        if self._exploded:
            root.at(self._exploded).explodes = True
        records = Records(self._markup, self._path, self._source.name, root)
        for _ in self._markup.told(records):
            for record in records.taken():
                if record.overlong:
                    yield record, {}
                else:
                    yield from ((record, cells) for cells in record.rows())
            records.idle = 0 if self._has_found else records.idle
            records.lose_patience(self._markup.line)
            self._has_found = False
        self._check(records.deepest)

    def _found_paths(self) -> list[Path]:
        found = Discovery(self._path, self._source.name)
        markup = Markup(self._source)
        for _ in markup.told(found):
            found.lose_patience(markup.line)
        self._check(found.deepest)
        if not found.paths:
            raise Refused("empty_file", file=self._source.name)
        return found.paths

    def _check(self, deepest: int) -> None:
        """Refuse a document without the element in which records stand; there may be none in it."""
        if deepest < len(self._path) - 1:
            why = f"there is no element {Path(self._path[: deepest + 1])} in it"
            raise Refused("unreadable", file=self._source.name, why=why, expected=EXPECTED)

    def _see(self, cells: Cells) -> None:
        if self._unseen is None:
            self._unseen = set(range(len(self._paths)))
        if self._unseen:
            self._unseen.difference_update(cells)

    def _lacking(self) -> list[str]:
        """Columns of the feed that nothing was read for: perhaps a path is misspelt, or the file has changed."""
        lacking = [self.parts[0].header[column] for column in sorted(self._unseen or ())]
        if not lacking:
            return []
        more = f" and {len(lacking) - _MOST_NAMED:,} more" if len(lacking) > _MOST_NAMED else ""
        return [f"No record has what these columns are read from: {', '.join(lacking[:_MOST_NAMED])}{more}."]


def _path_of_records(spec: XmlFormat) -> tuple[Step, ...]:
    return elements_of(spec.records, spec.namespaces)


def _exploded(spec: XmlFormat) -> tuple[Step, ...]:
    return elements_of(spec.explode, spec.namespaces) if spec.explode is not None else ()


def _paths(spec: XmlFormat) -> dict[str, Path]:
    return {column: path_of(path, spec.namespaces) for column, path in spec.columns.items()}
