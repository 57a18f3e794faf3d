"""A firm whose people's papers end, with notices of which some have left: for tests of what staff see of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from gateway.db.models import Case
from gateway.domain.expiry.sweep import sweep
from helpers.dispatches import make
from helpers.inbox import Inbox, person

NOW = "2027-02-01T15:00:00+00:00"  # ten in the morning of a Monday at the firm
HOSTILE = "<script>alert(1)</script>"


def load(inbox: Inbox, tenants: Any) -> dict[str, UUID]:
    """Five people, by what their employer calls them: four in TN, one of whom nobody knows by what they work."""
    rows = [
        person(1, i94_expiry="03/01/2027"),
        person(2, i94_expiry="02/10/2027", passport="P2", passport_expiry="02/10/2027"),
        person(3, i94_expiry="03/02/2027"),
        person(4, i94_expiry="02/20/2027") | {"Last Name": HOSTILE},
        person(5, i94_expiry="06/30/2026"),
    ]
    inbox.drop("roster_20270101.csv", rows)
    with inbox.office.db.firm(tenants.northgate) as session:
        ids = dict(session.execute(text("SELECT employee_id, id FROM clients")).all())
        for name in ("E1", "E2", "E3", "E5"):
            plain = {"firm_id": tenants.northgate, "partner_id": tenants.acme, "pins": {}, "attributes": {}}
            session.add(Case(**plain, client_id=ids[name], case_number=f"C-{name}", case_type="TN", status="approved"))
    return ids


def tell(inbox: Inbox, client_id: UUID, state: str = "sent") -> list[tuple[UUID, UUID]]:
    """All notices of somebody's papers have left, each alone: notice and dispatch of each."""
    sweep(inbox.office)
    waiting = inbox.sql("SELECT id, staff_id FROM notices WHERE client_id = %s AND staff_id IS NOT NULL", client_id)
    made = []
    for notice_id, staff_id in waiting:
        [one] = make(inbox.office, inbox.firm_id, staff_id, kind="expiry", template="expiry", state=state)
        left = (
            "UPDATE notices SET state = 'told', ended_at = gateway_now(), dispatch_id = %s WHERE id = %s RETURNING id"
        )
        inbox.sql(left, one, notice_id)
        made.append((notice_id, one))
    return made


def paper_of(inbox: Inbox, client_id: UUID) -> str:
    """Somebody's I-94."""
    [(found,)] = inbox.sql("SELECT id::text FROM documents WHERE client_id = %s AND doc_type = 'i94'", client_id)
    return str(found)
