"""Control totals: what a trailer says about its file, and whether the rows that were read bear it out."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from ingest.catalogue import shorten
from ingest.formats.base import Refused
from ingest.formats.text import presentable

# With 15 digits and 6 places at most, the 28 digits of Decimal hold the exact sum of ten million amounts.
MOST_LINES = 5  # named in a sentence
_NUMBER = re.compile(r"0*[0-9]{1,15}(\.[0-9]{0,6})?")


class Control(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One promise about the file: `{count: column}`, `{sum: column, of: column}` or `{sequence: column}`.

    The promising column stands in a record type without data. Where a file holds several of its lines, because files
    were put together, what they say is added up.
    """

    count: str | None = None  # says how many rows there are
    sum: str | None = None  # says what a column of the rows comes to
    sequence: str | None = None  # numbers the partner's files
    of: str | list[str] | None = None  # count: record types, by default all with data; sum: the column added up
    decimals: Annotated[int, Meta(ge=0, le=6)] = 0  # places implied in amounts without a mark: 112549 as 1125.49

    def __post_init__(self) -> None:
        if sum(promise is not None for promise in (self.count, self.sum, self.sequence)) != 1:
            raise ValueError("A control has one of count, sum and sequence.")
        if (self.sum is not None) != isinstance(self.of, str) and self.count is None:
            raise ValueError("A sum says of which column (`of: salary`); a sequence has no `of`.")
        if self.decimals and self.sum is None:
            raise ValueError("Only a sum has decimals.")

    @property
    def column(self) -> str:
        """The column that makes the promise."""
        return self.count or self.sum or self.sequence or ""

    @property
    def counted(self) -> list[str]:
        """The record types that a count names."""
        return [self.of] if isinstance(self.of, str) else self.of or []

    def check(self, framing: dict[str, list[str]], data: dict[str, list[str]]) -> None:
        """Compare with the columns of the record types.

        Raises:
            ValueError: the promising column, or what it speaks of, is none of them.
        """
        homes = [name for name, columns in framing.items() if self.column in columns]
        if len(homes) != 1:
            raise ValueError(f"The control column {self.column!r} must stand in exactly one record type without data.")
        unknown = [name for name in self.counted if name not in framing and name not in data]
        if self.count is not None and unknown:
            raise ValueError(f"There is no record type {unknown[0]!r} to count.")
        if self.sum is not None and not any(self.of in columns for columns in data.values()):
            raise ValueError(f"No record type with data has the column {self.of!r} to sum.")


class Totals:
    """Adds up while records pass; compares once they all have.

    Args:
        controls: what to watch.
        framing, data: columns of the record types without and with data.
    """

    def __init__(self, controls: list[Control], framing: dict[str, list[str]], data: dict[str, list[str]]) -> None:
        self._counts: Counter[str] = Counter()
        self._watched: dict[str, list[tuple[int, _Pile]]] = {name: [] for name in (*framing, *data)}
        self._checks: list[tuple[Control, _Pile, _Pile | None]] = []
        self._data = list(data)
        self._left_out: list[str] = []
        self._more = 0
        for control in controls:
            promised = self._watch(control.column, framing, control.decimals)
            found = self._watch(str(control.of), data, control.decimals) if control.sum else None
            self._checks.append((control, promised, found))

    def _watch(self, column: str, kinds: dict[str, list[str]], decimals: int) -> _Pile:
        pile = _Pile(decimals)
        for name, columns in kinds.items():
            if column in columns:
                self._watched[name].append((columns.index(column), pile))
        return pile

    def add(self, name: str, cells: list[str]) -> None:
        """A record of the named type."""
        self._counts[name] += 1
        for place, pile in self._watched[name]:
            pile.add(cells[place])

    def leave_out(self, line: int, why: str) -> None:
        """A line that cannot be counted, and why, for the sentence of a total that does not hold."""
        if len(self._left_out) < MOST_LINES:
            self._left_out.append(f"line {line} ({why})")
        else:
            self._more += 1

    @property
    def sequence(self) -> tuple[str, int] | None:
        """The column that numbers the files, and this file's number."""
        for control, promised, _ in self._checks:
            if control.sequence and promised.cells == 1 and not promised.unreadable and promised.total >= 0:
                return control.sequence, int(promised.total)
        return None

    @property
    def remarks(self) -> list[str]:
        """Says where the number of a file cannot be told, so that a gap would go unnoticed."""
        sequences = [(control.sequence, promised) for control, promised, _ in self._checks if control.sequence]
        if not sequences or self.sequence:
            return []
        column, promised = sequences[0]
        found = f"is “{promised.unreadable[0]}”" if promised.unreadable else f"stands in it {promised.cells} times"
        return [f"The file's number {column} {found}, so it was not compared with the last file's."]

    def verify(self) -> None:
        """Compare every total promised with what was read.

        Raises:
            Refused: `control_total`; its sentence names both numbers.
        """
        for control, promised, found in self._checks:
            if control.sequence is None:
                self._verify(control, promised, found)

    def _verify(self, control: Control, promised: _Pile, found: _Pile | None) -> None:
        kinds = control.counted if control.count else []
        count = sum(self._counts[name] for name in kinds or self._data)
        holds = f"{found.words} in {control.of}" if found else f"{count:,} records"
        if not promised.cells:
            raise self._broken(f"nothing about {control.column}, for it is missing", holds)
        says = f"{promised.words} in {control.column}"
        if promised.unreadable or promised.total != (found.total if found else count):
            raise self._broken(says, holds)
        if found and found.unreadable:
            raise self._broken(says, holds)

    def _broken(self, says: str, holds: str) -> Refused:
        more = f" and {self._more:,} more" if self._more else ""
        lines = f" Not counted: {', '.join(self._left_out)}{more}." if self._left_out else ""
        return Refused("control_total", expected=says, found=holds, left_out=lines)


class _Pile:
    """The sum of one column.

    Attributes:
        cells: how many were seen that are not blank.
        total: of those that are numbers.
        unreadable: some of those that are not.
    """

    def __init__(self, decimals: int) -> None:
        self._decimals = decimals
        self.cells = 0
        self.total = Decimal(0)
        self.unreadable: list[str] = []

    def add(self, cell: str) -> None:
        """One more cell, as it stands."""
        text = cell.strip()
        self.cells += bool(text)
        try:
            self.total += _amount(text, self._decimals)
        except ValueError:
            self.unreadable = self.unreadable or [presentable(shorten(text, 40))]

    @property
    def words(self) -> str:
        """The sum for a sentence."""
        total = f"{self.total:,.{self._decimals}f}" if self.total == round(self.total, self._decimals) else self.total
        return f"{total} and “{self.unreadable[0]}”, which is no number," if self.unreadable else f"{total}"


def _amount(text: str, decimals: int) -> Decimal:
    """A number as fixed width has it: the sign before or behind (SAP), the places after the point implied or written.

    Raises:
        ValueError: it is none.
    """
    if not text:
        return Decimal(0)
    sign, digits = "", text
    if text[-1] in "+-":
        sign, digits = text[-1], text[:-1].rstrip()
    elif text[0] in "+-":
        sign, digits = text[0], text[1:].lstrip()
    if not _NUMBER.fullmatch(digits):
        raise ValueError(text)
    amount = Decimal(sign + digits)
    return amount if "." in digits else amount.scaleb(-decimals)
