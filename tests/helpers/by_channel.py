"""Messages that a test has leave by a channel without the engine: rows, and what the gate would give."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from gateway.db.models import Dispatch, Notification
from gateway.office import Office
from outbound.notify.channels.base import Envelope, Recipient, Words

WORDS = Words(
    subject="A passport ends in 30 days",
    text="The passport of A. S. ends on 1 April 2026.",
    short="A passport ends in 30 days. https://gateway.example/l/Ab3dE9x",
    link="https://gateway.example/l/Ab3dE9x",
)


def envelope(office: Office, firm_id: UUID, recipient: Recipient, to: list[str], channel: str, **more: Any) -> Envelope:
    """Of a dispatch that stands in the database, `attempting`."""
    dispatch_id = dispatch(office, firm_id, channel, recipient)
    return Envelope(dispatch_id, firm_id, "Northgate Law", recipient, to, **more)


def dispatch(office: Office, firm_id: UUID, channel: str, recipient: Recipient, **values: Any) -> UUID:
    with office.db.firm(firm_id) as session:
        told = Notification(firm_id=firm_id, kind="service", template="test", created_by="tests")
        session.add(told)
        session.flush()
        values = {"state": "attempting", "attempts": 1} | recipient._asdict() | values
        one = Dispatch(firm_id=firm_id, notification_id=told.id, channel=channel, **values)
        session.add(one)
        session.flush()
        return one.id


def state_of(office: Office, dispatch_id: UUID) -> str:
    with office.db.system() as session:
        found = session.scalars(text("SELECT state FROM dispatches WHERE id = :id"), {"id": dispatch_id})
        return str(found.one())
