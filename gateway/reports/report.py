"""What every report is: a title, columns, what it may be narrowed to, and a query that gives its rows one by one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Select
from sqlalchemy.orm import Session

from gateway.reports.filters import Filters
from gateway.reports.plot import Plot

USUAL = "reports.read"
FETCH = 2_000  # rows read at a time

Rows = Generator[Sequence[object], None, None]


class Veil(NamedTuple):
    """What somebody without a permission does not see of rows that are theirs otherwise.

    Attributes:
        over: a row as they see it, of as many columns.
    """

    permission: str
    over: Callable[[Sequence[object]], Sequence[object]]


@dataclass(frozen=True, slots=True)
class Report:
    """One report; its query runs in the session of the firm that asks, and its rows fit the columns.

    Attributes:
        purpose: for whom or what it is, in a sentence.
        filters: its own struct; the query is given one.
        permission: that somebody must hold to take it out; partners hold no other than this one.
        plot: what is drawn of it, where a picture says more than its rows.
        veil: what is left empty for some of those who may take it out.
    """

    title: str
    columns: tuple[str, ...]
    filters: type[Filters]
    query: Callable[[Session, Any], Rows]
    permission: str = USUAL
    plot: Plot | None = None
    veil: Veil | None = None
    purpose: str = field(kw_only=True)


def streamed(session: Session, query: Select[*tuple[Any, ...]]) -> Rows:
    """The rows of a query, some at a time from a cursor of the server; closed with whoever no longer wants them."""
    with session.execute(query.execution_options(yield_per=FETCH)) as found:
        yield from found
