"""What every attorney holds, against what they may, and how evenly that is spread over the firm."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Text, bindparam, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from gateway.db.asking import Question, ask
from gateway.db.models import Attorney, Case, Partner, Staff
from gateway.domain.assignment.attorneys import takes_cases
from gateway.domain.assignment.fairness import gini, jain
from gateway.domain.assignment.hours import prorated
from gateway.domain.assignment.time_off import today_of
from gateway.domain.assignment.workload import Held, by_attorney
from gateway.reports.filters import Filters
from gateway.reports.plot import Levels
from gateway.reports.report import Report, Rows

_DECIMALS = 4


class _Attorney(NamedTuple):
    """What is needed of one; whole records of 800 would take as long as counting their cases."""

    id: UUID
    name: str
    email: str
    takes_cases: bool
    may_hold: int
    held: Held

    @property
    def share(self) -> float | None:
        """Of the capacity; nobody has a share of none."""
        return self.held.cases / self.may_hold if self.may_hold else None


class WorkloadFilters(Filters, frozen=True, kw_only=True):
    """Whose cases; the capacity is an attorney's whole one all the same."""


def _rows(session: Session, filters: WorkloadFilters) -> Rows:
    """One query, however many attorneys and cases there are."""
    values = {"partner": filters.partner} if filters.partner else {}
    _, told = ask(session, Question(_ROOM), Question(_query(today_of(session), tuple(values)), values))
    found = [_attorney(*one) for one in told]
    shares = [one.share for one in found]
    compared = [share for one, share in zip(found, shares, strict=True) if share is not None and one.takes_cases]
    firm = (round(jain(compared), _DECIMALS), round(gini(compared), _DECIMALS))
    for one, share in zip(found, shares, strict=True):
        yield (*_row(one), None if share is None else round(share, _DECIMALS), *firm)


_ROOM = select(func.set_config("work_mem", "16MB", literal(value=True)))  # a transaction's; 100,000 cases fit into it


@functools.lru_cache(maxsize=4)
def _query(today: date, narrowed_by: Collection[str]) -> Select[*tuple[Any, ...]]:
    """All attorneys with what they hold; hours are left out where nothing was said, for each would be parsed."""
    counted = by_attorney(today)
    if narrowed_by:
        named = select(Partner.id).where(Partner.slug == bindparam("partner", type_=Text))
        counted = counted.where(Case.partner_id.in_(named))
    held = counted.subquery("held")
    said = func.nullif(Attorney.availability, cast(literal("{}"), JSONB), type_=JSONB)
    attorney = (Attorney.id, Staff.name, Staff.email, takes_cases(), Attorney.capacity, said)
    return (
        select(*attorney, held.c.cases, held.c.weighted, held.c.urgent)
        .join(Staff, Staff.id == Attorney.staff_id)
        .outerjoin(held, held.c.attorney_id == Attorney.id)
        .order_by(Staff.name, Attorney.id)
    )


def _attorney(
    id_: UUID, name: str, email: str, takes: bool, capacity: int, hours: Mapping[str, float] | None, *held: int | None
) -> _Attorney:
    return _Attorney(id_, name, email, takes, prorated(capacity, hours or {}), Held(*(one or 0 for one in held)))


def _row(one: _Attorney) -> tuple[object, ...]:
    held = one.held
    urgent = round(held.urgent / held.cases, _DECIMALS) if held.cases else 0.0
    return (*one[:-1], *held, urgent)


REPORT = Report(
    title="What attorneys hold, and how evenly",
    purpose="Each attorney's cases against what they may hold, and how even that is.",
    columns=tuple("attorney name email takes_cases may_hold cases weighted urgent urgent_share load jain gini".split()),
    filters=WorkloadFilters,
    query=_rows,
    permission="attorneys.read",
    plot=Levels(
        title="Cases that attorneys hold, and may hold",
        of="attorney",
        x="name",
        y=("cases", "may_hold", "urgent"),
        drawn="takes_cases",
    ),
)
