"""Cells that a spreadsheet would run as a formula: made harmless on the way out, restored on the way back in.

The apostrophe is what a spreadsheet itself uses for "this is text" (OWASP, CSV Injection). A cell that already starts
with apostrophes before such a sign gets one more, so that restoring takes away exactly the one that was added.
"""

from __future__ import annotations

import re

_SIGNS = r"[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]"  # the last four are the wide ones of East Asian keyboards
_RUNS = re.compile("'*" + _SIGNS)
_NEUTRALISED = re.compile("'+" + _SIGNS)


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
