"""Ids as people write them, whole or only their beginning; and many of them as one value."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Row, Select, Uuid, any_, literal
from sqlalchemy.orm import InstrumentedAttribute, Session

from gateway.errors import Invalid, NotFound

_DIGITS = re.compile(r"[0-9a-f]{4,32}")
_NAMED = 3  # of those that a beginning fits


def the_one(
    session: Session, some: Select[*tuple[Any, ...]], column: InstrumentedAttribute[UUID], wanted: str, thing: str
) -> Row[*tuple[Any, ...]]:
    """The row whose id is this, or alone begins so, with dashes or without.

    Args:
        session: whose sight counts.
        some: among which to look.
        column: their id.
        wanted: at least four digits of it.
        thing: what they are called.

    Raises:
        NotFound: there is none.
        Invalid: `ambiguous`.
    """
    span = beginning_with(wanted)
    found = session.execute(some.where(column.between(*span)).add_columns(column).limit(_NAMED)).all() if span else []
    if not found:
        raise NotFound(thing, wanted)
    if found[1:]:
        several = ", ".join(str(row[-1]) for row in found)
        raise Invalid("ambiguous", f"{wanted!r} is the beginning of more than one {thing}, such as {several}.")
    return found[0]


def beginning_with(written: str) -> tuple[UUID, UUID] | None:
    """The first and the last id with this beginning, with dashes or without; None where it is no beginning of one."""
    digits = written.lower().replace("-", "")
    if not _DIGITS.fullmatch(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def among(ids: Collection[UUID]) -> ColumnElement[bool]:
    """What one of these ids equals: one value, however many they are, so that the statement stays the same.

    By `in_` each would be a parameter of its own, and another number of them another statement, to be compiled anew.
    """
    return any_(literal(list(ids), ARRAY(Uuid)))
