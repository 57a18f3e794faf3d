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
_NO_DIGIT = re.compile("[^0-9]")
_NUMBER = re.compile(r"0*[0-9]{1,15}(\.[0-9]{0,6})?")


class Control(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One promise about the file, such as `{count: column}` or `{sum: column, of: column}`.

    A hash is a sum that means nothing, of keys, of which `modulo` leaves the end (10000: four digits) or a check digit
    (97). Blocks are those of a tape, as NACHA still counts them: `size` lines each, the last one perhaps only begun.

    The promising column stands in a record type without data. Where a file holds several of its lines, because files
    were put together, what they say is added up.
    """

    count: str | None = None  # says how many rows there are
    sum: str | None = None  # says what a column of the rows comes to
    hash: str | None = None  # says what is left of the sum of a column's digits
    blocks: str | None = None  # says how many blocks of `size` lines there are
    sequence: str | None = None  # numbers the partner's files
    of: str | list[str] | None = None  # count: record types, by default all with data; sum, hash: the column added up
    decimals: Annotated[int, Meta(ge=0, le=6)] = 0  # places implied in amounts without a mark: 112549 as 1125.49
    modulo: Annotated[int, Meta(ge=2)] | None = None  # of a hash
    size: Annotated[int, Meta(ge=1)] | None = None  # of blocks

    def __post_init__(self) -> None:
        if len(self._promises) != 1:
            raise ValueError("A control has one of count, sum, hash, blocks and sequence.")
        if self.adds_up != isinstance(self.of, str) and self.count is None:
            raise ValueError("A sum or hash says of which column (`of: salary`); blocks and a sequence have no `of`.")
        if self.decimals and self.sum is None:
            raise ValueError("Only a sum has decimals.")
        if self.modulo and self.hash is None:
            raise ValueError("Only a hash has a modulo.")
        if bool(self.size) != (self.blocks is not None):
            raise ValueError("Blocks say how many lines each of them has (`size: 10`), and nothing else does.")

    @property
    def _promises(self) -> list[str]:
        promises = (self.count, self.sum, self.hash, self.blocks, self.sequence)
        return [column for column in promises if column is not None]

    @property
    def column(self) -> str:
        """The column that makes the promise."""
        return self._promises[0]

    @property
    def adds_up(self) -> bool:
        """Whether it speaks of a column of the rows."""
        return self.sum is not None or self.hash is not None

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
        if self.adds_up and not any(self.of in columns for columns in data.values()):
            raise ValueError(f"No record type with data has the column {self.of!r} to add up.")


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
            promised = self._watch(control.column, framing, _Pile(control.decimals))
            pile = _Hash(control.modulo) if control.hash else _Pile(control.decimals)
            found = self._watch(str(control.of), data, pile) if control.adds_up else None
            self._checks.append((control, promised, found))

    def _watch(self, column: str, kinds: dict[str, list[str]], pile: _Pile) -> _Pile:
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
        count, holds = (found.total, f"{found.words} in {control.of}") if found else self._counted(control)
        if not promised.cells:
            raise self._broken(f"nothing about {control.column}, for it is missing", holds)
        says = f"{promised.words} in {control.column}"
        differ = (promised.total - count) % control.modulo if control.modulo else promised.total - count
        if differ or promised.unreadable or (found and found.unreadable):
            raise self._broken(says, holds)

    def _counted(self, control: Control) -> tuple[int, str]:
        """How many records there are, or blocks of lines, and that in words."""
        if control.size:
            lines = self._counts.total() + len(self._left_out) + self._more
            blocks = -(-lines // control.size)
            return blocks, f"{blocks:,} blocks ({lines:,} lines, {control.size:,} a block)"
        count = sum(self._counts[name] for name in control.counted or self._data)
        return count, f"{count:,} records"

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
        self.total: Decimal | int = 0
        self.unreadable: list[str] = []

    def add(self, cell: str) -> None:
        """One more cell, as it stands."""
        text = cell.strip()
        self.cells += bool(text)
        try:
            self.total += self._value(text)
        except ValueError:
            self.unreadable = self.unreadable or [presentable(shorten(text, 40))]

    def _value(self, text: str) -> Decimal | int:
        return _amount(text, self._decimals)

    @property
    def words(self) -> str:
        """The sum for a sentence."""
        return f"{self._total} and “{self.unreadable[0]}”, which is no number," if self.unreadable else self._total

    @property
    def _total(self) -> str:
        total = round(self.total, self._decimals)
        return f"{Decimal(self.total):,.{self._decimals}f}" if self.total == total else f"{self.total}"


class _Hash(_Pile):
    """The sum of the digits of keys, each read as one number, whatever stands between them."""

    def __init__(self, modulo: int | None) -> None:
        super().__init__(0)
        self._modulo = modulo

    def _value(self, text: str) -> int:
        return int(_NO_DIGIT.sub("", text)) if text else 0

    @property
    def _total(self) -> str:
        total = f"{self.total:,}"
        return f"{self.total % self._modulo:,} ({total} modulo {self._modulo:,})" if self._modulo else total


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
