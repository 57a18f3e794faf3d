"""Facts as partners are told them: a type, when it was, and records by our ids and by the partner's own keys.

What is told is what is known when it is made, so that whoever was erased since is no longer named; nothing that is
sensitive is ever in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import Executable, select
from sqlalchemy.orm import Session

from gateway.db.models import Case, Client, Document, EventRow, FeedRow, Import
from gateway.events import (
    CaseChanged,
    CaseMoved,
    CaseOpened,
    ClientChanged,
    DocumentChanged,
    Event,
    ImportEnded,
    kind_of,
)
from outbound.deliveries import EventType

PER_PARCEL = 100  # records that one body names: some 20 kB, what receivers of webhooks expect at most

TYPES: Mapping[type[Event], EventType] = {
    ClientChanged: "client.updated",
    CaseOpened: "case.opened",
    CaseChanged: "case.updated",
    CaseMoved: "case.stage_changed",
    DocumentChanged: "document.changed",
    ImportEnded: "import.ended",
}
_BY_KIND = {kind_of(event): told for event, told in TYPES.items()}


def parts_of(event: Event) -> int:
    """How many bodies tell an event."""
    return max(1, -(-len(event.records) // PER_PARCEL))


def body_of(session: Session, firm_id: UUID, seq: int, part: int) -> bytes:
    """One part of an event as JSON, in a session of the firm.

    Raises:
        NoResultFound: the event is no longer on record.
    """
    event = session.get_one(EventRow, (firm_id, seq))
    told: EventType = _BY_KIND[event.kind]
    shown = event.records[part * PER_PARCEL : (part + 1) * PER_PARCEL]
    data = {"import_id": event.import_id, **event.said, **_ABOUT[told](session, event, shown)}
    return msgspec.json.encode({"type": told, "timestamp": event.at, "data": data})


def _clients(session: Session, _event: EventRow, ids: Sequence[UUID]) -> dict[str, object]:
    found = select(Client.id, Client.employee_id, Client.enrollment_status, Client.status).where(Client.id.in_(ids))
    return _records(session, found, ids, ("client_id", "employee_id", "enrollment_status", "status"))


def _cases(session: Session, _event: EventRow, ids: Sequence[UUID]) -> dict[str, object]:
    columns = select(
        Case.id, Case.case_number, Case.client_id, Client.employee_id, Case.case_type, Case.stage, Case.status
    )
    found = columns.outerjoin(Client, Client.id == Case.client_id).where(Case.id.in_(ids))
    names = ("case_id", "case_number", "client_id", "employee_id", "case_type", "stage", "status")
    return _records(session, found, ids, names)


def _documents(session: Session, _event: EventRow, ids: Sequence[UUID]) -> dict[str, object]:
    columns = select(
        Document.id, Document.client_id, Client.employee_id, Document.doc_type, Document.expires_on, Document.status
    )
    found = columns.join(Client, Client.id == Document.client_id).where(Document.id.in_(ids))
    names = ("document_id", "client_id", "employee_id", "document_type", "expires_on", "status")
    return _records(session, found, ids, names)


def _import(session: Session, event: EventRow, _ids: Sequence[UUID]) -> dict[str, object]:
    columns = select(FeedRow.name, Import.counts, Import.problem_count).where(Import.id == event.import_id)
    feed, counts, problems = session.execute(columns.outerjoin(FeedRow, FeedRow.id == Import.feed_id)).one()
    return {"feed": feed, "rows": counts.get("rows", {}), "problem_count": problems}


def _records(session: Session, found: Executable, ids: Sequence[UUID], names: Sequence[str]) -> dict[str, object]:
    """Records in the order of the event."""
    by_id = {row[0]: dict(zip(names, row, strict=True)) for row in session.execute(found)}
    return {"records": [by_id[one] for one in ids if one in by_id]}


_ABOUT: Mapping[EventType, Callable[[Session, EventRow, Sequence[UUID]], dict[str, object]]] = {
    "client.updated": _clients,
    "case.opened": _cases,
    "case.updated": _cases,
    "case.stage_changed": _cases,
    "document.changed": _documents,
    "import.ended": _import,
}
