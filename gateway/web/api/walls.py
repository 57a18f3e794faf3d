"""Ethical walls: whom which member of staff must not see."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct

from gateway.db.models import Wall
from gateway.domain.people import walls
from gateway.office import Acting
from gateway.web.calls import Call, may
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
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
    with call.acting() as acting:
        return page_of(walls.look_through(acting, staff, paging(cursor, limit, total=total)), WallView.of, limit)


@post("/", sync_to_thread=True, **may("walls.manage"))
def add_wall(call: NamedDependency[Call], data: JSONBody[NewWall]) -> Response[WallView]:
    """Put up a wall: from the next request on, what is behind it does not exist for that member of staff."""
    return added(data, call)


def added(data: NewWall, call: Call) -> Response[WallView]:
    """A new wall, or the one that the caller put up with this key before.

    Raises:
        Unfit: as `walls.add`.
        Conflict: as `walls.add`, and as `once`.
        Invalid: as `once`.
    """
    with call.acting() as acting:
        return once(acting, call, data, lambda: _added(acting, data))


def _added(acting: Acting, data: NewWall) -> Response[WallView]:
    wall = walls.add(acting, walls.NewWall(data.staff_id, data.client_id, data.partner_id, data.reason))
    return Response(WallView.of(wall), headers={"Location": f"/v1/walls/{wall.id}"})


@get("/{wall_id:uuid}", sync_to_thread=True, **may("walls.manage"))
def get_wall(wall_id: FromPath[UUID], call: NamedDependency[Call]) -> WallView:
    """Show one wall."""
    with call.acting() as acting:
        return WallView.of(walls.find(acting, wall_id))


@delete("/{wall_id:uuid}", sync_to_thread=True, **may("walls.manage"))
def remove_wall(wall_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Take down a wall; nobody takes down one around themselves."""
    with call.acting() as acting:
        walls.remove(acting, wall_id)


router = Router("/walls", route_handlers=[list_walls, add_wall, get_wall, remove_wall], tags=["walls"])
