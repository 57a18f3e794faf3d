"""Cells that a spreadsheet would run as a formula: made harmless on the way out, restored on the way back in.

The apostrophe is what a spreadsheet itself uses for "this is text" (OWASP, CSV Injection). A cell that already starts
with apostrophes before such a sign gets one more, so that restoring takes away exactly the one that was added.
"""

from __future__ import annotations

import re

_RUNS = re.compile(r"'*[=+\-@\t\r\n|%]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r\n|%]")


def neutralise(cell: str) -> str:
    """The cell as plain text for a spreadsheet."""
    return f"'{cell}" if _RUNS.match(cell) else cell


def restore(cell: str) -> str:
    """What the cell was before `neutralise`."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell
