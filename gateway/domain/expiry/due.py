"""Papers of one firm that end soon, as people of the firm look at them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, func, select, true

from gateway import clock
from gateway.db.models import Client, Document, Firm, Notice, Partner
from gateway.domain import audit
from gateway.domain.expiry.standing import TOLD_AFTER
from gateway.domain.people.naming import name_of
from gateway.office import Acting


class Due(Struct, frozen=True, kw_only=True):
    """A paper that ends.

    Attributes:
        days_left: negative once it has ended.
        name: whose it is, as far as the firm knows it.
        lead: the lead time of which somebody was last told, or is to be told; None before the first.
        waiting: as whom people are to be told who have not been.
    """

    document_id: UUID
    client_id: UUID
    partner: str
    name: str
    doc_type: str
    expires_on: date
    days_left: int
    lead: int | None
    waiting: list[str]


def within(acting: Acting, days: int, people: Collection[UUID] | None = None) -> list[Due]:
    """The papers that end between a month ago and so many days from today, the first first; looking is on record.

    Of people whom the firm still looks after, or of these among them; their own days are those of the firm's zone.
    """
    zone = acting.session.scalars(select(Firm.time_zone)).one()
    today = clock.day_in(zone, clock.now())
    told = and_(Notice.document_id == Document.id, Notice.expires_on == Document.expires_on)
    waiting = func.array_agg(Notice.role.distinct()).filter(Notice.state == "waiting")
    lead = func.min(Notice.lead).filter(Notice.state != "cancelled")
    found = (
        select(Document, Client, Partner.slug, lead, waiting)
        .join(Client, Client.id == Document.client_id)
        .join(Partner, Partner.id == Client.partner_id)
        .outerjoin(Notice, told)
        .where(Document.status == "current", *looked_after(today))
        .where(Document.expires_on.between(today - timedelta(days=TOLD_AFTER), today + timedelta(days=days)))
        .where(true() if people is None else Client.id.in_(people))
        .group_by(Document.firm_id, Document.id, Client.firm_id, Client.id, Partner.slug)
        .order_by(Document.expires_on, Document.id)
    )
    rows = acting.session.execute(found).all()
    audit.seen(
        acting, "document.list", [one for row in rows for one in (("document", row[0].id), ("client", row[1].id))]
    )
    return [_due(today, *row) for row in rows]


def looked_after(today: date) -> tuple[ColumnElement[bool], ...]:
    """Of clients: that the firm still looks after them, on a day of its own."""
    stays = Client.termination_date.is_(None) | (Client.termination_date >= today)
    return (Client.status == "active", Client.enrollment_status == "active", Client.erased_at.is_(None), stays)


def _due(
    today: date, document: Document, client: Client, partner: str, lead: int | None, waiting: Sequence[str] | None
) -> Due:
    ends = document.expires_on or today
    return Due(
        document_id=document.id,
        client_id=client.id,
        partner=partner,
        name=name_of(client),
        doc_type=document.doc_type,
        expires_on=ends,
        days_left=(ends - today).days,
        lead=lead,
        waiting=sorted(waiting or ()),
    )
