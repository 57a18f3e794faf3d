"""Where the data of a table ends: the rows at its foot that the feed says are none."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from ingest.formats.base import Footer, Refused
from ingest.naming import fold, tidied

Row = TypeVar("Row")


class Foot(Generic[Row]):
    """The footer of one table.

    Args:
        footer: as the feed describes it; None where it has none.
        header: the names of the columns.
        cells_of: the cells of a row, of which there may be fewer than names.

    Attributes:
        rows: how many were passed over; complete once all rows have been read.

    Raises:
        Refused: `column_missing`, the column that it is known by; `header_ambiguous`, two could be it.
    """

    def __init__(self, footer: Footer | None, header: list[str], cells_of: Callable[[Row], list[str]]) -> None:
        self._footer = footer
        self._cells_of = cells_of
        self._mark_at = _place_of_mark(footer, header)
        self.rows = 0

    def without(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The rows above the footer."""
        if self._footer is None:
            return rows
        if self._footer.rows:
            return self._all_but_last(self._footer.rows, rows)
        return self._up_to_mark(frozenset(self._footer.is_ or ()), rows)

    def _all_but_last(self, count: int, rows: Iterator[Row]) -> Iterator[Row]:
        held: deque[Row] = deque()
        for row in rows:
            held.append(row)
            if len(held) > count:
                yield held.popleft()
        self.rows = len(held)

    def _up_to_mark(self, words: frozenset[str], rows: Iterator[Row]) -> Iterator[Row]:
        at = self._mark_at
        for row in rows:
            cells = self._cells_of(row)
            if at < len(cells) and cells[at].strip() in words:
                self.rows = 1 + sum(1 for _ in rows)
                return
            yield row


def _place_of_mark(footer: Footer | None, header: list[str]) -> int:
    if footer is None or footer.column is None:
        return 0
    same = [place for place, name in enumerate(header) if tidied(name) == tidied(footer.column)]
    alike = [place for place, name in enumerate(header) if fold(name) == fold(footer.column)]
    if same or len({tidied(header[place]) for place in alike}) == 1:
        return [*same, *alike][0]
    raise Refused("header_ambiguous" if alike else "column_missing", missing=footer.column)
