"""Deliveries as people see them: lines and parcels looked at, replayed, resumed, and tried out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select, update

from gateway.config import nearest
from gateway.db.ids import the_one
from gateway.db.models import DeliveryLine, Parcel, ParcelAttempt, Partner
from gateway.db.models.deliveries import ParcelState
from gateway.db.paging import Found, Paging, newest
from gateway.domain.audit import Change, record
from gateway.domain.partners.homes import Home, home_of, in_sight
from gateway.errors import Gone, Missing, NotFound, Problem
from gateway.office import Acting, Actor, Office
from outbound import ladder, pgp
from outbound.carriers import CARRIERS
from outbound.carrying import queue, sender_for
from outbound.deliveries import Delivery, settled
from outbound.making import sealing

_WHY = {
    ladder.CLOSED: "The other side answered that it wants nothing more (410 Gone).",
    ladder.UNREACHABLE: f"It could not be reached for {ladder.PATIENCE.days} days.",
    ladder.UNSETTLED: "The partner's settings in force have no delivery of this name.",
}
_EXAMPLE = "Its host has a name for examples (.example), which leads nowhere: what waits is kept, and not sent."


class ParcelFilter(NamedTuple):
    """Which parcels somebody asks for; what is None does not matter."""

    partner: str | None = None
    delivery: str | None = None
    state: ParcelState | None = None


class LineAccount(NamedTuple):
    """A line as it stands.

    Attributes:
        waiting: parcels that have not left.
        refused: those of them that were declined, or could not be made, and are tried again.
        oldest: since when the first of them waits.
        sent: when a parcel last arrived.
        why: why nothing is sent, though the line does not fail, as a sentence; None where something is.
    """

    line: DeliveryLine
    partner: str
    waiting: int
    refused: int
    oldest: datetime | None
    sent: datetime | None
    why: str | None


class ParcelAccount(NamedTuple):
    """A parcel, the names of its delivery and its partner, and the attempts at it, the first one first."""

    parcel: Parcel
    delivery: str
    partner: str
    attempts: Sequence[ParcelAttempt] = ()


class Trial(NamedTuple):
    """What became of trying a carrier out: a sentence for each step, and what was wrong at the first that failed."""

    steps: list[str]
    code: str | None = None
    problem: str | None = None


# ------------------------------------------------------------------------------------------------ looking


def lines(acting: Acting, partner: str | None) -> list[LineAccount]:
    """The lines in the actor's sight, by partner and name; of one partner alone, where its slug is given."""
    refused = func.count().filter(Parcel.steps > 0).label("refused")
    waiting = (
        select(Parcel.line_id, func.count().label("number"), refused, func.min(Parcel.created_at).label("oldest"))
        .where(Parcel.state == "waiting")
        .group_by(Parcel.line_id)
        .subquery()
    )
    sent = select(func.max(Parcel.ended_at)).where(Parcel.line_id == DeliveryLine.id, Parcel.state == "sent")
    query = (
        select(
            DeliveryLine, Partner.slug, waiting.c.number, waiting.c.refused, waiting.c.oldest, sent.scalar_subquery()
        )
        .join(Partner, Partner.id == DeliveryLine.partner_id)
        .outerjoin(waiting, waiting.c.line_id == DeliveryLine.id)
        .order_by(Partner.slug, DeliveryLine.name)
    )
    query = query.where(Partner.slug == partner) if partner else query
    rows = acting.session.execute(in_sight(acting, query, DeliveryLine.partner_id))
    return [
        LineAccount(line, slug, number or 0, again or 0, oldest, last, _why(line))
        for line, slug, number, again, oldest, last in rows
    ]


def look_through(acting: Acting, wanted: ParcelFilter, paging: Paging) -> Found[ParcelAccount]:
    """Parcels in the actor's sight, the newest first."""
    query = in_sight(acting, _wanted(wanted), Parcel.partner_id)
    found = newest(acting.session, query, (Parcel.created_at, Parcel.id), paging)
    names = _names(acting, found.rows)
    return Found([ParcelAccount(one, *names[one.line_id]) for one in found.rows], found.following, found.total)


