"""What spreadsheets and data frames leave of an identifier that they took for a number.

A long number is shown with an exponent and without most of its digits (`1.00235E+12`), one that does not fit its column
as `####`, and one beside blanks as a real number (`101.0`): two people may come to one identifier, or one to another's.
"""

from __future__ import annotations

import re

# `1E5` is no such mark: programs write the sign, people who make up identifiers do not
_GONE = re.compile(r"[0-9]+(?:[.,][0-9]+)?[Ee]\+[0-9]+|[0-9][.,][0-9]+[Ee]-[0-9]+|#{2,}")
_REAL = re.compile(r"([0-9]+)[.,]0{1,2}")
_EXPONENT = re.compile(r"([0-9]+)(?:[.,]([0-9]+))?[Ee]\+([0-9]{1,2})")


may_be_spoiled = re.compile("[.,+#]").search
"""Whether there may be a mark in it, be it behind a prefix; a quick question, for most identifiers have none."""


def is_spoiled(text: str) -> bool:
    """Whether it has one of those marks."""
    return not text.isalnum() and (_GONE.fullmatch(text) is not None or whole_of(text) is not None)


def whole_of(text: str) -> str | None:
    """The whole number that is written as a real one; None where that is not so."""
    match = _REAL.fullmatch(text)
    return match[1] if match else None


def plain_of(text: str) -> str | None:
    """The digits that a marked number stands for, noughts where they are gone; None where that cannot be said."""
    match = _EXPONENT.fullmatch(text)
    if match is None:
        return whole_of(text)
    return match[1] + (match[2] or "").ljust(int(match[3]), "0")
