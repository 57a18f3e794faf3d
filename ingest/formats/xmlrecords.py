"""The records of an XML document as it goes by: what they hold in the columns asked for, or which columns there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.formats.base import MAX_COLUMNS, Refused
from ingest.formats.markup import Attributes, Markup, Name
from ingest.formats.text import MAX_CELL, MAX_LINE
from ingest.formats.xmlpaths import Node, Path, Step, Test

MAX_RECORD = MAX_LINE  # bytes of one record, as UTF-8
MAX_IDLE = 6_000_000  # elements in a row that bring nothing; more than 100 MB of any real document hold
_IDLE_RECORD = 5  # elements that a record counts as besides its own, for it takes as long
_OF_SCHEMAS = "http://www.w3.org/2001/XMLSchema-instance"  # xsi:nil, xsi:type: about a value, and none themselves
_TELLING = "type"  # the attribute that tells elements of one name apart
_LONGEST_TELLING = 100  # characters

Cells = dict[int, str]  # by column


class _Watcher:
    """Knows which elements are records; whoever reads them says what to do with what stands in them.

    Args:
        path: of the records, from the outermost element on.
        file: its name.

    Attributes:
        deepest: steps of the path that were ever found.
        idle: elements since something was found that is read.
    """

    def __init__(self, path: tuple[Step, ...], file: str) -> None:
        self._path = path
        self._file = file
        self._depth = self._matched = 0  # open elements, and how many of them lead to records
        self.deepest = self.idle = 0

    def opened(self, name: Name, attributes: Attributes) -> None:
        """An element begins."""
        length = len(self._path)
        self.idle += 1
        if self._matched == length:
            self._inside(name, attributes)
        elif self._depth == self._matched and self._path[self._depth].fits(name, attributes):
            self._matched += 1
            self.deepest = max(self.deepest, self._matched)
            if self._matched == length:
                self.idle += _IDLE_RECORD
                self._begin(attributes)
        self._depth += 1

    def closed(self) -> None:
        """The innermost element ends."""
        self._depth -= 1
        if self._matched == len(self._path):
            self._leave()
        self._matched = min(self._matched, self._depth)

    def lose_patience(self, line: int) -> None:
        """Give up where nothing has been found for too long; asked now and then, not at each element.

        Raises:
            Refused: `too_large`.
        """
        if self.idle > MAX_IDLE:
            why = f"up to line {line:,} it has millions of elements in a row that hold nothing which is read"
            raise Refused("too_large", file=self._file, why=why)

    def _begin(self, attributes: Attributes) -> None:
        raise NotImplementedError

    def _inside(self, name: Name, attributes: Attributes) -> None:
        raise NotImplementedError

    def _leave(self) -> None:
        raise NotImplementedError


# ---------------------------------------------------------------- what records hold


@dataclass(slots=True)
class Record:
    """One record.

    Attributes:
        line: on which it starts.
        shared: what stands in it once, for all of its rows.
        parts: what stands in each element that makes a row; none where no path is to be exploded.
        overlong: what it has too much of, or None; the rest means nothing then.
    """

    line: int
    shared: dict[int, list[str]] = field(default_factory=dict)
    parts: list[dict[int, list[str]]] = field(default_factory=list)
    overlong: str | None = None

    def rows(self) -> Iterator[Cells]:
        """One row, or one a part."""
        shared = {column: _joined(values) for column, values in self.shared.items()}
        if not self.parts:
            yield shared
        for part in self.parts:
            yield shared | {column: _joined(self.shared.get(column, []) + values) for column, values in part.items()}


@dataclass(slots=True)
class _Frame:
    """An open element to which paths lead, or through which they go on."""

    nodes: list[Node]
    columns: list[int]  # that are its text
    pieces: list[str] = field(default_factory=list)
    has_elements: bool = False


class Records(_Watcher):
    """Collects records; `taken` hands over those that have ended.

    Args:
        markup: the document that is told.
        path: of the records.
        file: its name.
        root: where the paths of the columns begin.
    """

    def __init__(self, markup: Markup, path: tuple[Step, ...], file: str, root: Node) -> None:
        super().__init__(path, file)
        self._markup = markup
        self._root = root
        self._frames: list[_Frame] = []
        self._passed = 0  # open elements that no path leads through
        self._ended: list[Record] = []

    def taken(self) -> list[Record]:
        """The records that ended since."""
        ended, self._ended = self._ended, []
        return ended

    def said(self, text: str) -> None:
        """Text of the innermost element."""
        if self._frames and not self._passed and self._frames[-1].columns and self._fits():
            self._frames[-1].pieces.append(text)

    def _begin(self, attributes: Attributes) -> None:
        self._record = Record(self._markup.line)
        self._begun = self._markup.offset
        self._cells = self._record.shared
        self._enter([self._root], attributes)

    def _inside(self, name: Name, attributes: Attributes) -> None:
        above = self._frames[-1]
        if self._passed:
            self._passed += 1
            return
        above.has_elements = True
        nodes = [node for one in above.nodes for node in one.into(name, attributes)]
        if nodes and self._fits():
            self._enter(nodes, attributes)
        else:
            self._passed = 1

    def _enter(self, nodes: list[Node], attributes: Attributes) -> None:
        if any(node.explodes for node in nodes):
            self._cells = {}
            self._record.parts.append(self._cells)
        self._frames.append(_Frame(nodes, [column for node in nodes for column in node.texts]))
        if attributes:
            for node in nodes:
                for column, value in node.found(attributes):
                    self._put(column, value)

    def _leave(self) -> None:
        if self._passed:
            self._passed -= 1
            return
        frame = self._frames.pop()
        if frame.columns:
            text = "".join(frame.pieces)
            for column in frame.columns:
                self._put(column, "" if frame.has_elements and not text.strip() else text)
        if any(node.explodes for node in frame.nodes):
            self._cells = self._record.shared
        if not self._frames:
            self._ended.append(self._record)

    def _put(self, column: int, value: str) -> None:
        if len(value) > MAX_CELL:
            self._record.overlong = f"more than {MAX_CELL:,} characters"
        elif not self._record.overlong:
            self._cells.setdefault(column, []).append(value)

    def _fits(self) -> bool:
        """Whether the record is short enough so far; of one that is not, no more is held."""
        if self._markup.offset - self._begun > MAX_RECORD:
            self._record.overlong = f"more than {MAX_RECORD:,} bytes"
        return self._record.overlong is None


def _joined(values: list[str]) -> str:
    return values[0] if len(values) == 1 else "; ".join(values) if any(values) else ""


# ---------------------------------------------------------------- which columns there are


@dataclass(slots=True)
class _Place:
    """Elements that are told by one path."""

    steps: tuple[Step, ...]
    inner: dict[tuple[str, str | None], _Place] = field(default_factory=dict)
    met: set[str | None] = field(default_factory=set)  # attributes of them that were told; None is their text


@dataclass(slots=True)
class _Visit:
    place: _Place
    has_elements: bool = False
    has_text: bool = False


class Discovery(_Watcher):
    """Collects the paths that occur: of elements with text, or with nothing in them, and of attributes.

    Elements of one name are told apart by their attribute `type`, as in `ID[@type='Employee_ID']`.

    Attributes:
        paths: in the order in which they first occur.
    """

    def __init__(self, path: tuple[Step, ...], file: str) -> None:
        super().__init__(path, file)
        self.paths: list[Path] = []
        self._root = _Place(())
        self._places = 1
        self._visits: list[_Visit] = []

    def said(self, text: str) -> None:
        """Text of the innermost element."""
        if self._visits and not self._visits[-1].has_text:
            self._visits[-1].has_text = not text.isspace()
            self.idle = 0 if self._visits[-1].has_text else self.idle

    def _begin(self, attributes: Attributes) -> None:
        self._enter(self._root, attributes, None)

    def _inside(self, name: Name, attributes: Attributes) -> None:
        above = self._visits[-1]
        above.has_elements = True
        telling = telling_of(attributes) if attributes else None
        key = (name.local, telling)
        place = above.place.inner.get(key)
        if place is None:
            wanted = () if telling is None else ((Test(None, _TELLING), telling),)
            place = above.place.inner[key] = _Place((*above.place.steps, Step(Test(None, name.local), wanted)))
            self._places += 1
            self._check_width(self._places)
        self._enter(place, attributes, telling)

    def _enter(self, place: _Place, attributes: Attributes, telling: str | None) -> None:
        self._visits.append(_Visit(place))
        for name, _ in attributes:
            if name.uri != _OF_SCHEMAS and (telling is None or name.local != _TELLING):
                self._meet(place, name.local)

    def _leave(self) -> None:
        visit = self._visits.pop()
        if visit.has_text or not visit.has_elements:
            self._meet(visit.place, None)

    def _meet(self, place: _Place, attribute: str | None) -> None:
        if attribute not in place.met:
            place.met.add(attribute)
            self.paths.append(Path(place.steps, None if attribute is None else Test(None, attribute)))
            self._check_width(len(self.paths))

    def _check_width(self, columns: int) -> None:
        if columns > MAX_COLUMNS:
            why = f"its records have more than {MAX_COLUMNS:,} different paths"
            raise Refused("too_large", file=self._file, why=why)


def telling_of(attributes: Attributes) -> str | None:
    """What tells an element apart from others of its name, or None."""
    for name, value in attributes:
        if name.local == _TELLING and name.uri != _OF_SCHEMAS:
            plain = 0 < len(value) <= _LONGEST_TELLING and not {"'", '"'} <= set(value) and value.isprintable()
            return value if plain else None
    return None
