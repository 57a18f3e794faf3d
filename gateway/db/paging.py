"""Long lists, some rows at a time: newest first, continued after the last row seen, whatever came in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def newest(session: Session, query: Select[Row], order: Order, paging: Paging) -> Found[Row]:
    """The newest rows of a query.

    Args:
        session: the caller's.
        query: of one entity, without order or limit.
        order: by which it is newest first.
        paging: which of them.
    """
    total = _number(session, query) if paging.total else None
    return cut(some(session, [query], order, paging), order, paging.limit, total)


def some(
    session: Session,
    queries: Sequence[Select[Row]],
    order: Order,
    paging: Paging,
    values: Mapping[str, object] | None = None,
) -> list[Row]:
    """The newest rows of queries that share none, one more than wanted where there are more.

    Args:
        session: the caller's.
        queries: of one entity, without order or limit.
        order: by which it is newest first.
        paging: which of them.
        values: of the parameters in the queries.
    """
    at, key = order
    wanted = [one.order_by(at.desc(), key.desc()).limit(paging.limit + 1) for one in queries]
    if paging.after is not None:
        wanted = [one.where(tuple_(at, key) < tuple_(*paging.after)) for one in wanted]
    found: list[Any] = [row for one in wanted for row in session.scalars(one, values)]
    found.sort(key=lambda row: _place(row, order), reverse=True)
    return found[: paging.limit + 1]


def cut(rows: list[Row], order: Order, limit: int, total: int | None = None) -> Found[Row]:
    """The rows of one page, of which one more than wanted says that there are others."""
    shown = rows[:limit]
    return Found(shown, _place(shown[-1], order) if len(rows) > limit else None, total)


def _place(row: object, order: Order) -> tuple[datetime, UUID]:
    at, key = order
    return getattr(row, at.key), getattr(row, key.key)


def _number(session: Session, query: Select[Any]) -> int:
    return session.scalars(select(func.count()).select_from(query.subquery())).one()
