"""What nobody answered in time: each step of each escalation, to whom it went and what became of it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import Client, Dispatch, Document, Notice, Partner, Staff
from gateway.domain.rules import vocabulary
from gateway.reports.filters import Filters, Person, Until, Word, words_of
from gateway.reports.filters import Since as At
from gateway.reports.plot import Columns, Kind
from gateway.reports.report import Report, Rows, streamed


class EscalationFilters(Filters, frozen=True, kw_only=True):
    """Which steps."""

    since: Annotated[At, Meta(description="Steps that were taken at this instant or later.")] | None = None
    until: Annotated[Until, Meta(description="Steps that were taken before this instant.")] | None = None
    state: (
        Annotated[
            Literal["waiting", "told", "withheld", "cancelled"], Meta(description="Steps that have come so far only.")
        ]
        | None
    ) = None
    doc_type: Annotated[Word, words_of(vocabulary("document_types").words, "About papers of this type.")] | None = None
    client: Person | None = None


def _rows(session: Session, filters: EscalationFilters) -> Rows:
    found = (
        select(
            Notice.id,
            Partner.slug,
            Client.id,
            Client.employee_id,
            Client.given_name,
            Client.family_name,
            Document.doc_type,
            Notice.expires_on,
            Notice.lead,
            Notice.days_left,
            Notice.step,
            Notice.role,
            Staff.name,
            Notice.channel,
            Notice.state,
            Notice.ended_code,
            Notice.created_at,
            Dispatch.sent_at,
        )
        .join(Client, Client.id == Notice.client_id)
        .join(Partner, Partner.id == Client.partner_id)
        .join(Document, Document.id == Notice.document_id)
        .outerjoin(Staff, Staff.id == Notice.staff_id)
        .outerjoin(Dispatch, Dispatch.id == Notice.dispatch_id)
        .where(Notice.step > 0, Client.erased_at.is_(None))
        .order_by(Notice.created_at.desc(), Notice.id.desc())
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(Notice.created_at >= filters.since) if filters.since else found
    found = found.where(Notice.created_at < filters.until) if filters.until else found
    found = found.where(Notice.state == filters.state) if filters.state else found
    found = found.where(Document.doc_type == filters.doc_type) if filters.doc_type else found
    found = found.where(Notice.client_id == filters.client) if filters.client else found
    yield from streamed(session, found)


REPORT = Report(
    title="What nobody answered, and who was told next",
    purpose="Reminders that nobody answered in time, who was told next, and what came of it.",
    columns=tuple(
        "notice partner client employee_id given_name family_name doc_type expires_on lead days_left step role"
        " recipient channel state reason made_at sent_at".split()
    ),
    filters=EscalationFilters,
    query=_rows,
    permission="documents.read",
    plot=Columns(
        title="Steps of escalations, by week and what became of them",
        of="step",
        x=("made_at",),
        step="week",
        series="state",
        words=(
            Kind("told", "good", ("told",)),
            Kind("waiting", "second", ("waiting",)),
            Kind("withheld", "warn-fill", ("withheld",)),
            Kind("cancelled", "s5", ("cancelled",)),
        ),
    ),
)
