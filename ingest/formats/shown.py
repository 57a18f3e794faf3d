"""Number formats that say more than the number does: `000000` shows 7 as 000007, which is what its sender means, and an
exponent tells of a number that was made of other text.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from operator import itemgetter

# quoted text; an escaped character; spaces, fillers, colours, conditions and locales; anything else
_PIECE = re.compile(r'"([^"]*)"|\\(.)|(_.|\*.|\[[^\]]*\])|(.)', re.DOTALL)
_BARE = frozenset("-+ ():!^&'~{}<>=$")  # text that needs no quotes; other characters have a meaning
_LEAST_NOUGHTS = 2  # a single one shows every number as it is

# what a spreadsheet gives a cell in which it took `1E5` or `1.00235E+12` for a number
_EXPONENT = re.compile(r"[0#.,]+E[-+]0+")
BUILT_IN = {"11": "0.00E+00", "48": "##0.0E+0"}  # formats that files need not define (ECMA-376 part 1, 18.8.30)
NUMBERS = (int, float)  # as readers of workbooks give them; a truth is neither


@dataclass(frozen=True, slots=True)
class Form:
    """A format of places for digits, with text between, before and behind them.

    Attributes:
        pieces: in order; `0` and `#` are places, text comes behind an apostrophe.
        least: digits that are shown at least.
        is_exponent: it has no pieces, but shows an exponent.
    """

    pieces: tuple[str, ...] = ()
    least: int = 0
    is_exponent: bool = False

    def of(self, number: str) -> str:
        """A whole number as the cell shows it; any other number as it is. With an exponent, all its digits are told."""
        if self.is_exponent:
            return f"{float(number):.14E}"
        digits = number.removeprefix("-")
        if not digits.isdecimal():
            return number
        left, shown = list(digits.zfill(self.least)), []
        first = next(place for place, piece in enumerate(self.pieces) if piece in {"0", "#"})
        for place, piece in reversed(list(enumerate(self.pieces))):
            if piece not in {"0", "#"}:
                shown.append(piece[1:])
            elif place == first:
                shown.append("".join(left))
            elif left:
                shown.append(left.pop())
        return ("-" if number.startswith("-") else "") + "".join(reversed(shown))


Run = tuple[int, int, Form]  # the first row and the last


def form_of(code: str) -> Form | None:
    """The form that a number format gives whole numbers; None where it shows them as they are, or as something else.

    Letters before the first digit (`"E"0`) make a form too; units behind the last one (`0" years"`) do not.
    """
    if _EXPONENT.fullmatch(code):
        return Form(is_exponent=True)
    pieces = _pieces(code)
    places = [place for place, piece in enumerate(pieces) if piece in {"0", "#"}]
    if not places:
        return None
    before = "".join(piece[1:] for piece in pieces[: places[0]])
    if pieces.count("0") < _LEAST_NOUGHTS and (before != before.strip() or not any(map(str.isalnum, before))):
        return None
    nought = pieces.index("0") if "0" in pieces else len(pieces)
    return Form(tuple(pieces), sum(place >= nought for place in places))


def _pieces(code: str) -> list[str]:
    """The pieces of its first section, which is for positive numbers; none where it is no form."""
    pieces = []
    for quoted, escaped, nothing, bare in _PIECE.findall(code):
        if bare == ";":
            break
        if bare in {"0", "#"}:
            pieces.append(bare)
        elif bare and bare not in _BARE:
            return []
        elif not nothing:
            pieces.append(f"'{quoted or escaped or bare}")
    return pieces


@dataclass(slots=True)
class Shown:
    """Which cells of a sheet have a form: in each column the runs of rows, for a whole column usually has one."""

    _noted: dict[int, list[Run]] = field(default_factory=dict)
    _left: dict[int, deque[Run]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._noted)

    def note(self, row: int, column: int, form: Form, rows: int = 1) -> None:
        """A cell with a form, or several below each other."""
        runs, first = self._noted.setdefault(column, []), row
        if runs and runs[-1][1] == row - 1 and runs[-1][2] == form:
            first = runs.pop()[0]
        runs.append((first, row + rows - 1, form))

    def complete(self, row: int, values: list[object], texts: list[str]) -> None:
        """Give the whole numbers of a row their form; rows come in ascending order, after all was noted."""
        if not self._left:
            self._left = {column: deque(sorted(runs, key=itemgetter(0))) for column, runs in self._noted.items()}
        for column, runs in self._left.items():
            while runs and runs[0][1] < row:
                runs.popleft()
            if runs and runs[0][0] <= row and column < len(values) and type(values[column]) in NUMBERS:
                texts[column] = runs[0][2].of(texts[column])
