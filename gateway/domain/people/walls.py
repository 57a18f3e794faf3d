"""Ethical walls: put up and taken down by admins, enforced by row-level security (`gateway.db.security`)."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from gateway.db.models import Client, IdempotencyKey, Partner, Staff, Wall
from gateway.domain.audit import Action, Change, write
from gateway.domain.people.changes import Unfit, unique
from gateway.errors import Forbidden, NotFound
from gateway.office import Actor


class NewWall(NamedTuple):
    """A wall to be put up: around a member of staff, against a client or a partner."""

    staff_id: UUID
    client_id: UUID | None
    partner_id: UUID | None
    reason: str


def listed(*, staff_id: UUID | None) -> Select[Wall]:
    """The walls of a firm, or those around one member of its staff."""
    found = select(Wall)
    return found if staff_id is None else found.where(Wall.staff_id == staff_id)


def find(session: Session, wall_id: UUID) -> Wall:
    """One wall of the session's firm.

    Raises:
        NotFound: the firm has no such wall.
    """
    wall = session.scalar(select(Wall).where(Wall.id == wall_id))
    if wall is None:
        raise NotFound("wall", str(wall_id))
    return wall


def add(session: Session, firm_id: UUID, new: NewWall, actor: Actor) -> Wall:
    """Put up a wall; it stands for every transaction that begins from now on.

    Raises:
        Unfit: not exactly one of client and partner, or somebody whom the firm does not have.
        Permanent: `wall_exists`.
    """
    if (new.client_id is None) == (new.partner_id is None):
        raise Unfit({"client_id": "A wall stands against a client or against a partner: say one of the two."})
    for model, field in ((Staff, "staff_id"), (Client, "client_id"), (Partner, "partner_id")):
        wanted = getattr(new, field)
        if wanted is not None and session.scalar(select(model.id).where(model.id == wanted)) is None:
            raise Unfit({field: "The firm has none of this id."})
    wall = Wall(firm_id=firm_id, created_by=actor.name, **new._asdict())
    with unique(session, "wall_exists", "This wall stands already."):
        session.add(wall)
    # answers that were kept for them may show what is behind it
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.caller_id == new.staff_id))
    _note(session, wall, "wall.add", "created", actor)
    return wall


def remove(session: Session, wall_id: UUID, actor: Actor) -> None:
    """Take down a wall.

    Raises:
        NotFound: the firm has no such wall.
        Permanent: `own_wall`, whoever stands behind it.
    """
    wall = find(session, wall_id)
    if wall.staff_id == actor.id:
        raise Forbidden("own_wall", "A wall around you is for another admin to take down.")
    _note(session, wall, "wall.remove", "removed", actor)
    session.delete(wall)


def screens(session: Session, partner_id: UUID) -> bool:
    """Whether whoever the session works for is walled off from one of a partner's people.

    What names people of that partner without saying whose row is whose must not be shown to them then.
    """
    screened = session.scalars(select(func.screened_partners())).all()
    return partner_id in screened


def _note(session: Session, wall: Wall, action: Action, what: str, actor: Actor) -> None:
    sides = {name: str(value) for name in ("staff_id", "client_id", "partner_id") if (value := getattr(wall, name))}
    told = Change("wall", wall.id, what, **{"new" if what == "created" else "old": sides | {"reason": wall.reason}})
    write(session, wall.firm_id, actor, action, client_id=wall.client_id, changes=[told])
