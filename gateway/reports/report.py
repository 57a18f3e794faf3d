"""What every report is: a title, columns, and a query that gives its rows one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

FETCH = 2_000  # rows read at a time


@dataclass(frozen=True, slots=True)
class Filters:
    """What a report may be narrowed to.

    Attributes:
        partner: a slug.
        since: only what arrived at this instant or later.
    """

    partner: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One report; its query runs in the session of the firm that asks, and its rows fit the columns."""

    title: str
    columns: tuple[str, ...]
    query: Callable[[Session, Filters], Iterator[Sequence[object]]]
