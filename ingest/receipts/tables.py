"""errors.csv: the rejected rows in the partner's own layout and delimiter, then what was wrong and which row it is.

A comma stands there where the partner's delimiter is several characters, which no spreadsheet takes apart.

Each sheet and each record type with rejected rows has a file of its own, for each has columns of its own.
UTF-8 with a byte order mark: the one encoding in which a spreadsheet shows every partner's text as it was.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gateway.spreadsheet import neutralise
from ingest import corrections
from ingest.formats.base import FormatSpec
from ingest.formats.csv import CsvFormat
from ingest.receipts.files import whole
from ingest.receipts.rejected import RejectedRow


def write_tables(rows: Iterable[RejectedRow], spec: FormatSpec, folder: Path) -> set[str]:
    """One table a part, and how they are called; `spec` is the format of the file that the rows are from."""
    delimiter = spec.separator if isinstance(spec, CsvFormat) and len(spec.separator) == 1 else ","
    writers: dict[int, Any] = {}
    names: set[str] = set()
    with ExitStack() as stack:
        for row in rows:
            if row.number not in writers:
                name = _name(row.number, row.part.name, first=not writers)
                names.add(name)
                out = stack.enter_context(whole(folder / name, encoding="utf-8-sig"))
                writers[row.number] = csv.writer(out, delimiter=delimiter)
                writers[row.number].writerow([*map(neutralise, row.part.header), corrections.PROBLEMS, corrections.ROW])
            writers[row.number].writerow([*map(neutralise, [*row.cells, row.problems]), row.reference])
    return names


def _name(number: int, part: str | None, *, first: bool) -> str:
    """errors.csv for the first part with rejected rows; others are told apart by number, for names may look alike."""
    told = re.sub(r"[^\w-]+", "_", part or "")[:40]
    return "errors.csv" if first else f"errors-{number + 1}-{told}.csv"
