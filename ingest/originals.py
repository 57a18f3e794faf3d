"""The rejected rows of an import as they were sent back for repair, kept at hand while their corrections are read.

They are read again from the stored file, once, in order, and laid down in a file without a name: memory holds where
each begins.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path

import msgspec
from sqlalchemy.orm import Session

from gateway.db.models import File, Import
from gateway.office import Office
from ingest.corrections import Original, Recall
from ingest.formats.base import Refused
from ingest.reading import past_reading
from ingest.receipts.labels import Labels
from ingest.receipts.rejected import RejectedRow, rejected_rows

# what is wrong between rows or cells: the cell itself may be right
_RELATIVE = frozenset({"duplicate_key", "not_unique", "date_order"})


def recall_from(office: Office) -> Recall:
    """The rejected rows of an import of the firm, from the store of an office."""

    def recall(session: Session, corrected: Import) -> Originals:
        file = session.get_one(File, (corrected.firm_id, corrected.file_id))
        if file.destroyed_at:
            raise Refused("original_gone", day=f"{corrected.received_at:%Y-%m-%d}")
        stored = office.store.open(file.storage_key, office.cipher(session, corrected.firm_id), name=file.name)
        past = past_reading(session, corrected, stored, recall)
        return Originals(rejected_rows(session, corrected, past.open()), office.settings.data_dir)

    return recall


class Originals:
    """Rows by what the column `Row` says of them.

    Args:
        rows: read at once.
        folder: where the file without a name lies; it holds values in full, as errors.csv does.
    """

    def __init__(self, rows: Iterable[RejectedRow], folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as this object
        weakref.finalize(self, self._file.close)
        self._places: dict[str, int] = {}
        self._headers: dict[str | None, list[str]] = {}
        labels: dict[int, Labels] = {}
        for row in rows:
            self._headers.setdefault(row.part.name, row.part.header)
            if row.number not in labels:
                labels[row.number] = Labels(row.part.header)
            self._places[row.reference] = self._file.tell()
            self._file.write(msgspec.json.encode(_original(row, labels[row.number])) + b"\n")

    def header(self, part: str | None) -> list[str]:
        """The columns of a part of which rows were rejected; empty for others."""
        return self._headers.get(part, [])

    def row(self, reference: str) -> Original | None:
        """A rejected row; None where this one was not."""
        if reference not in self._places:
            return None
        self._file.seek(self._places[reference])
        return msgspec.json.decode(self._file.readline(), type=Original)


def _original(row: RejectedRow, labels: Labels) -> Original:
    bad, is_whole = labels.places(row.cells, row.faults)
    wrong = [place for place, faults in bad.items() if not _RELATIVE.issuperset(fault.code for fault in faults)]
    doubtful = [*range(len(row.cells))] if is_whole else [*bad]
    return Original(row.cells, wrong, doubtful, row.problems)
