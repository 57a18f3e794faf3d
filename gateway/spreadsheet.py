"""Text in cells of spreadsheets: what they would run, made harmless; what they cannot hold, escaped or cut, visibly.

The apostrophe is what a spreadsheet itself uses for "this is text" (OWASP, CSV Injection). A cell that already starts
with apostrophes before such a sign gets one more, so that restoring takes away exactly the one that was added.
"""

from __future__ import annotations

import re
from itertools import accumulate, takewhile

MOST_UNITS = 32_767  # of UTF-16 in a cell of a workbook

_SIGNS = r"[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]"  # the last four are the wide ones of East Asian keyboards
_RUNS = re.compile("'*" + _SIGNS)
_NEUTRALISED = re.compile("'+" + _SIGNS)

# what XML cannot hold, or would change, and what would be read as its escape (ECMA-376 part 1, 22.9.2.19)
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED_UNITS = 7  # of `_x000A_`
_HIGHEST_OF_ONE_UNIT = 0xFFFF


def may_run(cell: str) -> bool:
    """Whether a spreadsheet that does not know the cell for text would run it."""
    return _RUNS.match(cell) is not None


def neutralise(cell: str) -> str:
    """The cell as plain text for a spreadsheet."""
    return f"'{cell}" if may_run(cell) else cell


def guard(cell: str) -> str:
    """The cell where its type says that it is text: only what `restore` would change needs its apostrophe."""
    return f"'{cell}" if _NEUTRALISED.match(cell) else cell


def restore(cell: str) -> str:
    """What the cell was before `neutralise` or `guard`."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell


def escaped(text: str) -> str:
    """The text as a workbook writes it, from which every spreadsheet reads the same text again."""
    return _UNWRITABLE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def is_too_long(text: str) -> bool:
    """Whether a cell of a workbook cannot hold the text, escaped."""
    written = escaped(text)
    return len(written) > MOST_UNITS // 2 and len(written.encode("utf-16-le")) > 2 * MOST_UNITS


def shortened(text: str) -> str:
    """The beginning of a text that is too long, with a mark at its end by which whoever reads it sees that."""
    mark = f" [cut: {len(text):,} characters]"
    filled = accumulate(_units(letter) for letter in text)
    return text[: sum(1 for _ in takewhile(lambda units: units <= MOST_UNITS - len(mark), filled))] + mark


def _units(letter: str) -> int:
    """The most that a letter takes, whatever follows it."""
    if letter == "_" or _UNWRITABLE.match(letter):
        return _ESCAPED_UNITS
    return 2 if ord(letter) > _HIGHEST_OF_ONE_UNIT else 1
