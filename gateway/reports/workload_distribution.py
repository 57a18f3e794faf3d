"""What every attorney holds, against what they may, and how evenly that is spread over the firm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import Attorney, Case, Partner, Staff
from gateway.domain.assignment.attorneys import takes_cases
from gateway.domain.assignment.fairness import gini, jain
from gateway.domain.assignment.hours import prorated
from gateway.domain.assignment.time_off import today_of
from gateway.domain.assignment.workload import Held, by_attorney
from gateway.reports.filters import Filters
from gateway.reports.report import Report, Rows

_DECIMALS = 4


class _Attorney(NamedTuple):
    """What is needed of one; whole records of 800 would take as long as counting their cases."""

    id: UUID
    name: str
    email: str
    takes_cases: bool
    capacity: int
    availability: Mapping[str, float]

    @property
    def may_hold(self) -> int:
        return prorated(self.capacity, self.availability)


_ATTORNEYS = (
    select(Attorney.id, Staff.name, Staff.email, takes_cases(), Attorney.capacity, Attorney.availability)
    .join(Staff, Staff.id == Attorney.staff_id)
    .order_by(Staff.name, Attorney.id)
)


class WorkloadFilters(Filters, frozen=True, kw_only=True):
    """Whose cases; the capacity is an attorney's whole one all the same."""


def _rows(session: Session, filters: WorkloadFilters) -> Rows:
    """Two queries, however many attorneys and cases there are."""
    counted = by_attorney(today_of(session))
    if filters.partner:
        counted = counted.where(Case.partner_id.in_(select(Partner.id).where(Partner.slug == filters.partner)))
    held = {one: Held(*told) for one, *told in session.execute(counted)}
    found = [_Attorney(*told) for told in session.execute(_ATTORNEYS)]
    shares = [_share(one, held) for one in found]
    compared = [share for one, share in zip(found, shares, strict=True) if share is not None and one.takes_cases]
    firm = (round(jain(compared), _DECIMALS), round(gini(compared), _DECIMALS))
    for one, share in zip(found, shares, strict=True):
        yield (*_row(one, held.get(one.id, Held())), None if share is None else round(share, _DECIMALS), *firm)


def _share(one: _Attorney, held: Mapping[UUID | None, Held]) -> float | None:
    """Of the capacity; nobody has a share of none."""
    return held.get(one.id, Held()).cases / one.may_hold if one.may_hold else None


def _row(one: _Attorney, held: Held) -> tuple[object, ...]:
    urgent = round(held.urgent / held.cases, _DECIMALS) if held.cases else 0.0
    who = (one.id, one.name, one.email, one.takes_cases, one.may_hold)
    return (*who, held.cases, held.weighted, held.urgent, urgent)


REPORT = Report(
    title="What attorneys hold, and how evenly",
    columns=tuple("attorney name email takes_cases may_hold cases weighted urgent urgent_share load jain gini".split()),
    filters=WorkloadFilters,
    query=_rows,
    permission="attorneys.read",
)
