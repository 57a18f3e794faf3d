"""Long lists, a page at a time: newest first, continued by a cursor that a change in between does not confuse."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

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


def page(
    session: Session,
    query: Select[Row] | Sequence[Select[Row]],
    order: tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[UUID]],
    view: Callable[[Any], T],
    *,
    cursor: str | None,
    limit: int,
    total: bool = False,
) -> Page[T]:
    """One page of a query, newest first.

    Args:
        session: the caller's.
        query: of one entity, without order or limit; or several that share no row.
        order: when it was made, and its id.
        view: an entity as the caller sees it.
        cursor: of the page before, None for the first.
        limit: rows a page.
        total: count all rows of the query as well.

    Raises:
        Rejected: 400 `bad_cursor`.
    """
    at, key = order
    queries = [query] if isinstance(query, Select) else query
    counted = sum(_number(session, one) for one in queries) if total else UNSET
    if cursor is not None:
        after = tuple_(at, key) < tuple_(*_decoded(cursor))
        queries = [one.where(after) for one in queries]
    newest = [one.order_by(at.desc(), key.desc()).limit(limit + 1) for one in queries]
    found: list[Any] = [row for one in newest for row in session.scalars(one)]
    found.sort(key=lambda row: (getattr(row, at.key), getattr(row, key.key)), reverse=True)
    shown, has_more = found[:limit], len(found) > limit
    following = _encoded(getattr(shown[-1], at.key), getattr(shown[-1], key.key)) if has_more else None
    pagination = Pagination(following, has_more, limit, counted)
    return Page([view(one) for one in shown], pagination)


def _number(session: Session, query: Select[Any]) -> int:
    return session.scalars(select(func.count()).select_from(query.subquery())).one()


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
