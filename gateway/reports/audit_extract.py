"""The audit log as a table, the newest first, for those who may read it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta
from sqlalchemy.orm import Session

from gateway.domain import audit
from gateway.reports.filters import Filters, Word
from gateway.reports.report import FETCH, Report, Rows

_COLUMNS = tuple(
    "id at actor_kind actor actor_id action origin client_id case_id import_id sheet row line changes".split()
)


class AuditExtractFilters(Filters, frozen=True, kw_only=True):
    """Which entries; of a partner, what it did itself, and what concerns its people, cases and imports."""

    person: Annotated[UUID, Meta(description="What concerns this client, lists that showed it included.")] | None = None
    record: Annotated[UUID, Meta(description="Of this client, case, document, import or other record.")] | None = None
    actor: Annotated[Word, Meta(description="An e-mail address, a partner, or an id.")] | None = None
    action: Annotated[Word, Meta(description="Such as `client.view`.")] | None = None
    since: Annotated[datetime, Meta(tz=True, description="From this instant on.")] | None = None
    until: Annotated[datetime, Meta(tz=True, description="Before this instant.")] | None = None


def _rows(session: Session, filters: AuditExtractFilters) -> Rows:
    wanted = audit.EntryFilter(
        person=filters.person,
        record=filters.record,
        actor=filters.actor,
        action=filters.action,
        from_=filters.since,
        to=filters.until,
        partner=filters.partner,
    )
    for entry in audit.all_of(session, wanted, FETCH):
        yield [getattr(entry, name) for name in _COLUMNS]


REPORT = Report(
    title="Who did what",
    purpose="For auditors, and whoever asks who saw what: every entry of the log, with what changed.",
    columns=_COLUMNS,
    filters=AuditExtractFilters,
    query=_rows,
    permission="audit.read",
)
