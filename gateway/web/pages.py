"""Long lists, a page at a time: newest first, continued by a cursor that a change in between does not confuse."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter
from msgspec import UNSET, Struct, UnsetType

from gateway.db.paging import Found, Paging
from gateway.web.problems import Rejected

T = TypeVar("T")
Row = TypeVar("Row")

MOST = 100
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description=f"How many, at most {MOST}.")]
Cursor = Annotated[str | None, QueryParameter(max_length=200, description="`next_cursor` of the page before.")]


class Pagination(Struct, frozen=True):
    """Where a page stands; `next_cursor` leads to the next one. All are counted only when asked for (`total`)."""

    next_cursor: str | None
    has_more: bool
    limit: int
    total_items: int | UnsetType = UNSET


class Page(Struct, Generic[T], frozen=True):
    """One page of a list."""

    data: list[T]
    pagination: Pagination


def paging(cursor: str | None, limit: int, *, total: bool = False) -> Paging:
    """What a caller asks for.

    Raises:
        Rejected: 400 `bad_cursor`.
    """
    return Paging(limit, None if cursor is None else _decoded(cursor), total)


def page_of(found: Found[Row], view: Callable[[Row], T], limit: int) -> Page[T]:
    """A page as its caller sees it, with the way to the next one."""
    following = None if found.following is None else _encoded(*found.following)
    total = UNSET if found.total is None else found.total
    pagination = Pagination(following, following is not None, limit, total)
    return Page([view(one) for one in found.rows], pagination)


def _encoded(at: datetime, key: UUID) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((at, key))).decode()


def _decoded(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, key = msgspec.json.decode(base64.urlsafe_b64decode(cursor.encode()), type=tuple[datetime, UUID])
    except (binascii.Error, UnicodeError, ValueError, msgspec.MsgspecError):
        at = None
    if at is None or at.tzinfo is None:
        raise Rejected(400, "bad_cursor", "The cursor is none of ours; start again without one.")
    return at, key
