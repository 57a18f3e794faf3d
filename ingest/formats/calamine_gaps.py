"""What calamine does not tell about a sheet: its error cells, which it gives as blank, numbers under a date format that
are no dates, of which it makes midnights and days that nobody meant, numbers that are shown as more than they are, and
what is hidden.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from ingest.formats.answers import Merge
from ingest.formats.base import MAX_COLUMNS
from ingest.formats.shown import Shown

HEAD_ROWS = 101  # merged cells count where headers stand: one of two rows is looked for in the first 100

MAX_ROWS = 1_048_576  # of any sheet

Row = tuple[list[str], list[int]]  # its text, and which columns hold an error
Texts = dict[int, dict[int, str]]  # row (1-based) -> column (0-based) -> text


class Irregular(Exception):  # noqa: N818 - a reason to read the workbook the slow way, not a failure
    """A sheet whose cells cannot be placed without parsing it whole."""


def _texts() -> Texts:
    return defaultdict(dict)


@dataclass(slots=True)
class Hidden:
    """The rows and columns that a sheet hides.

    Attributes:
        columns: 0-based.
    """

    columns: list[int] = field(default_factory=list)
    _rows: bytearray = field(default_factory=bytearray)  # a byte each: a sheet may hide a million of them

    def note(self, row: int, rows: int = 1) -> None:
        """A hidden row, 1-based, or several below each other."""
        if row + rows <= MAX_ROWS + 1:
            self._rows.extend(bytes(max(0, row + rows - len(self._rows))))
            self._rows[row : row + rows] = b"\1" * rows

    def note_columns(self, first: int, last: int) -> None:
        """Columns from the first to the last, 0-based."""
        self.columns += range(first, min(last, MAX_COLUMNS - 1) + 1)

    def among(self, first: int, count: int) -> list[int]:
        """Places of the hidden ones in so many rows from the first on."""
        return [place for place, hidden in enumerate(self._rows[first : first + count]) if hidden]


@dataclass(slots=True)
class Gaps:
    """One sheet.

    Attributes:
        errors: what each error cell shows, such as #N/A.
        numbers: the text of cells that are plain numbers if calamine makes a day or a time of day of them.
        shown: the cells whose number format has a form.
        merges: merged cells, where calamine does not know them.
        hidden: what is not seen, but read.
    """

    errors: Texts = field(default_factory=_texts)
    numbers: Texts = field(default_factory=_texts)
    shown: Shown = field(default_factory=Shown)
    merges: list[Merge] | None = None
    hidden: Hidden = field(default_factory=Hidden)

    @property
    def height(self) -> int:
        """The last row with an error; calamine leaves out the rows below the last cell that it takes for filled."""
        return max(self.errors, default=0)

    def complete(self, number: int, values: list[Any], texts: list[str]) -> Row:
        """A row's text, complete."""
        for column, text in self.numbers.get(number, {}).items():
            if column < len(values) and type(values[column]) in (time, date, datetime):
                texts[column] = text
        errors = self.errors.get(number, {})
        texts += [""] * (max(errors, default=-1) + 1 - len(texts))
        for column, shown in errors.items():
            texts[column] = shown
        return texts, list(errors)
