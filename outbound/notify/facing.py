"""What words need of the rooms of the domain: the papers that a dispatch tells, and addresses that act when pressed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from gateway.db.models.links import Act
from gateway.domain.expiry import items
from gateway.domain.expiry.items import Item
from gateway.domain.links import actions
from gateway.office import Office
from outbound.notify.channels.base import Recipient


def papers(session: Session, dispatch_id: UUID) -> list[Item]:
    """What a dispatch tells, as of now; nothing that is no longer true."""
    return items.items(session, dispatch_id)


def offers(
    office: Office, session: Session, firm_id: UUID, wanted: Iterable[tuple[UUID, Recipient, Sequence[Act]]]
) -> Mapping[UUID, Mapping[Act, str]]:
    """For each dispatch an address for each act, which acts for the recipient once somebody presses there."""
    return actions.offers_of(office, session, firm_id, wanted)
