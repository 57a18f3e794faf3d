"""How many cases every attorney got in each month, by the rule and by hand."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta
from sqlalchemy import Date, cast, func, select
from sqlalchemy.orm import Session

from gateway.db.models import Assignment, Attorney, Case, Firm, Partner, Staff
from gateway.reports.filters import Filters, Until
from gateway.reports.filters import Since as At
from gateway.reports.plot import Columns, Kind
from gateway.reports.report import Report, Rows, streamed

Since = Annotated[At, Meta(description="What was given away at this instant or later.")]
Before = Annotated[Until, Meta(description="What was given away before this instant.")]


class AssignedFilters(Filters, frozen=True, kw_only=True):
    """Which of it."""

    since: Since | None = None
    until: Before | None = None
    attorney: Annotated[UUID, Meta(description="What this attorney got.")] | None = None


def _rows(session: Session, filters: AssignedFilters) -> Rows:
    zone = select(Firm.time_zone).scalar_subquery()
    month = cast(func.date_trunc("month", func.timezone(zone, Assignment.at)), Date).label("month")
    kinds = (func.count().filter(Assignment.kind == kind) for kind in ("assigned", "reassigned", "undone"))
    found = (
        select(month, Attorney.id, Staff.name, Staff.email, *kinds, func.coalesce(func.sum(Assignment.complexity), 0))
        .join(Attorney, Attorney.id == Assignment.attorney_id)
        .join(Staff, Staff.id == Attorney.staff_id)
        .join(Case, Case.id == Assignment.case_id)
        .join(Partner, Partner.id == Case.partner_id)
        .group_by(month, Attorney.firm_id, Attorney.id, Staff.firm_id, Staff.id)
        .order_by(month.desc(), Staff.name, Attorney.id)
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(Assignment.at >= filters.since) if filters.since else found
    found = found.where(Assignment.at < filters.until) if filters.until else found
    found = found.where(Attorney.id == filters.attorney) if filters.attorney else found
    yield from streamed(session, found)


REPORT = Report(
    title="Cases that attorneys got, by month",
    purpose="How many cases each attorney got in each month, and how.",
    columns=tuple("month attorney name email assigned reassigned undone complexity".split()),
    filters=AssignedFilters,
    query=_rows,
    permission="attorneys.read",
    plot=Columns(
        title="Cases given to attorneys, by month",
        of="case given",
        x=("month",),
        step="month",
        y=("assigned", "reassigned", "undone"),
        words=(
            Kind("to a first attorney", "second", ("assigned",)),
            Kind("from one to another", "s1", ("reassigned",)),
            Kind("given back", "s5", ("undone",)),
        ),
    ),
)
