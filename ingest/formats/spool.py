"""Sheets of a file that can only be read from its beginning to its end, kept on disk until their rows are asked for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from ingest.formats.answers import LENGTH, Merge
from ingest.formats.base import MAX_COLUMNS, Refused
from ingest.formats.calamine_gaps import HEAD_ROWS, MAX_ROWS, Hidden, Row

MAX_BYTES = 2 << 30  # of all rows together
_FRAME = 64 * 1024  # bytes, more or less, that are written at a time
_CELL_COSTS = 2  # bytes besides its text

_Kept = tuple[int, list[str], list[int]]  # a row's number, its cells, and which of them hold an error
_DECODER = msgspec.msgpack.Decoder(list[_Kept])


@dataclass(slots=True)
class Kept:
    """One sheet.

    Attributes:
        start: where its rows stand on disk, and
        end: where they do no more.
        height: the number of its last row.
    """

    name: str
    start: int
    end: int = 0
    visible: bool = True
    height: int = 0
    merges: list[Merge] = field(default_factory=list)
    hidden: Hidden = field(default_factory=Hidden)

    def merge(self, row: int, column: int, rows: int, columns: int) -> None:
        """Cells that are one, as far as they begin where headers stand; the row is 1-based, the column 0-based."""
        if row <= HEAD_ROWS and max(rows, columns) > 1:
            self.merges.append(((row - 1, column), (row + rows - 2, column + columns - 1)))


class Spool:
    """The sheets so far, in a file that has no name and ends with the process; rows go to the last sheet."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this lives
        self.sheets: list[Kept] = []
        self._held: list[_Kept] = []
        self._weight = self._written = 0

    def begin(self, name: str) -> Kept:
        """The next sheet."""
        self.flush()
        self.sheets.append(Kept(name, self._written, self._written))
        return self.sheets[-1]

    def add(self, number: int, cells: list[str], errors: Sequence[int]) -> None:
        """A row, 1-based and below the one before; those between them are blank.

        Raises:
            Refused: `too_large`; the details lack the file's name.
        """
        if number > MAX_ROWS or len(cells) > MAX_COLUMNS:
            raise Refused("too_large", why=f"it has more than {MAX_ROWS:,} rows or {MAX_COLUMNS:,} columns")
        self.sheets[-1].height = number
        self._held.append((number, cells, list(errors)))
        self._weight += sum(map(len, cells)) + _CELL_COSTS * len(cells)
        if self._weight > _FRAME:
            self.flush()

    def flush(self) -> None:
        """Write what is held; to be called behind the last row."""
        if not self._held:
            return
        packed = msgspec.msgpack.encode(self._held)
        self._written += self._file.write(LENGTH.pack(len(packed))) + self._file.write(packed)
        if self._written > MAX_BYTES:
            raise Refused("too_large", why=f"its sheets have more than {MAX_BYTES >> 30} GiB")
        self._file.flush()
        self.sheets[-1].end = self._written
        self._held, self._weight = [], 0

    def rows(self, number: int) -> Iterator[Row]:
        """The rows of a sheet from the first on; several sheets may be read side by side."""
        above = 0
        for row, cells, errors in self._kept(self.sheets[number]):
            for _ in range(above + 1, row):
                yield [], []
            yield cells, errors
            above = row

    def _kept(self, sheet: Kept) -> Iterator[_Kept]:
        at, descriptor = sheet.start, self._file.fileno()
        while at < sheet.end:
            [size] = LENGTH.unpack(os.pread(descriptor, LENGTH.size, at))
            yield from _DECODER.decode(os.pread(descriptor, size, at + LENGTH.size))
            at += LENGTH.size + size
