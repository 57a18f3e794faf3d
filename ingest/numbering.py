"""Numbers the rows of a file throughout, and tells which row of which sheet a number means.

While a file is loaded, no two of its rows may share a number; a person looks for row 12 of the sheet "Left".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace

from ingest.formats.base import Batch, Table

_BUCKET = "width_bucket({place} - 1, %(befores)s::int[])"
ROW_SQL = "{place} - (%(befores)s::int[])[" + _BUCKET + "]"  # the row in its sheet, of `place` in the whole file
SHEET_SQL = "(%(sheets)s::text[])[" + _BUCKET + "]"


class Numbering:
    """The rows of one table, counted on from sheet to sheet; a row's number in the whole file is its place.

    Parts without a header row of their own, such as record types, are numbered over the whole file already.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._befores: list[int] = []  # rows of the sheets before it, for each sheet that has begun
        self._sheets: list[str | None] = []

    def batches(self) -> Iterator[Batch]:
        """The batches of the table with places for rows; `lines` still count within the sheet. Once."""
        last = 0
        begun: set[int] = set()
        for batch in self._table.batches():
            part = self._table.parts[batch.part]
            if not self._befores or (part.header_row and batch.part not in begun):
                self._befores.append(last)
                self._sheets.append(part.name if part.header_row else None)
            begun.add(batch.part)
            batch = _moved(batch, self._befores[-1])  # noqa: PLW2901 - the same batch, numbered
            last = max([last, *batch.rows[-1:], *(one.row for one in batch.broken[-1:])])
            yield batch

    def row(self, place: int) -> int:
        """The row as its sheet shows it."""
        return place - self._befores[bisect_left(self._befores, place) - 1]

    def words(self, place: int) -> str:
        """The row for a sentence, with its sheet where there are several."""
        if len(self._befores) < 2:  # noqa: PLR2004 - one sheet needs no name
            return str(place)
        return f"{self.row(place)} of the sheet “{self.sheet(place)}”"

    def sheet(self, place: int) -> str | None:
        """The sheet on which a row stands; None where the file has none."""
        return self._sheets[bisect_left(self._befores, place) - 1]

    @property
    def params(self) -> dict[str, object]:
        """What `ROW_SQL` and `SHEET_SQL` ask for; complete once the batches have been read."""
        return {"befores": self._befores or [0], "sheets": self._sheets or [None]}


def _moved(batch: Batch, rows: int) -> Batch:
    if not rows:
        return batch
    broken = [replace(one, row=one.row + rows) for one in batch.broken]
    corrected = [(row + rows, number) for row, number in batch.corrected]
    return replace(batch, rows=[row + rows for row in batch.rows], broken=broken, corrected=corrected)
