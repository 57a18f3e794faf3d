"""The batches that are being filled, one a part of the file, and when they are full."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.catalogue import shorten
from ingest.formats.base import BATCH_BYTES, BATCH_CELLS, BATCH_ROWS, Batch, BrokenRow, Flaw, Refused
from ingest.formats.text import is_dirty, presentable

MAX_CELLS = 500_000_000  # of all rows, blank ones included
_LEAST = BATCH_CELLS // BATCH_ROWS  # cells that a short row counts as, so that one number tells of rows and cells


class Filling:
    """One batch a part; all are handed over together, so that together they stay as small as one.

    Fullness is judged before a row is added, so the last batches of a file are handed over at its very end.

    Args:
        parts: name (None where the file is one table) and width of each.
        encoding: what the file is read as, in words for people.
        sparse_in: the file's name, where a row of a few bytes is given all the columns that any row has: a small file
            comes to billions of cells so.
    """

    def __init__(self, parts: list[tuple[str | None, int]], encoding: str, sparse_in: str | None = None) -> None:
        self._names = [name for name, _ in parts]
        self._sparse_in, self._cells = sparse_in, 0
        self._weights = [max(width, _LEAST) for _, width in parts]
        self._most = BATCH_CELLS - max(self._weights)
        self._undecodable: dict[str, object] = {"expected": encoding}
        self._begin(position=0)

    def _begin(self, position: int) -> None:
        self._batches = [Batch([], [], [], part=part, sheet=name) for part, name in enumerate(self._names)]
        self._adders = [
            (one.rows.append, one.lines.append, one.cells.append, weight)
            for one, weight in zip(self._batches, self._weights, strict=True)
        ]
        self._until = position + BATCH_BYTES
        self._weight = 0

    def is_full(self, position: int) -> bool:
        """Whether a row more would be one too many; what `position` in the file grows by stands for its length."""
        return self._weight > self._most or position > self._until

    def taken(self, position: int) -> Iterator[Batch]:
        """The batches so far, without the empty ones; the next ones begin.

        Raises:
            Refused: `too_large`, of a file with sparse rows.
        """
        batches = [batch for batch in self._batches if batch.rows or batch.broken]
        self._cells += sum(len(batch.cells) * len(batch.cells[0]) for batch in batches if batch.cells)
        if self._sparse_in is not None and self._cells > MAX_CELLS:
            why = f"with all columns that any record has, its rows come to more than {MAX_CELLS:,} cells"
            raise Refused("too_large", file=self._sparse_in, why=why)
        self._begin(position)
        for batch in batches:
            batch.position = position
            yield batch

    def add(self, part: int, row: int, line: int, cells: list[str]) -> None:
        """A row that fits the header of its part, and holds nothing but text."""
        add_row, add_line, add_cells, weight = self._adders[part]
        add_row(row)
        add_line(line)
        add_cells(cells)
        self._weight += weight

    def add_suspect(self, part: int, row: int, line: int, cells: list[str]) -> None:
        """A row that fits, some cell of which may hold what is no text."""
        self.add(part, row, line, cells)
        if is_dirty("".join(cells)):
            for column, cell in enumerate(cells):
                if is_dirty(cell):
                    self.flag(part, column, "undecodable", self._undecodable)

    def flag(self, part: int, column: int, code: str, details: dict[str, object]) -> None:
        """A cell of the last row that must not be believed."""
        batch = self._batches[part]
        shown = presentable(shorten(batch.cells[-1][column]))
        batch.flaws.append(Flaw(len(batch.cells) - 1, column, code, shown, details))
        self._weight += 1  # a flaw takes as much memory as a cell, and more

    def add_broken(self, part: int, broken: BrokenRow) -> None:
        """A row that is told, but not read."""
        batch = self._batches[part]
        broken.flaw.index = len(batch.cells)
        batch.broken.append(broken)
        self._weight += max(len(broken.cells), _LEAST)
