"""errors.csv: the rejected rows in the partner's own layout and delimiter, then what was wrong and which row it is.

A comma stands there where the partner's delimiter is several characters, which no spreadsheet takes apart.

Each sheet and each record type with rejected rows has a file of its own, for each has columns of its own. Beside them
lies `rows.json`: where in them every hundredth row begins, so that whoever repairs the last of 50,000 rows need not
wait for all the others.
UTF-8 with a byte order mark: the one encoding in which a spreadsheet shows every partner's text as it was.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import msgspec

from gateway.spreadsheet import neutralise
from ingest import corrections
from ingest.formats.base import FormatSpec
from ingest.formats.csv import CsvFormat
from ingest.receipts.files import whole
from ingest.receipts.marks import MARKED, ROWS, Rows
from ingest.receipts.rejected import RejectedRow


def write_tables(rows: Iterable[RejectedRow], spec: FormatSpec, folder: Path) -> set[str]:
    """One table a part, and how they are called; `spec` is the format of the file that the rows are from."""
    delimiter = spec.separator if isinstance(spec, CsvFormat) and len(spec.separator) == 1 else ","
    tables: dict[int, _Table] = {}
    with ExitStack() as stack:
        for row in rows:
            if row.number not in tables:
                name = _name(row.number, row.part.name, first=not tables)
                out = stack.enter_context(whole(folder / name, encoding="utf-8-sig"))
                tables[row.number] = _Table(out, Rows(name, row.part.name, row.part.header, delimiter))
            tables[row.number].write(row)
    with whole(folder / ROWS) as out:
        out.write(msgspec.json.encode([table.rows for table in tables.values()]).decode())
    return {table.rows.file for table in tables.values()}


class _Table:
    """One table that is written, and its marks."""

    def __init__(self, out: TextIO, rows: Rows) -> None:
        self.rows = rows
        self._out, self._count = out, 0
        self._writer = csv.writer(out, delimiter=rows.delimiter)
        self._writer.writerow([*map(neutralise, rows.header), corrections.PROBLEMS, corrections.ROW])

    def write(self, row: RejectedRow) -> None:
        if self._count % MARKED == 0:
            self.rows.marks.append((row.place, self._out.tell()))
        self._count += 1
        self._writer.writerow([*map(neutralise, [*row.cells, row.problems]), row.reference])


def _name(number: int, part: str | None, *, first: bool) -> str:
    """errors.csv for the first part with rejected rows; others are told apart by number, for names may look alike."""
    told = re.sub(r"[^\w-]+", "_", part or "")[:40]
    return "errors.csv" if first else f"errors-{number + 1}-{told}.csv"
