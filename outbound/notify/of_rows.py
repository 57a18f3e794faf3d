"""Has the partner's people told of rows that could not be taken, with a link under which they put them right."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import LOADED_STATES, File, Import, Partner
from gateway.domain.links import repairs, returned
from gateway.errors import Conflict
from gateway.events import Event, EventRef, ImportEnded
from gateway.jobs.subscriptions import Subscription
from gateway.office import Acting, Actor, Office
from outbound.notify.channels.base import Recipient
from outbound.notify.posting import New, To, post
from outbound.notify.templates.shapes import OfRejectedRows

_BY = "email"
_SYSTEM = Actor("system", "notices")


def act(office: Office, session: Session, event: Event) -> None:
    """Tell of each file once: its number is the notification's key."""
    if not isinstance(event, ImportEnded) or event.import_id is None or event.state not in LOADED_STATES:
        return
    partner = session.scalars(select(Partner).where(Partner.id == event.partner_id)).one()
    found = session.get_one(Import, (partner.firm_id, event.import_id))
    if session.get_one(File, (partner.firm_id, found.file_id)).destroyed_at is not None:
        return  # and its rejected rows with it
    is_wanted = partner.contacts.get(repairs.CONTACT) and repairs.are_on(session, partner.firm_id)
    if found.counts["rows"]["rejected"] and is_wanted:
        _tell(Acting(office, session, partner.firm_id, _SYSTEM), found, partner, f"watch/event/{event.seq}")


def send_link(acting: Acting, import_id: UUID, partner_id: UUID) -> None:
    """Have the partner's people sent another link to the rejected rows of an import; earlier ones end.

    Raises:
        Conflict: `nobody_to_tell`, the partner's settings name no contact; `nothing_rejected`, or all of it was sent
            again; `links_off`.
    """
    partner = acting.session.get_one(Partner, (acting.firm_id, partner_id))
    found = acting.session.get_one(Import, (acting.firm_id, import_id))
    if not partner.contacts.get(repairs.CONTACT):
        told = f"The settings of {partner.slug} name nobody under contacts.{repairs.CONTACT}; add somebody there."
        raise Conflict("nobody_to_tell", told)
    if found.state not in LOADED_STATES or not found.counts["rows"]["rejected"]:
        raise Conflict("nothing_rejected", "No row of this file was rejected.")
    if not returned.number_left(acting.session, import_id):
        raise Conflict("nothing_rejected", "All rejected rows of this file were repaired and sent already.")
    _tell(acting, found, partner, None)


def _tell(acting: Acting, found: Import, partner: Partner, key: str | None) -> None:
    link, address = repairs.make(acting, found.id, partner.id)
    file = acting.session.get_one(File, (acting.firm_id, found.file_id))
    rows = found.counts["rows"]
    data = OfRejectedRows(
        partner=partner.name,
        file=file.name,
        rejected=returned.number_left(acting.session, found.id),
        loaded=rows["created"] + rows["updated"] + rows["unchanged"],
        until=clock.day_in(partner.time_zone, link.expires_at),
        address=address,
    )
    to = [To(Recipient(partner_id=partner.id, contact=repairs.CONTACT), _BY)]
    new = New(kind="watch", template="rows_rejected", data=data, to=to, key=key, partner_id=partner.id)
    post(acting.office, acting.session, acting.firm_id, new)


def _concerns(session: Session, told: EventRef) -> bool:
    """Whether the partner's settings name anybody; asked with every end of an import, within it."""
    contacts = Partner.contacts[repairs.CONTACT]
    named = select(Partner.id).where(Partner.id == told.partner_id, func.jsonb_array_length(contacts) > 0)
    return session.scalar(named) is not None


SUBSCRIPTIONS = (Subscription("rows", "normal", (ImportEnded,), act, concerns=_concerns),)
