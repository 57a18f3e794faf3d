"""Puts parcels on their lines: rows in the transaction that makes them necessary, in the order in which it commits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway.db.models import DeliveryLine, Parcel
from gateway.domain.partners.homes import Home


class Cause(NamedTuple):
    """What makes a parcel necessary; see the model."""

    cause: str
    due_at: datetime | None = None
    import_id: UUID | None = None
    event_seq: int | None = None
    part: int = 0


def line_of(session: Session, home: Home, name: str) -> DeliveryLine:
    """The line of a delivery, made where it is missing; nobody else changes it before the transaction ends."""
    new = {"firm_id": home.firm_id, "partner_id": home.partner_id, "name": name}
    session.execute(insert(DeliveryLine).values(new).on_conflict_do_nothing())
    mine = select(DeliveryLine).where(DeliveryLine.partner_id == home.partner_id, DeliveryLine.name == name)
    return session.scalars(mine.with_for_update().execution_options(populate_existing=True)).one()


def add(session: Session, line: DeliveryLine, causes: Iterable[Cause]) -> None:
    """Have parcels wait on a line, behind all that wait there; the caller has locked it (`line_of`).

    Ids are drawn under the lock, and kept growing where the clock goes back: by them parcels leave in order.
    """
    for one in causes:
        drawn = session.scalars(select(func.uuidv7())).one()
        line.last_id = UUID(int=max(drawn.int, line.last_id.int + 1)) if line.last_id else drawn
        told = one._asdict()
        session.add(Parcel(firm_id=line.firm_id, id=line.last_id, partner_id=line.partner_id, line_id=line.id, **told))
    session.flush()
