"""Records of cells out of physical lines: what quotes join, where each record starts, and what a broken one costs."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple

from ingest.formats.quoting import Quoting
from ingest.formats.text import MAX_CELL, OVERLONG, Block

MAX_RECORD = 1_000_000  # characters after which a record that quotes stretch over several lines is given up
_SALVAGED = 64 * 1024  # characters of a broken line that are kept to be shown


class Trouble(NamedTuple):
    """What is wrong with a record: a row-level code, and the columns that it is about where the rest can be read."""

    code: str
    columns: tuple[int, ...] = ()


_BAD_QUOTES = Trouble("bad_quotes")

STAND_IN = "\uffff"  # a noncharacter, which Unicode keeps for such uses
_NO_TEXT = "\udcff"  # as a byte that is no text comes

Record = tuple[int, list[str], Trouble | None]  # the line it starts on, its cells, and what is wrong with them

csv.field_size_limit(MAX_CELL)  # the module knows one limit for the whole process


class Records:
    """The records of a file; a blank line is a record without cells.

    A broken record costs its first line alone: reading resumes on the next, so a stray quote never swallows the rest
    of the file. The cost stays linear, because every line between a break and the line where it showed was read inside
    an open quote: a record that starts on one of them and does not end there is inside that same quote and would break
    at the same place. Those lines are therefore read alone, each once. (Where an escape character may also continue a
    line, this gives up such a continued record, but only in the wake of a break.)

    A record may be read in full and still have a doubtful cell: `stray_quote`, text that is not quoted holds a quote.

    Attributes:
        suspect_until: a record that starts on a later line holds no NUL character and no undecodable byte.
    """

    def __init__(self, blocks: Iterable[Block], skip: int, **dialect: Any) -> None:  # noqa: ANN401 - csv's own options
        self._blocks = blocks
        self._skip = skip
        self._strict = csv.reader([], strict=True, **dialect).dialect
        self._spaced = csv.reader([], strict=True, skipinitialspace=True, **dialect).dialect
        self._lenient = csv.reader([], strict=False, **dialect).dialect
        self._quoting = Quoting(dialect["delimiter"], dialect["quotechar"], dialect["escapechar"])
        self._first = 1  # the physical line that the window begins with
        self.suspect_until = 0

    def __iter__(self) -> Iterator[Record]:
        """The records in order. Once."""
        window: list[str] = []
        for block in self._blocks:
            window += self._quoting.escaped(self._unskipped(block.lines))
            if block.suspect:
                self.suspect_until = self._first + len(window) - 1
            done = yield from self._parsed(window, last=False)
            del window[:done]
            self._first += done
        yield from self._parsed(window, last=True)

    def _unskipped(self, lines: list[str]) -> list[str]:
        skipped = min(self._skip, len(lines))
        self._skip -= skipped
        self._first += skipped
        return lines[skipped:]

    def _parsed(self, window: list[str], *, last: bool) -> Generator[Record, None, int]:
        """The records of a window; returns on which of its lines a record starts that needs the next block to end."""
        if records := self._plain(window):
            for number, cells in enumerate(records, start=self._first):
                yield number, cells, None
            return len(window)
        return (yield from self._one_by_one(window, last=last))

    def _plain(self, window: list[str]) -> list[list[str]] | None:
        """The records of a window, of which each is a line and no cell holds a quote; None of any other window."""
        try:
            records = list(csv.reader(window, self._strict))
        except csv.Error:
            return None
        if len(records) < len(window) or self._quoting.is_in("".join(map("".join, records))):
            return None
        return records

    def _one_by_one(self, window: list[str], *, last: bool) -> Generator[Record, None, int]:
        start = base = 0  # where the next record starts; where the reader began to count
        reader = self._reader(window, start)
        while True:
            try:
                if (cells := next(reader, None)) is None:
                    return start
                end = base + reader.line_num
                has_quotes = self._quoting.is_in("".join(cells))
                if not has_quotes and end == start + 1:
                    yield self._first + start, cells, None
                    start = end
                    continue
                if spaced := has_quotes and self._quoting.opens_late("".join(window[start:end])):
                    reader, base = self._reader(window, start, self._spaced), start
                    cells = next(reader)
                    end = base + reader.line_num
                yield from self._weighed(window, start, end, cells, spaced=spaced)
                start = end
                if spaced:
                    reader, base = self._reader(window, start), start
            except csv.Error as error:
                shown, trouble = base + reader.line_num - 1, _trouble(error)
                if not last and shown == len(window) - 1 and sum(map(len, window[start:])) < MAX_RECORD:
                    return start
                yield self._first + start, self._salvaged(window[start]), trouble
                yield from (self._alone(self._first + index, window[index]) for index in range(start + 1, shown))
                start = base = max(start + 1, shown)  # the line where it showed starts afresh
                reader = self._reader(window, start)

    def _reader(self, window: list[str], start: int, dialect: Any = None) -> Any:  # noqa: ANN401 - csv names no types
        return csv.reader(map(window.__getitem__, range(start, len(window))), dialect or self._strict)

    def _weighed(self, window: list[str], start: int, end: int, cells: list[str], *, spaced: bool) -> Iterator[Record]:
        """A record of several lines, or with quotes in its cells: whether its quoting went wrong."""
        number = self._first + start
        has_quotes = self._quoting.is_in("".join(cells))
        loose = self._quoting.loose("".join(window[start:end]), spaced=spaced) if has_quotes else {}
        if any(map(self._quoting.is_half, loose.values())) or (end > start + 1 and self._quoting.swallows(cells)):
            yield number, cells if end == start + 1 else self._salvaged(window[start]), _BAD_QUOTES
            yield from (self._alone(self._first + index, window[index]) for index in range(start + 1, end))
        else:
            yield number, cells, Trouble("stray_quote", tuple(loose)) if loose else None

    def _alone(self, number: int, line: str) -> Record:
        try:
            cells = next(csv.reader((line,), self._strict))
        except csv.Error as error:
            return number, self._salvaged(line), _trouble(error)
        if self._quoting.is_in("".join(cells)) and self._quoting.loose(line, spaced=False):
            return number, cells, _BAD_QUOTES
        return number, cells, None

    def _salvaged(self, line: str) -> list[str]:
        if line is OVERLONG:
            return []
        return next(csv.reader((line[:_SALVAGED].rstrip("\r\n"),), self._lenient))


class LongRecords(Records):
    """Records between whose cells several characters stand.

    The csv module knows one character only, so one that no text holds stands there meanwhile. Where it does stand in
    the file, it is told as what is no text.
    """

    def __init__(self, blocks: Iterable[Block], skip: int, *, delimiter: str, **dialect: Any) -> None:  # noqa: ANN401 - csv's own options
        super().__init__(map(self._shortened, blocks), skip, delimiter=STAND_IN, **dialect)
        self._delimiter = delimiter

    def __iter__(self) -> Iterator[Record]:
        """The records in order. Once."""
        for number, cells, trouble in super().__iter__():
            if STAND_IN in "".join(cells):  # inside quotes it is text
                yield number, [cell.replace(STAND_IN, self._delimiter) for cell in cells], trouble
            else:
                yield number, cells, trouble

    def _shortened(self, block: Block) -> Block:
        suspect = block.suspect
        if STAND_IN in "".join(block.lines):
            block, suspect = Block([line.replace(STAND_IN, _NO_TEXT) for line in block.lines], suspect), True
        return Block([line.replace(self._delimiter, STAND_IN) for line in block.lines], suspect)


def _trouble(error: csv.Error) -> Trouble:
    return Trouble("too_long") if "field limit" in str(error) else _BAD_QUOTES
