"""Records of cells out of physical lines: what quotes join, where each record starts, and what a broken one costs."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from ingest.formats.text import MAX_CELL, OVERLONG, Block

MAX_RECORD = 1_000_000  # characters after which a record that quotes stretch over several lines is given up
_SALVAGED = 64 * 1024  # characters of a broken line that are kept to be shown

# the line it starts on, its cells (as far as they could be read), and what is wrong with it: a row-level code
Record = tuple[int, list[str], str | None]

csv.field_size_limit(MAX_CELL)  # the module knows one limit for the whole process


class Records:
    """The records of a file; a blank line is a record without cells.

    A broken record costs its first line alone: reading resumes on the next, so a stray quote never swallows the rest
    of the file. The cost stays linear, because every line between a break and the line where it showed was read inside
    an open quote: a record that starts on one of them and does not end there is inside that same quote and would break
    at the same place. Those lines are therefore read alone, each once. (Where an escape character may also continue a
    line, this gives up such a continued record, but only in the wake of a break.)

    Attributes:
        suspect_until: a record that starts on a later line holds no NUL character and no undecodable byte.
    """

    def __init__(self, blocks: Iterable[Block], skip: int, **dialect: Any) -> None:  # noqa: ANN401 - csv's own options
        self._blocks = blocks
        self._skip = skip
        self._strict = csv.reader([], strict=True, **dialect).dialect
        self._lenient = csv.reader([], strict=False, **dialect).dialect
        self._first = 1  # the physical line that the window begins with
        self.suspect_until = 0

    def __iter__(self) -> Iterator[Record]:
        """The records in order. Once."""
        window: list[str] = []
        for block in self._blocks:
            window += self._unskipped(block.lines)
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
        feed = iter(window)
        reader = csv.reader(feed, self._strict)
        start = base = 0  # where the next record starts; where the reader began to count
        while True:
            try:
                for cells in reader:
                    yield self._first + start, cells, None
                    start = base + reader.line_num
            except csv.Error as error:
                shown, code = base + reader.line_num - 1, _code(error)
            else:
                return start
            if not last and shown == len(window) - 1 and sum(map(len, window[start:])) < MAX_RECORD:
                return start
            yield self._first + start, self._salvaged(window[start]), code
            yield from (self._alone(self._first + index, window[index]) for index in range(start + 1, shown))
            again = window[shown : shown + 1] if shown > start else []  # the line where it showed starts afresh
            start = base = max(start + 1, shown)
            reader = csv.reader(itertools.chain(again, feed), self._strict)

    def _alone(self, number: int, line: str) -> Record:
        try:
            return number, next(csv.reader((line,), self._strict)), None
        except csv.Error as error:
            return number, self._salvaged(line), _code(error)

    def _salvaged(self, line: str) -> list[str]:
        if line is OVERLONG:
            return []
        return next(csv.reader((line[:_SALVAGED].rstrip("\r\n"),), self._lenient))


def _code(error: csv.Error) -> str:
    return "too_long" if "field limit" in str(error) else "bad_quotes"
