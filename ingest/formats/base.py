"""What every format gives: a header and batches of rows of text, each with its true position.

A format knows bytes and nothing else: it neither trims, types nor skips. Parsing touches no network and no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Protocol

from msgspec import Meta, Struct
from msgspec import field as option

BATCH_ROWS = 2_500
BATCH_CELLS = 125_000  # a batch of a very wide table holds fewer rows, so that memory stays flat
BATCH_BYTES = 4_000_000  # so does a batch of very long rows
MAX_COLUMNS = 16_384  # as many as a sheet of Excel has


class FormatSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """The base of every `format:` section; `type` names the format.

    `typed_cells` tells of a format with real dates and real numbers: they come as ISO 8601, and with a decimal point,
    whatever the feed's `formats` and `decimal` say of text.
    """

    typed_cells: ClassVar[bool] = False


class Footer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows below the data: the last `rows` that are not blank, or all from the first whose `column` is one of `is`."""

    rows: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    column: str | None = None
    is_: list[str] | None = option(default=None, name="is")  # compared after stripping, case-sensitive

    def __post_init__(self) -> None:
        by_mark = bool(self.column and self.is_)
        if by_mark == bool(self.rows) or bool(self.column) != bool(self.is_):
            raise ValueError("A footer is either {rows: 2} or {column: Name, is: [Total]}.")


class Refused(Exception):  # noqa: N818 - the state of the file that it leads to
    """The file as a whole cannot be read; the partner must act.

    Args:
        code: a file-level code of `ingest.catalogue`.
        details: values for the sentence of that code.
    """

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code, details)
        self.code = code
        self.details = details


class Doubted(Refused):
    """The file can be read in two ways, of which one would put values under the wrong names.

    It is held, so that our side knows too; no release can say which way is right, only other settings or another file.
    """


@dataclass(slots=True)
class Flaw:
    """One thing wrong with one row, found before any mapping.

    Attributes:
        index: the row's place in `Batch.cells` (flaws) - unused for broken rows.
        column: index of the cell, or None when the whole row is meant.
        code: a row-level code of `ingest.catalogue`.
        value: what stood there, shortened for a person.
        details: values for the sentence of that code.
    """

    index: int
    column: int | None
    code: str
    value: str | None = None
    details: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class BrokenRow:
    """A row whose cells cannot be told apart, or cannot be matched to the header."""

    row: int
    line: int
    cells: list[str]  # as far as they could be read; may be empty
    flaw: Flaw


@dataclass(slots=True)
class Batch:
    """Up to `BATCH_ROWS` rows.

    Attributes:
        rows: position in the table as a spreadsheet shows it, 1-based (a header on row 1 makes the first row 2).
        lines: physical line on which each row starts, 1-based; equal to `rows` where there are no lines.
        cells: one list per row, each exactly as long as the header.
        flaws: cells that must not be believed, such as undecodable bytes; their rows are in `cells` as well.
        broken: rows that are not in `cells`.
        part: index in `Table.parts` of the part that all of them belong to.
        sheet: that part's name.
        position: bytes consumed so far, for progress.
        notes: what is told of cells that are believed all the same, as warnings.
        corrected: of corrections, its own rows, broken ones too, and which row each is of the sheet that they correct.
    """

    rows: list[int]
    lines: list[int]
    cells: list[list[str]]
    flaws: list[Flaw] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)
    part: int = 0
    sheet: str | None = None
    position: int = 0
    notes: list[Flaw] = field(default_factory=list)
    corrected: list[tuple[int, int]] = field(default_factory=list)


class Source(Protocol):
    """A stored file as a format sees it: its size, and its bytes from the start, as often as needed."""

    @property
    def name(self) -> str:
        """The name under which it arrived."""

    @property
    def size(self) -> int:
        """Bytes."""

    def chunks(self) -> Iterable[bytes]:
        """The content in pieces of at most 1 MiB; never held in memory whole."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that share a header: a whole CSV, a sheet, a record type.

    Attributes:
        name: of the sheet or record type; None where a file is one table.
        header: column names exactly as found (BOM removed).
        header_row: where the header stands, 1-based; 0 where the feed or the format names the columns.
    """

    name: str | None
    header: list[str]
    header_row: int


class Table(Protocol):
    """An opened file."""

    @property
    def parts(self) -> list[Part]:
        """What the file consists of, known before its rows are read; never empty."""

    @property
    def remarks(self) -> list[str]:
        """Sentences for the receipt: blank lines passed over, an encoding taken from a byte order mark."""

    def batches(self) -> Iterator[Batch]:
        """The rows after the header, in order. Once."""


def counted(count: int, thing: str) -> str:
    """The beginning of a remark on rows that are no data, for `Table.remarks`."""
    return f"1 {thing} was" if count == 1 else f"{count:,} {thing}s were"


def filled(cells: Iterable[str]) -> bool:
    """Whether anything but white space stands in them: a row of none is no data, in no format."""
    return any(cell and not cell.isspace() for cell in cells)
