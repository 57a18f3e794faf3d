"""The batches that are being filled, one a part of the file, and when they are full."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.catalogue import shorten
from ingest.formats.base import BATCH_BYTES, BATCH_CELLS, BATCH_ROWS, Batch, BrokenRow, Flaw
from ingest.formats.text import is_dirty, presentable


class Filling:
    """One batch a part; all are handed over together, so that together they stay as small as one.

    Fullness is judged before a row is added, so the last batches of a file are handed over at its very end.

    Args:
        names: of the parts, None where the file is one table.
        encoding: what the file is read as, in words for people.
    """

    def __init__(self, names: list[str | None], encoding: str) -> None:
        self._names = names
        self._undecodable: dict[str, object] = {"expected": encoding}
        self._begin(position=0)

    def _begin(self, position: int) -> None:
        self._batches = [Batch([], [], [], part=part, sheet=name) for part, name in enumerate(self._names)]
        self._begun = position
        self._rows = self._cells = 0

    def is_full(self, position: int, width: int) -> bool:
        """Whether a row of `width` cells would be one too many; `position` in bytes stands for the length of rows."""
        return (
            self._rows >= BATCH_ROWS
            or (self._cells + width > BATCH_CELLS and self._rows > 0)
            or position - self._begun > BATCH_BYTES
        )

    def taken(self, position: int) -> Iterator[Batch]:
        """The batches so far, without the empty ones; the next ones begin."""
        batches = [batch for batch in self._batches if batch.rows or batch.broken]
        self._begin(position)
        for batch in batches:
            batch.position = position
            yield batch

    def add(self, part: int, row: int, line: int, cells: list[str], *, suspect: bool) -> None:
        """A row that fits the header of its part; `suspect` when some cell may hold what is no text."""
        batch = self._batches[part]
        batch.rows.append(row)
        batch.lines.append(line)
        batch.cells.append(cells)
        self._rows += 1
        self._cells += len(cells)
        if suspect and is_dirty("".join(cells)):
            self._flag_dirty(batch, cells)

    def add_broken(self, part: int, broken: BrokenRow) -> None:
        """A row that is told, but not read."""
        batch = self._batches[part]
        broken.flaw.index = len(batch.cells)
        batch.broken.append(broken)
        self._rows += 1
        self._cells += len(broken.cells)

    def _flag_dirty(self, batch: Batch, cells: list[str]) -> None:
        index = len(batch.cells) - 1
        dirty = [(column, cell) for column, cell in enumerate(cells) if is_dirty(cell)]
        batch.flaws += [
            Flaw(index, column, "undecodable", presentable(shorten(cell)), self._undecodable) for column, cell in dirty
        ]
        self._cells += len(dirty)  # a flaw takes as much memory as a cell, and more
