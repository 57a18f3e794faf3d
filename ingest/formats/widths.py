"""How many cells the rows of a table have, where its header has another number of names.

A cell too many or too few moves every cell behind it into the wrong column, and which one it is cannot be seen. So a
row is believed only where it is as wide as the header, or where all rows have the same number of blank cells more at
their end. Where all are otherwise, nobody can tell which name belongs to which cell. What all rows do is taken from the
first ones; a later row that does otherwise is ragged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.formats.base import Doubted, filled

LOOKED_AT = 1_000  # rows
_LEAST = 2  # rows that do alike, before it counts as a habit


@dataclass(frozen=True, slots=True)
class Width:
    """What every row of a table is like.

    Attributes:
        file: for sentences.
        cells: its cells.
        columns: its cells that have a place in the header; what is beyond them there has no name.
        blank_from: cells from here on are blank; `cells` where that is asked of none.
    """

    file: str
    cells: int
    columns: int
    blank_from: int

    def misfit(self, cells: Sequence[str]) -> bool:
        """Whether this row is not like the others.

        Raises:
            Doubted: it is, but for text where all rows had a blank cell too many: the others may have moved as well.
        """
        if len(cells) != self.cells:
            return True
        if not filled(cells[self.blank_from :]):
            return False
        if self.cells > self.columns:
            raise _disagreement(self.file, self.columns, self.cells)
        return True

    @property
    def remarks(self) -> list[str]:
        """What all rows do that the header does not."""
        surplus = self.cells - self.columns
        return [f"Every row has {_many(surplus, 'blank cell')} more than the header at its end."] if surplus else []


def width_of(file: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[Width, Doubted | None]:
    """How wide the rows of a table are, and why they cannot be read at all, which the header alone does not say.

    That is doubtful where most rows are longer than the header, and not just by blank cells at the end of each; or
    where they are shorter, for the name that has no cell may be any.

    Args:
        file: its name, for sentences.
        header: its names.
        rows: the first of its rows, without those that are broken.
    """
    width, found = len(header), Counter(map(len, rows))
    [(common, count)] = found.most_common(1) or [(width, 0)]
    if count < _LEAST or 2 * count <= len(rows) or (common < width and width in found):
        common = width
    columns = min(common, width)
    named = max((place for place, name in enumerate(header[:columns], start=1) if name.strip()), default=columns)
    alike = [row for row in rows if len(row) == common]
    used = sum(filled(row[named:]) for row in alike)
    lacking = filled(header[common:])
    doubtful = lacking or (common > width and (width in found or used or _look_split(alike)))
    made = Width(file, common, columns, common if 2 * used > len(alike) else named)
    return made, _disagreement(file, width, common) if doubtful else None


def _look_split(rows: Sequence[Sequence[str]]) -> bool:
    """Whether one column begins with a space where others do not: the half of a text that was not quoted (Smith, Ann).

    Then the blank cell at the end of each row is the last column, and all columns in between have moved.
    """
    spaced = [sum(row[at][:1] == " " for row in rows if row[at].strip()) for at in range(1, len(rows[0]))]
    texts = [sum(bool(row[at].strip()) for row in rows) for at in range(1, len(rows[0]))]
    habit = [2 * many > text for many, text in zip(spaced, texts, strict=True) if text]
    return any(habit) and not all(habit)


def _disagreement(file: str, columns: int, cells: int) -> Doubted:
    """Rows and header have different numbers of cells, and nobody can tell which cell belongs to which name."""
    return Doubted("header_misfit", file=file, expected=columns, found=cells)


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' * (count > 1)}"