def show(acting: Acting, parcel_id: UUID) -> ParcelAccount:
    """One parcel, with all attempts at it.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    parcel = _find(acting, parcel_id)
    attempts = select(ParcelAttempt).where(ParcelAttempt.parcel_id == parcel_id).order_by(ParcelAttempt.number)
    told = acting.session.scalars(attempts).all()
    return ParcelAccount(parcel, *_names(acting, [parcel])[parcel.line_id], told)


def find_anywhere(office: Office, wanted: str) -> tuple[UUID, UUID]:
    """The firm and the id of a parcel, by its id or the unique beginning of one, whichever firm's it is.

    Raises:
        NotFound: there is none.
        Invalid: `ambiguous`.
    """
    with office.db.system() as session:
        firm_id, found, _ = the_one(session, select(Parcel.firm_id, Parcel.id), Parcel.id, wanted, "delivery")
    return firm_id, found


# ------------------------------------------------------------------------------------------------ acting


def replay(acting: Acting, parcel_id: UUID) -> ParcelAccount:
    """Send a parcel again, under its id, as soon as those before it on its line have left.

    Raises:
        NotFound: there is none in the actor's sight.
        Gone: `delivery_destroyed`, its bytes were.
    """
    found = _find(acting, parcel_id)
    line = _locked(acting, found.line_id)
    parcel = acting.session.get_one(Parcel, (acting.firm_id, parcel_id), populate_existing=True)
    if parcel.destroyed_at is not None:
        raise Gone("delivery_destroyed", f"What the delivery {parcel_id} held was destroyed; it cannot be sent again.")
    ladder.begin_anew(parcel)
    acting.session.flush()
    queue(acting.session, line)
    record(acting, "delivery.replay", changes=[Change("parcel", parcel_id, "replayed", new={"delivery": line.name})])
    return show(acting, parcel_id)


def replay_since(acting: Acting, partner: str | None, delivery: str, since: datetime) -> int:
    """Send again what a line was given since an instant; how many parcels. What was destroyed is left out.

    Raises:
        NotFound: there is no such line in the actor's sight.
    """
    line = _line(acting, partner, delivery)
    again = update(Parcel).where(
        Parcel.line_id == line.id, Parcel.created_at >= since, Parcel.state != "waiting", Parcel.destroyed_at.is_(None)
    )
    anew = {"state": "waiting", "steps": 0, "next_at": None, "ended_at": None}
    ids = acting.session.scalars(again.values(anew).returning(Parcel.id)).all()
    queue(acting.session, line)
    told = {"delivery": line.name, "since": since.isoformat(), "parcels": len(ids)}
    record(acting, "delivery.replay", changes=[Change("delivery", line.id, "replayed", new=told)])
    return len(ids)


def resume(acting: Acting, partner: str | None, delivery: str) -> int:
    """Send what waits on a line at once, in order, whether it is disabled or only waits; how many parcels wait.

    Raises:
        NotFound: there is no such line in the actor's sight.
    """
    line = _line(acting, partner, delivery)
    ladder.resume(line)
    at_once = update(Parcel).where(Parcel.line_id == line.id, Parcel.state == "waiting").values(next_at=None)
    ids = acting.session.scalars(at_once.returning(Parcel.id)).all()
    queue(acting.session, line)
    told = {"delivery": line.name, "parcels": len(ids)}
    record(acting, "delivery.resume", changes=[Change("delivery", line.id, "resumed", new=told)])
    return len(ids)


def names(office: Office, home: Home) -> list[str]:
    """The deliveries that a partner's settings in force name."""
    with office.db.firm(home.firm_id) as session:
        return list(settled(session, home.partner_id))


def ping(office: Office, firm_id: UUID, actor: Actor, partner: str | None, delivery: str) -> Trial:
    """Try out whether a delivery would arrive, without one.

    Raises:
        NotFound: there is no such partner in the actor's sight.
        Missing: `not_found`, its settings in force have no such delivery.
    """
    with office.acting(firm_id, actor) as acting:
        home = home_of(acting, partner)
        settings = _settled(acting, home, delivery)
        seal, sender = sealing(acting.session, home, settings), sender_for(office, acting.session, home)
        record(acting, "delivery.ping", changes=[Change("delivery", None, "tried", new={"delivery": delivery})])
    carrier = settings.carrier
    try:
        sealed = [pgp.ping(seal, sender)] if seal else []
        return Trial([*sealed, *CARRIERS[type(carrier)].ping(carrier, sender)])
    except Problem as problem:
        return Trial([], problem.code, problem.sentence)


# ------------------------------------------------------------------------------------------------ helpers


def _why(line: DeliveryLine) -> str | None:
    return _WHY.get(line.disabled_code or "") or (_EXAMPLE if line.rests else None)


def _wanted(wanted: ParcelFilter) -> Select[Parcel]:
    query = select(Parcel)
    if wanted.partner is not None:
        owner = select(Partner.id).where(Partner.slug == wanted.partner)
        query = query.where(Parcel.partner_id == owner.scalar_subquery())
    if wanted.delivery is not None:
        named = select(DeliveryLine.id).where(DeliveryLine.name == wanted.delivery)
        query = query.where(Parcel.line_id.in_(named))
    return query.where(Parcel.state == wanted.state) if wanted.state else query


def _names(acting: Acting, parcels: Sequence[Parcel]) -> dict[UUID, tuple[str, str]]:
    """Of the lines of these parcels: how the delivery is called, and the partner."""
    ids = {one.line_id for one in parcels}
    query = select(DeliveryLine.id, DeliveryLine.name, Partner.slug).join(
        Partner, Partner.id == DeliveryLine.partner_id
    )
    return {row.id: (row.name, row.slug) for row in acting.session.execute(query.where(DeliveryLine.id.in_(ids)))}


def _find(acting: Acting, parcel_id: UUID) -> Parcel:
    found = acting.session.scalar(in_sight(acting, select(Parcel).where(Parcel.id == parcel_id), Parcel.partner_id))
    if found is None:
        raise NotFound("delivery", str(parcel_id))
    return found


def _locked(acting: Acting, line_id: UUID) -> DeliveryLine:
    found = select(DeliveryLine).where(DeliveryLine.id == line_id).with_for_update()
    return acting.session.scalars(found, execution_options={"populate_existing": True}).one()


def _line(acting: Acting, partner: str | None, delivery: str) -> DeliveryLine:
    home = home_of(acting, partner)
    mine = select(DeliveryLine.id).where(DeliveryLine.partner_id == home.partner_id, DeliveryLine.name == delivery)
    line_id = acting.session.scalar(mine)
    if line_id is None:
        raise NotFound("delivery on which something was sent", f"{home.slug}/{delivery}")
    return _locked(acting, line_id)


def _settled(acting: Acting, home: Home, delivery: str) -> Delivery:
    known = settled(acting.session, home.partner_id)
    if delivery not in known:
        hint = nearest(delivery, known)
        asked = f" Did you mean {hint!r}?" if hint else ""
        raise Missing("not_found", f"The settings of {home.slug} have no delivery {delivery!r}.{asked}")
    return known[delivery]
