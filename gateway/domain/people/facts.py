"""What people did to clients, cases and documents, told as facts; imports tell theirs in bulk (`ingest.load.facts`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from gateway.db.models import Case, Client, Document
from gateway.db.models.records import Record
from gateway.domain.audit import Action, Change
from gateway.events import CaseChanged, CaseMoved, CaseOpened, ClientChanged, DocumentChanged, Event
from gateway.office import Acting


def tell(acting: Acting, action: Action, record: Record, changes: Sequence[Change]) -> None:
    """Tell what changed about a record, in the transaction that changed it; a mere look is no fact."""
    changed = [one for one in changes if one.action in {"created", "updated"}]
    if changed:
        partner_id = _partner_of(acting, record)
        for event in (each for one in changed for each in _events(action, record, partner_id, one)):
            acting.tell(event)


# what an act on a record tells of it; what is not here tells nothing
_TOLD: dict[Action, Callable[[UUID, list[UUID]], Event]] = {
    "client.create": lambda partner, ids: ClientChanged(partner_id=partner, records=ids, change="created"),
    "client.update": lambda partner, ids: ClientChanged(partner_id=partner, records=ids, change="updated"),
    "client.archive": lambda partner, ids: ClientChanged(partner_id=partner, records=ids, change="archived"),
    "client.restore": lambda partner, ids: ClientChanged(partner_id=partner, records=ids, change="restored"),
    "case.create": lambda partner, ids: CaseOpened(partner_id=partner, records=ids),
    "case.update": lambda partner, ids: CaseChanged(partner_id=partner, records=ids, change="updated"),
    "case.close": lambda partner, ids: CaseChanged(partner_id=partner, records=ids, change="closed"),
    "case.reopen": lambda partner, ids: CaseChanged(partner_id=partner, records=ids, change="reopened"),
    "document.create": lambda partner, ids: DocumentChanged(partner_id=partner, records=ids, change="created"),
    "document.update": lambda partner, ids: DocumentChanged(partner_id=partner, records=ids, change="updated"),
}


def _events(action: Action, record: Record, partner_id: UUID, change: Change) -> Iterator[Event]:
    told = "case.reopen" if action == "case.update" and _resumes(change) else action
    if told in _TOLD:
        yield _TOLD[told](partner_id, [record.id])
    if isinstance(record, Case) and action != "case.create" and "stage" in (change.new or {}):
        yield _moved(partner_id, record, change)


def _resumes(change: Change) -> bool:
    """Whether a decided case is open again: it counts for its attorney, or needs one, as a reopened one does."""
    return (change.new or {}).get("status") == "open"


def _moved(partner_id: UUID, case: Case, change: Change) -> CaseMoved:
    return CaseMoved(partner_id=partner_id, records=[case.id], before=_stage(change.old), after=_stage(change.new))


def _stage(side: Mapping[str, object] | None) -> str | None:
    stage = (side or {}).get("stage")
    return None if stage is None else str(stage)


def _partner_of(acting: Acting, record: Record) -> UUID:
    if isinstance(record, Document):
        return acting.session.scalars(select(Client.partner_id).where(Client.id == record.client_id)).one()
    assert isinstance(record, Client | Case)  # noqa: S101 - the third kind of record is a document
    return record.partner_id
