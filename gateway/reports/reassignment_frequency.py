"""How often attorneys pass cases on, and who does so far more often than others of the firm."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from gateway.db.models import Assignment, Attorney, Case, Partner, Staff
from gateway.reports.cases_assigned import Before, Since
from gateway.reports.filters import Filters
from gateway.reports.report import Report, Rows

_FLAGGED = 2  # times the median
_FEWEST = 3  # passed on; where most pass on none the median is 0, and one case in a year would be more than twice that
_DECIMALS = 4


class FrequencyFilters(Filters, frozen=True, kw_only=True):
    """Which assignments count."""

    since: Since | None = None
    until: Before | None = None


class _Counted(NamedTuple):
    attorney: UUID
    name: str
    email: str
    had: int
    passed_on: int
    taken_over: int

    @property
    def rate(self) -> float:
        return self.passed_on / self.had


def _rows(session: Session, filters: FrequencyFilters) -> Rows:
    found = [_Counted(*row) for row in session.execute(_counted(filters))]
    usual = median(one.rate for one in found) if found else 0.0
    for one in found:
        rates = (round(one.rate, _DECIMALS), round(usual, _DECIMALS))
        yield (*one, *rates, one.passed_on >= _FEWEST and one.rate > _FLAGGED * usual)


def _counted(filters: FrequencyFilters) -> Select[UUID, str, str, int, int, int]:
    """Both sides of every assignment: who got the case, and who had it before; what was undone counts for neither."""
    sides = union_all(_side(Assignment.attorney_id, filters), _side(Assignment.previous_id, filters)).subquery()
    got = sides.c.attorney_id == sides.c.got_by

    def net(one: ColumnElement[bool], undone: ColumnElement[bool]) -> ColumnElement[int]:
        done = func.count().filter(one, sides.c.kind == "reassigned")
        return func.greatest(done - func.count().filter(undone, sides.c.kind == "undone"), 0)

    return (
        select(
            Attorney.id, Staff.name, Staff.email, func.count(sides.c.case_id.distinct()), net(~got, got), net(got, ~got)
        )
        .join(sides, sides.c.attorney_id == Attorney.id)
        .join(Staff, Staff.id == Attorney.staff_id)
        .group_by(Attorney.firm_id, Attorney.id, Staff.firm_id, Staff.id)
        .order_by(Staff.name, Attorney.id)
    )


def _side(
    whose: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None], filters: FrequencyFilters
) -> Select[UUID | None, UUID, UUID, str]:
    found = (
        select(whose.label("attorney_id"), Assignment.attorney_id.label("got_by"), Assignment.case_id, Assignment.kind)
        .join(Case, Case.id == Assignment.case_id)
        .join(Partner, Partner.id == Case.partner_id)
        .where(whose.is_not(None))
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(Assignment.at >= filters.since) if filters.since else found
    return found.where(Assignment.at < filters.until) if filters.until else found


REPORT = Report(
    title="How often attorneys pass cases on",
    purpose="Whose cases pass on, how often and after how long.",
    columns=tuple("attorney name email had passed_on taken_over rate median flagged".split()),
    filters=FrequencyFilters,
    query=_rows,
    permission="attorneys.read",
)
