"""Numbers the rows of a file throughout, so that no two of them share a number, whichever sheet they are on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ingest.formats.base import Batch, Table


def numbered(table: Table) -> Iterator[Batch]:
    """The batches of a table, where each sheet counts on from the one before; `lines` still count within the sheet.

    Parts without a header row of their own, such as record types, are numbered over the whole file already.
    """
    last, before = 0, dict.fromkeys(range(len(table.parts)), 0)  # part -> rows of the sheets before it
    begun: set[int] = set()
    for batch in table.batches():
        if batch.part not in begun and table.parts[batch.part].header_row:
            before[batch.part] = last
        begun.add(batch.part)
        batch = _moved(batch, before[batch.part])  # noqa: PLW2901 - the same batch, numbered
        last = max([last, *batch.rows[-1:], *(one.row for one in batch.broken[-1:])])
        yield batch


def _moved(batch: Batch, rows: int) -> Batch:
    if not rows:
        return batch
    broken = [replace(one, row=one.row + rows) for one in batch.broken]
    return replace(batch, rows=[row + rows for row in batch.rows], broken=broken)
