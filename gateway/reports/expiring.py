"""What expires next of somebody's documents, as a part of other queries."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import InstrumentedAttribute

from gateway.db.models import Document


def next_expiry(
    firm_id: InstrumentedAttribute[UUID], client_id: InstrumentedAttribute[UUID | None] | InstrumentedAttribute[UUID]
) -> ScalarSelect[date | None]:
    """The first day on which a current document of the person expires, days that have passed included.

    By person, each from the index of documents: of a few cases it must not look at all documents of the firm.
    """
    first = select(func.min(Document.expires_on))
    theirs = first.where(Document.firm_id == firm_id, Document.client_id == client_id, Document.status == "current")
    return theirs.scalar_subquery()
