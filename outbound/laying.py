"""Lays parcels into the outbox of a partner: a copy of its own, for the outbox deletes what it holds one day."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from gateway.db.models import OutboxFile
from gateway.domain.partners import outbox
from gateway.domain.partners.homes import Home
from gateway.office import Actor, Office
from outbound.carriers.base import Parcel

_ME = Actor("system", "deliveries")


def lay_out(office: Office, home: Home, parcel: Parcel) -> UUID:
    """The parcel's id in the outbox. A worker may have died after it lay there: it does not come to lie there twice."""
    key = f"{home.firm_id}/{home.slug}/outbox/{parcel.id}"
    lying = select(OutboxFile.id).where(OutboxFile.storage_key == key)
    with office.acting(home.firm_id, _ME) as acting:
        if (known := acting.session.scalar(lying)) is not None:
            return known
        cipher = acting.cipher
    office.store.put(key, parcel.chunks(), cipher)
    told = (parcel.name, key, parcel.size, parcel.sha256, parcel.media_type)
    with office.acting(home.firm_id, _ME) as acting:
        return outbox.put(acting, home.partner_id, *told)
