"""What words need of the rooms of the domain: the papers that a dispatch tells, and addresses that act when pressed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from gateway.db.models.links import Act
from gateway.domain.expiry import items
from gateway.domain.expiry.items import Item
from gateway.domain.links import actions
from gateway.domain.links.actions import Offer
from gateway.office import Office


def papers(session: Session, dispatch_id: UUID) -> list[Item]:
    """What a dispatch tells, as of now; nothing that is no longer true."""
    return items.items(session, dispatch_id)


def offers(
    office: Office, session: Session, firm_id: UUID, wanted: Iterable[Offer]
) -> Mapping[tuple[UUID, UUID | None], Mapping[Act, str]]:
    """For each dispatch, or notice of one, an address for each act, which acts once its recipient presses there."""
    return actions.offers_of(office, session, firm_id, wanted)
