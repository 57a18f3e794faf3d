"""How long new cases waited for their first attorney, by month and type of case."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import ColumnElement, Date, Float, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gateway.db.models import Assignment, Case, Firm, Partner
from gateway.domain.rules import vocabulary
from gateway.reports.cases_assigned import Before, Since
from gateway.reports.filters import Filters, Word, words_of
from gateway.reports.report import Report, Rows, streamed


class TimeFilters(Filters, frozen=True, kw_only=True):
    """Of which cases; `since` and `until` are of their first assignment."""

    since: Since | None = None
    until: Before | None = None
    case_type: Annotated[Word, words_of(vocabulary("case_types").words, "Cases of this type only.")] | None = None


def _rows(session: Session, filters: TimeFilters) -> Rows:
    zone = select(Firm.time_zone).scalar_subquery()
    order = (Assignment.at, Assignment.id)
    first = select(Assignment.case_id, Assignment.at, Assignment.previous_id, Assignment.kind)
    firsts = first.ext(distinct_on(Assignment.case_id)).order_by(Assignment.case_id, *order).subquery("firsts")
    month = cast(func.date_trunc("month", func.timezone(zone, firsts.c.at)), Date).label("month")
    seconds = cast(func.extract("epoch", firsts.c.at - Case.created_at), Float)
    found = (
        select(month, Case.case_type, func.count(), *(_part(one, seconds) for one in (0.5, 0.95)), func.max(seconds))
        .join(firsts, firsts.c.case_id == Case.id)
        .join(Partner, Partner.id == Case.partner_id)
        .where(firsts.c.kind == "assigned", firsts.c.previous_id.is_(None), firsts.c.at >= Case.created_at)
        .group_by(month, Case.case_type)
        .order_by(month.desc(), Case.case_type)
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(firsts.c.at >= filters.since) if filters.since else found
    found = found.where(firsts.c.at < filters.until) if filters.until else found
    found = found.where(Case.case_type == filters.case_type) if filters.case_type else found
    yield from streamed(session, found)


def _part(part: float, of: ColumnElement[float]) -> ColumnElement[float]:
    return func.percentile_cont(part).within_group(of)


REPORT = Report(
    title="How long cases waited for their first attorney",
    purpose="How long new cases waited for an attorney, by month and type.",
    columns=tuple("month case_type cases median_seconds p95_seconds longest_seconds".split()),
    filters=TimeFilters,
    query=_rows,
    permission="attorneys.read",
)
