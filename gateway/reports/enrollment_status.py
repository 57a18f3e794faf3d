"""Who takes part: everybody that partners told us of, in which programme, and whether their files still list them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from sqlalchemy import ScalarSelect, func, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause

from gateway.db.models import Case, Client, FeedRow, Partner, Sighting
from gateway.reports.expiring import next_expiry
from gateway.reports.filters import Changed, Filters, Word
from gateway.reports.report import Report, Rows, streamed


class EnrollmentStatusFilters(Filters, frozen=True, kw_only=True):
    """Which people."""

    enrollment_status: (
        Annotated[
            Literal["active", "terminated", "withdrawn"], Meta(description="People who are enrolled in this way only.")
        ]
        | None
    ) = None
    program: Annotated[Word, Meta(description="People in this programme only.")] | None = None
    changed_since: Changed | None = None


def _rows(session: Session, filters: EnrollmentStatusFilters) -> Rows:
    listed, open_cases = _listed(), _open_cases()
    found = (
        select(
            Client.id,
            Partner.slug,
            Client.employee_id,
            Client.given_name,
            Client.family_name,
            Client.enrollment_status,
            Client.program,
            Client.eligibility_start_date,
            Client.eligibility_end_date,
            Client.hire_date,
            Client.termination_date,
            listed.c.present,
            listed.c.as_of,
            open_cases,
            next_expiry(Client.firm_id, Client.id),
            Client.status == "archived",
            Client.updated_at,
        )
        .join(Partner, Partner.id == Client.partner_id)
        .outerjoin(listed, true())
        .where(Client.erased_at.is_(None))
        .order_by(Partner.slug, Client.employee_id, Client.id)
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(Client.enrollment_status == filters.enrollment_status) if filters.enrollment_status else found
    found = found.where(Client.program == filters.program) if filters.program else found
    found = found.where(Client.updated_at >= filters.changed_since) if filters.changed_since else found
    yield from streamed(session, found)


def _listed() -> LateralFromClause:
    """Whether any feed of the partner lists the person, and of when the newest file is that says so or not.

    By way of the partner's feeds, which are few: sightings are found by feed and record.
    """
    return (
        select(func.bool_or(Sighting.present).label("present"), func.max(Sighting.as_of).label("as_of"))
        .join(FeedRow, (FeedRow.firm_id == Sighting.firm_id) & (FeedRow.id == Sighting.feed_id))
        .where(
            FeedRow.firm_id == Client.firm_id,
            FeedRow.partner_id == Client.partner_id,
            Sighting.firm_id == Client.firm_id,
            Sighting.record_id == Client.id,
        )
        .correlate(Client)
        .lateral("listed")
    )


def _open_cases() -> ScalarSelect[int]:
    mine = select(func.count()).where(
        Case.firm_id == Client.firm_id, Case.client_id == Client.id, Case.status == "open"
    )
    return mine.correlate(Client).scalar_subquery()


REPORT = Report(
    title="Who is enrolled",
    purpose="Each person of a partner: active or gone, since when, and by which file.",
    columns=tuple(
        "client partner employee_id given_name family_name enrollment_status program eligibility_start_date"
        " eligibility_end_date hire_date termination_date listed listed_as_of open_cases next_expiry archived"
        " updated_at".split()
    ),
    filters=EnrollmentStatusFilters,
    query=_rows,
)
