"""Ethical walls: put up and taken down by admins, enforced by row-level security (`gateway.db.security`)."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.db.models import Client, Partner, Staff, Wall
from gateway.db.paging import Found, Paging, newest
from gateway.domain import audit
from gateway.domain.access import kept_answers
from gateway.domain.audit import Action, Change
from gateway.domain.people.changes import Unfit, unique
from gateway.errors import Forbidden, NotFound
from gateway.office import Acting


class NewWall(NamedTuple):
    """A wall to be put up: around a member of staff, against a client or a partner."""

    staff_id: UUID
    client_id: UUID | None
    partner_id: UUID | None
    reason: str


def look_through(acting: Acting, staff_id: UUID | None, paging: Paging) -> Found[Wall]:
    """Some walls of the firm, or of those around one member of its staff, the newest first."""
    found = select(Wall)
    if staff_id is not None:
        found = found.where(Wall.staff_id == staff_id)
    return newest(acting.session, found, (Wall.created_at, Wall.id), paging)


def find(acting: Acting, wall_id: UUID) -> Wall:
    """One wall of the firm.

    Raises:
        NotFound: the firm has no such wall.
    """
    wall = acting.session.scalar(select(Wall).where(Wall.id == wall_id))
    if wall is None:
        raise NotFound("wall", str(wall_id))
    return wall


def add(acting: Acting, new: NewWall) -> Wall:
    """Put up a wall; it stands for every transaction that begins from now on.

    Raises:
        Unfit: not exactly one of client and partner, or somebody whom the firm does not have.
        Conflict: `wall_exists`.
    """
    if (new.client_id is None) == (new.partner_id is None):
        raise Unfit({"client_id": "A wall stands against a client or against a partner: say one of the two."})
    for model, field in ((Staff, "staff_id"), (Client, "client_id"), (Partner, "partner_id")):
        wanted = getattr(new, field)
        if wanted is not None and acting.session.scalar(select(model.id).where(model.id == wanted)) is None:
            raise Unfit({field: "The firm has none of this id."})
    wall = Wall(firm_id=acting.firm_id, created_by=acting.actor.name, **new._asdict())
    with unique(acting.session, "wall_exists", "This wall stands already."):
        acting.session.add(wall)
    kept_answers.forget(acting, new.staff_id)  # they may show what is behind it
    _note(acting, wall, "wall.add", "created")
    return wall


def remove(acting: Acting, wall_id: UUID) -> None:
    """Take down a wall.

    Raises:
        NotFound: the firm has no such wall.
        Forbidden: `own_wall`, to whoever stands behind it.
    """
    wall = find(acting, wall_id)
    if wall.staff_id == acting.actor.id:
        raise Forbidden("own_wall", "A wall around you is for another admin to take down.")
    _note(acting, wall, "wall.remove", "removed")
    acting.session.delete(wall)


def screens(session: Session, partner_id: UUID) -> bool:
    """Whether whoever the session works for is walled off from one of a partner's people.

    What names people of that partner without saying whose row is whose must not be shown to them then.
    """
    screened = session.scalars(select(func.screened_partners())).all()
    return partner_id in screened


def _note(acting: Acting, wall: Wall, action: Action, what: str) -> None:
    sides = {name: str(value) for name in ("staff_id", "client_id", "partner_id") if (value := getattr(wall, name))}
    told = Change("wall", wall.id, what, **{"new" if what == "created" else "old": sides | {"reason": wall.reason}})
    audit.record(acting, action, client_id=wall.client_id, changes=[told])
