"""Leaves an import to a worker, in the transaction that makes it necessary."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from gateway.domain.partners import Home
from gateway.jobs.ledger import enqueue


def queue_run(session: Session, home: Home, import_id: UUID) -> None:
    """Have a worker take this import to its end. A second job for it finds nothing left to do."""
    _queue(session, "ingest.run", home, import_id)


def queue_receipts(session: Session, home: Home, import_id: UUID) -> None:
    """Have a worker write the partner's missing receipts, of this import among them."""
    _queue(session, "ingest.receipts", home, import_id)


def _queue(session: Session, kind: str, home: Home, import_id: UUID) -> None:
    """One at a time for a partner: its files are taken in order, and two must not write the same receipt at once."""
    payload = {"import_id": import_id}
    enqueue(session, kind, payload, firm_id=home.firm_id, lane=str(home.partner_id), about=import_id)
