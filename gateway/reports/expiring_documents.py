"""Which papers end soon: whose, when, who holds the case, and when people of the firm were last told."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from msgspec import Meta
from sqlalchemy import Select, and_, func, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause

from gateway import clock
from gateway.db.models import Attorney, Case, Client, Document, Firm, Notice, Partner, Staff
from gateway.domain.expiry.papers import called
from gateway.domain.rules import vocabulary
from gateway.reports.filters import Filters, Word, words_of
from gateway.reports.plot import Columns
from gateway.reports.report import Report, Rows, streamed

USUALLY = 90  # days
PAST = 30  # days after their end in which papers are still listed


class ExpiringFilters(Filters, frozen=True, kw_only=True):
    """Which papers."""

    within: Annotated[int, Meta(ge=0, le=1825, description="Ending within so many days; by default 90.")] | None = None
    doc_type: Annotated[Word, words_of(vocabulary("document_types").words, "Papers of this type only.")] | None = None


def _rows(session: Session, filters: ExpiringFilters) -> Rows:
    today = clock.day_in(session.scalars(select(Firm.time_zone)).one(), clock.now())
    last = today + timedelta(days=USUALLY if filters.within is None else filters.within)
    case, told = _case(), _told()
    found: Select[*tuple[object, ...]] = (
        select(
            Document.id,
            Partner.slug,
            Client.id,
            Client.employee_id,
            Client.given_name,
            Client.family_name,
            Document.doc_type,
            Document.expires_on,
            Document.expires_on - today,
            case.c.case_number,
            case.c.stage,
            case.c.filed_on,
            case.c.name,
            told.c.lead,
            told.c.told_at,
            Document.updated_at,
        )
        .join(Client, Client.id == Document.client_id)
        .join(Partner, Partner.id == Client.partner_id)
        .outerjoin(case, true())
        .outerjoin(told, true())
        .where(Document.status == "current", Client.status == "active", Client.enrollment_status == "active")
        .where(Client.termination_date.is_(None) | (Client.termination_date >= today))
        .where(Client.erased_at.is_(None), Document.expires_on.between(today - timedelta(days=PAST), last))
        .order_by(Document.expires_on, Document.id)
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(Document.doc_type == filters.doc_type) if filters.doc_type else found
    yield from streamed(session, found)


def _case() -> LateralFromClause:
    """The open case of the paper, or the newest one of the person."""
    mine = and_(Case.firm_id == Document.firm_id, Case.client_id == Document.client_id, Case.status == "open")
    found = (
        select(Case.case_number, Case.stage, Case.filed_on, Staff.name)
        .outerjoin(Attorney, Attorney.id == Case.attorney_id)
        .outerjoin(Staff, Staff.id == Attorney.staff_id)
        .where(mine)
        .order_by((Case.id == Document.case_id).desc().nulls_last(), Case.id.desc())
        .limit(1)
    )
    return found.correlate(Document).lateral("matter")


def _told() -> LateralFromClause:
    """The shortest lead time of which somebody was told, and when last."""
    of = (Notice.firm_id == Document.firm_id, Notice.document_id == Document.id)
    found = select(func.min(Notice.lead).label("lead"), func.max(Notice.ended_at).label("told_at"))
    found = found.where(*of, Notice.expires_on == Document.expires_on, Notice.state == "told")
    return found.correlate(Document).lateral("told")


REPORT = Report(
    title="Which papers end soon",
    purpose="Whose papers end in the next days, who holds the case, and when somebody was last told.",
    columns=tuple(
        "document partner client employee_id given_name family_name doc_type expires_on days_left case_number"
        " case_stage case_filed_on attorney told_lead told_at updated_at".split()
    ),
    filters=ExpiringFilters,
    query=_rows,
    plot=Columns(
        title="Papers by when they end",
        of="paper",
        x=("expires_on",),
        step="week",
        series="doc_type",
        called=called,
    ),
)
