"""How things stand at places, for people: what was seen, what waits and why, what fails."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import func, select

from gateway.db.models import Partner, Place, PlaceFile
from gateway.domain.access.accounts import firm_ids
from gateway.domain.partners.homes import Home, home_of, in_sight
from gateway.domain.upkeep.checks import Check
from gateway.office import Acting, Actor, Office
from ingest.arrivals import polling, seeking

MOST_WAITING = 100  # files that are told of one place

_NAMED = 5  # places in a sentence
_AGREE = "Agree on a done-file, a rename or a trailer with the partner (docs/arrivals.md); a slow upload may be halved."


class WaitingFile(Struct, frozen=True, kw_only=True):
    """A file that was seen and not taken."""

    name: str
    size: int
    first_seen_at: datetime
    why: str


class PlaceStanding(Struct, frozen=True, kw_only=True):
    """One place of a partner.

    Attributes:
        listed: files that lay there at the last look, ours or not.
        taken: files taken from there since it is known.
        waiting: those that wait, the oldest first, at most 100.
        failures: looks in a row that did not come through; `error` says why the last did not.
        due_at: when it is looked at again; None for one at a name for examples (.example), which no clock looks at.
    """

    id: UUID
    partner: str
    via: str
    place: str
    looked_at: datetime | None
    due_at: datetime | None
    listed: int
    taken: int
    waiting_count: int
    waiting: list[WaitingFile]
    failures: int
    failing_since: datetime | None
    error: str | None


def status(acting: Acting, partner: str | None = None) -> list[PlaceStanding]:
    """How it stands with each place that is in force and in the actor's sight.

    Raises:
        NotFound: there is no such partner in the actor's sight.
    """
    query = in_sight(acting, select(Place), Place.partner_id).where(Place.in_force)
    if partner is not None:
        query = query.where(Place.partner_id == home_of(acting, partner).partner_id)
    found = acting.session.scalars(query.order_by(Place.partner_id, Place.place)).all()
    active = select(Partner.id, Partner.slug).where(Partner.status == "active")
    slugs = {row.id: row.slug for row in acting.session.execute(active)}
    return [_standing(acting, place, slugs[place.partner_id]) for place in found if place.partner_id in slugs]


def status_anywhere(office: Office, actor: Actor, partner: str | None = None) -> list[PlaceStanding]:
    """The same across firms, for whoever runs the installation."""
    for home in every_partner(office):
        polling.known(office, home)  # settings may name places that nobody has looked at yet
    found = []
    for firm_id in firm_ids(office):
        with office.acting(firm_id, actor) as acting:
            found += status(acting)
    return [one for one in found if partner in {None, one.partner}]


def check(office: Office) -> Check:
    """What doctor says of places: those that fail, and those where half a file may be taken for a whole one."""
    found = [(home, one) for home in every_partner(office) for _, one in polling.known(office, home)]
    patient = [f"{home.slug} ({one.place})" for home, one in found if one.spec.needs_patience]
    with office.db.system() as session:
        failing = session.scalars(select(Place.place).where(Place.in_force, Place.failures >= polling.ALARMING)).all()
    told, todo = [], []
    if failing:
        told.append(f"{len(failing)} of {len(found)} cannot be looked at: {', '.join(failing[:_NAMED])}.")
        todo.append("gateway arrivals status says why, gateway partner ping P what works.")
    if patient:
        more = f", and {len(patient) - _NAMED} more" if len(patient) > _NAMED else ""
        told.append(f"Only a size that stands still says when a file is whole: {', '.join(patient[:_NAMED])}{more}.")
        todo.append(_AGREE)
    if told:
        return Check("places", "warning", " ".join(told), " ".join(todo))
    return Check("places", "ok", f"{len(found)} are looked at." if found else "No partner's settings name one.")


def every_partner(office: Office) -> list[Home]:
    """All active partners of the installation."""
    with office.db.system() as session:
        return seeking.partners(session)


def _standing(acting: Acting, place: Place, slug: str) -> PlaceStanding:
    session, here = acting.session, PlaceFile.place_id == place.id
    waits = here & PlaceFile.waits.is_not(None)
    waiting = session.scalars(select(PlaceFile).where(waits).order_by(PlaceFile.first_seen_at).limit(MOST_WAITING))
    return PlaceStanding(
        id=place.id,
        partner=slug,
        via=place.via,
        place=place.place,
        looked_at=place.looked_at,
        due_at=place.due_at,
        listed=place.listed,
        taken=session.scalar(select(func.coalesce(func.sum(PlaceFile.turn), 0)).where(here)) or 0,
        waiting_count=session.scalar(select(func.count()).where(waits)) or 0,
        waiting=[
            WaitingFile(name=one.name, size=one.size, first_seen_at=one.first_seen_at, why=str(one.waits))
            for one in waiting
        ],
        failures=place.failures,
        failing_since=place.failing_since,
        error=place.error,
    )
