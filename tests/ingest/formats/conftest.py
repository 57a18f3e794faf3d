"""CSV files out of bytes, and what was read from them, laid flat."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ingest.formats.csv import CsvFormat, open_table


@dataclass
class Bytes:
    content: bytes
    chunk: int = 1 << 20
    name: str = "roster.csv"

    @property
    def size(self):
        return len(self.content)

    def chunks(self):
        return (self.content[start : start + self.chunk] for start in range(0, len(self.content), self.chunk))


@dataclass
class Read:
    """Rows as (row, line, cells), broken ones as (row, line, code), flaws as (row, column, code)."""

    header: list
    header_row: int
    rows: list = field(default_factory=list)
    broken: list = field(default_factory=list)
    flaws: list = field(default_factory=list)
    remarks: list = field(default_factory=list)
    batches: list = field(default_factory=list)

    @property
    def cells(self):
        return [cells for _, _, cells in self.rows]


def read_source(source, **options):
    table = open_table(source, CsvFormat(**options))
    read = Read(table.header, table.header_row)
    for batch in table.batches():
        read.batches.append(batch)
        read.rows += zip(batch.rows, batch.lines, batch.cells, strict=True)
        read.broken += [(broken.row, broken.line, broken.flaw.code) for broken in batch.broken]
        read.flaws += [(batch.rows[flaw.index], flaw.column, flaw.code) for flaw in batch.flaws]
    read.remarks = table.remarks
    return read


@pytest.fixture(scope="session")
def read():
    """Read text (UTF-8) or bytes as CSV with the options of a `format:` section."""

    def read(content, chunk=1 << 20, **options):
        return read_source(Bytes(content.encode() if isinstance(content, str) else content, chunk), **options)

    return read
