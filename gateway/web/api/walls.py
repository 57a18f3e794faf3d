"""Ethical walls: whom which member of staff must not see."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct
from sqlalchemy.orm import Session

from gateway.db.models import Wall
from gateway.domain.people import walls
from gateway.web.calls import Call, may
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page
from gateway.web.texts import Text, Total

ByStaff = Annotated[UUID | None, QueryParameter(description="Around this member of staff only.")]


class WallView(Struct, frozen=True, kw_only=True):
    """A wall around a member of staff, against a client or a partner with all its people."""

    id: UUID
    staff_id: UUID
    client_id: UUID | None
    partner_id: UUID | None
    reason: str
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, wall: Wall) -> WallView:
        """A wall as admins see it."""
        return cls(**{name: getattr(wall, name) for name in cls.__struct_fields__})


class NewWall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wall to be put up; against exactly one of client and partner."""

    staff_id: UUID
    client_id: UUID | None = None
    partner_id: UUID | None = None
    reason: Text


@get("/", sync_to_thread=True, **may("walls.manage"))
def list_walls(
    call: NamedDependency[Call],
    staff: ByStaff = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    total: Total = False,
) -> Page[WallView]:
    """List ethical walls, the newest first."""
    with call.firm() as session:
        order = (Wall.created_at, Wall.id)
        query = walls.listed(staff_id=staff)
        return page(session, query, order, WallView.of, cursor=cursor, limit=limit, total=total)


@post("/", sync_to_thread=True, **may("walls.manage"))
def add_wall(call: NamedDependency[Call], data: JSONBody[NewWall]) -> Response[WallView]:
    """Put up a wall: from the next request on, what is behind it does not exist for that member of staff."""
    with call.firm() as session:
        return once(session, call, data, lambda: _added(session, call, data))


def _added(session: Session, call: Call, data: NewWall) -> Response[WallView]:
    new = walls.NewWall(data.staff_id, data.client_id, data.partner_id, data.reason)
    wall = walls.add(session, call.who.firm_id, new, call.actor)
    return Response(WallView.of(wall), headers={"Location": f"/v1/walls/{wall.id}"})


@get("/{wall_id:uuid}", sync_to_thread=True, **may("walls.manage"))
def get_wall(wall_id: FromPath[UUID], call: NamedDependency[Call]) -> WallView:
    """Show one wall."""
    with call.firm() as session:
        return WallView.of(walls.find(session, wall_id))


@delete("/{wall_id:uuid}", sync_to_thread=True, **may("walls.manage"))
def remove_wall(wall_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Take down a wall; nobody takes down one around themselves."""
    with call.firm() as session:
        walls.remove(session, wall_id, call.actor)


router = Router("/walls", route_handlers=[list_walls, add_wall, get_wall, remove_wall], tags=["walls"])
