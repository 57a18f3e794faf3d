"""Looks back through a table that is partitioned by day, some days at a time, and never locks more of it than that.

A question without times would lock every partition, each with its indexes, until its transaction ends: after three
years of days that is more than a server holds (PostgreSQL manual, 19.12), and the question ends in "out of shared
memory". Three things keep it from that, all of them here: both ends of a window are values when the question is
planned, a plan is made anew for each, and what a look has locked is let go when it is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import NamedTuple, TypeVar

from sqlalchemy import DateTime, Select, bindparam, text
from sqlalchemy.orm import Session

from gateway.db.paging import Found, Order, Paging, cut, some

Row = TypeVar("Row")

SINCE = bindparam("since", type_=DateTime(timezone=True))
UNTIL = bindparam("until", type_=DateTime(timezone=True))

_DAYS = (7, 14, 28)  # of the first windows, for most pages end in the first
_MOST_DAYS = 31  # of all others: 250 locks, with the seven indexes that a day of the audit log has
_INSTANT = timedelta(microseconds=1)  # the least that PostgreSQL tells apart


class Window(NamedTuple):
    """From an instant on, and before another; both aware."""

    since: datetime
    until: datetime


def windows(reach: Window) -> Iterator[Window]:
    """A stretch of time in windows, the newest first."""
    until = reach.until
    for days in chain(_DAYS, repeat(_MOST_DAYS)):
        if until <= reach.since:
            return
        since = max(reach.since, until - timedelta(days=days))
        yield Window(since, until)
        until = since


@contextmanager
def looking(session: Session) -> Iterator[None]:
    """A part of a transaction that only looks: a savepoint that is rolled back gives up the locks taken behind it."""
    look = session.begin_nested()
    try:
        yield
    finally:
        look.rollback()


def plan_anew(session: Session) -> None:
    """For the rest of a transaction, plan each question for its own values, in the functions that it calls as well.

    The server plans once what it is asked often, and a plan that holds for all values locks all partitions.
    """
    session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def newest_within(
    session: Session, queries: Sequence[Select[Row]], order: Order, paging: Paging, reach: Window
) -> Found[Row]:
    """The newest rows of queries that share none, looked for window by window until there are enough.

    Args:
        session: the caller's.
        queries: without order or limit; each holds the time by which it is ordered against SINCE and UNTIL.
        order: by which it is newest first.
        paging: which of them; there is no total, for that would look at all days.
        reach: how far to look.
    """
    plan_anew(session)
    found: list[Row] = []
    for window in windows(_before(paging, reach)):
        with looking(session):
            found += some(session, queries, order, paging._replace(limit=paging.limit - len(found)), window._asdict())
        if len(found) > paging.limit:
            break
    return cut(found, order, paging.limit)


def _before(paging: Paging, reach: Window) -> Window:
    if paging.after is None:
        return reach
    return reach._replace(until=min(reach.until, paging.after[0] + _INSTANT))
