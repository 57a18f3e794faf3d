"""Long lists, some rows at a time: newest first, continued after the last row seen, whatever came in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

Row = TypeVar("Row")
Order = tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[UUID]]  # when a row was made, and its id


class Paging(NamedTuple):
    """Which rows of a list somebody wants.

    Attributes:
        limit: so many at most.
        after: instant and id of the last row that was seen; None from the newest on.
        total: count all of the list as well.
    """

    limit: int
    after: tuple[datetime, UUID] | None = None
    total: bool = False


@dataclass(frozen=True)
class Found(Generic[Row]):
    """Some rows of a list.

    Attributes:
        following: what `Paging.after` must be for those that come next; None where there are none.
        total: of the whole list, where it was counted.
    """

    rows: list[Row]
    following: tuple[datetime, UUID] | None
    total: int | None


def newest(session: Session, query: Select[Row] | Sequence[Select[Row]], order: Order, paging: Paging) -> Found[Row]:
    """The newest rows of a query.

    Args:
        session: the caller's.
        query: of one entity, without order or limit; or several that share no row.
        order: by which it is newest first.
        paging: which of them.
    """
    at, key = order
    queries: Sequence[Select[Row]] = [query] if isinstance(query, Select) else query
    total = sum(_number(session, one) for one in queries) if paging.total else None
    if paging.after is not None:
        before = tuple_(at, key) < tuple_(*paging.after)
        queries = [one.where(before) for one in queries]
    some = [one.order_by(at.desc(), key.desc()).limit(paging.limit + 1) for one in queries]
    found: list[Any] = [row for one in some for row in session.scalars(one)]
    found.sort(key=lambda row: (getattr(row, at.key), getattr(row, key.key)), reverse=True)
    shown = found[: paging.limit]
    following = (getattr(shown[-1], at.key), getattr(shown[-1], key.key)) if len(found) > paging.limit else None
    return Found(shown, following, total)


def _number(session: Session, query: Select[Any]) -> int:
    return session.scalars(select(func.count()).select_from(query.subquery())).one()
