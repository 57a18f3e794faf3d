"""What the reader of workbooks and those who ask it say to each other.

A question is the place of a sheet, an answer a struct in MessagePack behind its length; both numbers are `LENGTH`.
"""

from __future__ import annotations

import struct

from msgspec import Struct

LENGTH = struct.Struct("<I")
MEMORY = 280 << 20  # bytes of address space that reading one workbook may take
SECONDS = 300  # of processor time; a sheet of 12 million cells takes 200 the slow way
CELL_BYTES = 60  # what a short text takes in memory, and its place in a list

Merge = tuple[tuple[int, int], tuple[int, int]]  # first and last cell as (row, column), 0-based


class Sheet(Struct, array_like=True):
    """A worksheet; charts and macro sheets are none."""

    name: str
    visible: bool


class Opened(Struct, array_like=True, tag=True):
    """The first answer: the worksheets in order."""

    sheets: list[Sheet]


class Refusal(Struct, array_like=True, tag=True):
    """The last answer: a file-level code, and the reason where its sentence has one."""

    code: str
    why: str | None


class Rows(Struct, array_like=True, tag=True):
    """The next rows of a sheet.

    Attributes:
        first: the number of the first of them, 1-based.
        cells: text, as wide as each row happens to be.
        errors: (place in `cells`, column) of cells that hold an error such as #N/A.
        merges: merged cells among the first rows, in a sheet's first answer only.
        share: how much of the sheet has been read, from 0 to 1, as far as is known; 1 says that nothing follows.
        hidden: places in `cells` of rows that the workbook hides.
        hidden_columns: columns that it hides, in a sheet's first answer only.
    """

    first: int
    cells: list[list[str]]
    errors: list[tuple[int, int]]
    merges: list[Merge]
    share: float
    hidden: list[int] = []
    hidden_columns: list[int] = []


Answer = Opened | Refusal | Rows
