"""Finds rejected rows in errors.csv by their places, without reading all that stand before them."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from io import TextIOWrapper
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TextIO

import msgspec
from msgspec import Struct

from gateway.spreadsheet import restore

ROWS = "rows.json"  # beside the tables
MARKED = 100  # of so many rows one has a mark


class Rows(Struct):
    """One table of rejected rows.

    Attributes:
        file: its name.
        part: the sheet or record type; None where the file has no parts.
        header: the partner's own columns.
        marks: place and offset in bytes of every `MARKED`th row, in order.
    """

    file: str
    part: str | None
    header: list[str]
    delimiter: str
    marks: list[tuple[int, int]] = []


class Wanted(NamedTuple):
    """A rejected row that somebody asks for, by its place and by what its column `Row` says."""

    place: int
    reference: str


def tables_in(folder: Path) -> list[Rows]:
    """The tables of an import.

    Raises:
        FileNotFoundError: its receipts were not written, or before there were marks.
    """
    return msgspec.json.decode((folder / ROWS).read_bytes(), type=list[Rows])


def cells_of(folder: Path, table: Rows, wanted: Sequence[Wanted]) -> Iterator[tuple[Wanted, list[str]]]:
    """Rows of a table, as the partner sent them; one that is not there is left out.

    Args:
        folder: where the table lies.
        table: see `tables_in`.
        wanted: in the order of the table.
    """
    width, path = len(table.header), folder / table.file
    with ExitStack() as stack:
        reader: Iterator[list[str]] = iter(())
        read = -1  # the mark from which it was read
        for one in wanted:
            mark = bisect_right(table.marks, one.place, key=itemgetter(0)) - 1
            if mark > read:
                stack.close()
                text = stack.enter_context(_open(path, table.marks[mark][1]))
                reader, read = csv.reader(text, delimiter=table.delimiter), mark
            found = next((row for row in reader if row[-1] == one.reference), None)
            if found is not None:
                yield one, [restore(cell) for cell in found[:width]]


def _open(path: Path, offset: int) -> TextIO:
    raw = path.open("rb")
    raw.seek(offset)
    return TextIOWrapper(raw, encoding="utf-8", newline="")
