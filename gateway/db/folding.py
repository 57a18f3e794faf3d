"""Text as it is searched: in small letters without accents, so that "Bjorn" finds "Björn"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal
from sqlalchemy.orm import InstrumentedAttribute

# letters that no accent can be taken from, each with what people type instead; and the apostrophe of typographers
_SINGLE, _PLAIN = "øłđħıð’", "oldhid'"
_DOUBLE = (("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("þ", "th"))
_MARKS = "[\u0300-\u036f]"  # what NFKD parts from the letters that carry it
_APART = re.compile(r"[\s,]+")


def holds_words(columns: Sequence[InstrumentedAttribute[str | None]], asked: str) -> ColumnElement[bool]:
    """Whether each word of what was asked, in any order, is part of one of the columns."""
    held = _folded(func.concat_ws(" ", *columns))
    words = [one for one in _APART.split(asked) if one] or [asked]
    return and_(*(func.strpos(held, _folded(literal(one))) > 0 for one in words))


def _folded(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """The text in small letters without accents; most need no more than the former, and the latter takes its time."""
    parted = func.pg_catalog.normalize(text, "NFKD")  # qualified: the bare name takes a keyword for the form
    bare = func.translate(func.regexp_replace(func.lower(parted), _MARKS, "", "g"), _SINGLE, _PLAIN)
    for letter, written in _DOUBLE:
        bare = func.replace(bare, letter, written)
    return case((func.octet_length(text) == func.length(text), func.lower(text)), else_=bare)
