"""Puts notifications on record that are of no paper, with a dispatch for each recipient and channel: all, or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Dispatch, Notification
from gateway.office import Office
from outbound.notify import sending
from outbound.notify.channels.base import Recipient
from outbound.notify.given import sealed
from outbound.notify.templates.shapes import Shape


class To(NamedTuple):
    """One dispatch to be."""

    recipient: Recipient
    channel: str


class New(Struct, frozen=True, kw_only=True):
    """A notification to be; see the model.

    Attributes:
        to: nobody twice by the same channel.
        not_before: nothing leaves earlier.
    """

    kind: str
    template: str
    data: Shape
    to: Sequence[To]
    priority: str = "normal"
    key: str | None = None
    partner_id: UUID | None = None
    created_by: str = "system"
    not_before: datetime | None = None


def post(office: Office, session: Session, firm_id: UUID, new: New) -> UUID | None:
    """Put it on record in the caller's transaction; None where its key is taken.

    Args:
        office: whose key seals what it says.
        session: of the firm.
        firm_id: whose.
        new: with at least one dispatch.
    """
    row = {
        "firm_id": firm_id,
        "kind": new.kind,
        "template": new.template,
        "priority": new.priority,
        "key": new.key,
        "partner_id": new.partner_id,
        "data": sealed(office.cipher(session, firm_id), new.data),
        "created_by": new.created_by,
    }
    made: UUID | None = session.scalar(
        insert(Notification).values(row).on_conflict_do_nothing().returning(Notification.id)
    )
    if made is not None:
        at = new.not_before or clock.now()
        common = {"firm_id": firm_id, "notification_id": made, "not_before": at}
        rows = [common | one.recipient._asdict() | {"channel": one.channel} for one in new.to]
        session.execute(plain_insert(Dispatch), rows)
        sending.wake(session, firm_id)
    return made
