"""Where every case stands: whose it is, its stage and days, and what expires next."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import Attorney, Case, Client, Partner, Staff
from gateway.domain.rules import vocabulary
from gateway.reports.expiring import next_expiry
from gateway.reports.filters import Changed, Filters, Word, words_of
from gateway.reports.report import Report, Rows, streamed


class CaseStatusFilters(Filters, frozen=True, kw_only=True):
    """Which cases."""

    status: (
        Annotated[
            Literal["open", "approved", "denied", "withdrawn", "closed"], Meta(description="Cases of this status only.")
        ]
        | None
    ) = None
    stage: Annotated[Word, words_of(vocabulary("stages").words, "Cases at this stage only.")] | None = None
    case_type: Annotated[Word, words_of(vocabulary("case_types").words, "Cases of this type only.")] | None = None
    changed_since: Changed | None = None


def _rows(session: Session, filters: CaseStatusFilters) -> Rows:
    found = (
        select(
            Case.id,
            Partner.slug,
            Case.case_number,
            Client.employee_id,
            Client.given_name,
            Client.family_name,
            Case.case_type,
            Case.stage,
            Case.status,
            Case.priority,
            Staff.name,
            Case.receipt_number,
            Case.opened_on,
            Case.filed_on,
            Case.decided_on,
            Case.deadline_on,
            next_expiry(Case.firm_id, Case.client_id),
            Case.updated_at,
        )
        .join(Partner, Partner.id == Case.partner_id)
        .outerjoin(Client, Client.id == Case.client_id)
        .outerjoin(Attorney, Attorney.id == Case.attorney_id)
        .outerjoin(Staff, Staff.id == Attorney.staff_id)
        .order_by(Partner.slug, Case.case_number)
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(Case.status == filters.status) if filters.status else found
    found = found.where(Case.stage == filters.stage) if filters.stage else found
    found = found.where(Case.case_type == filters.case_type) if filters.case_type else found
    found = found.where(Case.updated_at >= filters.changed_since) if filters.changed_since else found
    yield from streamed(session, found)


REPORT = Report(
    title="Where cases stand",
    purpose="Each case with its person, stage, deadline and attorney.",
    columns=tuple(
        "case partner case_number employee_id given_name family_name case_type stage status priority attorney"
        " receipt_number opened_on filed_on decided_on deadline_on next_expiry updated_at".split()
    ),
    filters=CaseStatusFilters,
    query=_rows,
)
