"""Ethical walls: whom which member of the staff must not see; raised and lifted."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from gateway.db.paging import Paging
from gateway.domain.access import accounts
from gateway.domain.partners import homes
from gateway.domain.people import walls
from gateway.errors import Conflict, Faulty
from gateway.web.api.walls import NewWall, WallView, added
from gateway.web.calls import Call, may
from gateway.web.console.admin.parts import page
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk
from gateway.web.pages import Cursor, page_of, paging

SAID = {
    "wall-raised": "The wall stands, from their next request on.",
    "wall-lifted": "The wall is lifted.",
}
SHOWN = 50
_MOST_PARTNERS = 1_000  # to choose from
Around = Annotated[UUID | None, QueryParameter(name="staff")]
Against = Annotated[UUID | None, QueryParameter(name="client")]


@get("/admin/walls", sync_to_thread=True, **may("walls.manage"))
def browse(
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    around: Around = None,
    against: Against = None,
    cursor: Cursor = None,
) -> Response[str]:
    """List them, the newest first; whoever comes from a client's page finds the client filled in."""
    return _list(call, desk, around, cursor, filled={"client_id": str(against)} if against else {})


def _list(
    call: Call,
    desk: Desk,
    around: UUID | None = None,
    cursor: str | None = None,
    **told: Any,  # noqa: ANN401 - a template's
) -> Response[str]:
    with call.acting() as acting:
        found = page_of(walls.look_through(acting, around, paging(cursor, SHOWN)), WallView.of, SHOWN)
        after = {"staff": around, "cursor": found.pagination.next_cursor}
        asked = urlencode({name: value for name, value in after.items() if value})
        return page(
            acting,
            desk,
            "admin_walls.html",
            **told,
            found=found.data,
            around=around,
            following=f"/admin/walls?{asked}" if after["cursor"] else None,
            staff={one.id: one for one in accounts.everybody(acting)},
            partners={one.id: one.slug for one in homes.listed(acting, Paging(_MOST_PARTNERS)).rows},
            oneself=call.who.id,
        )


@post("/admin/walls", sync_to_thread=True, **takes_form("walls.manage"))
def put_up(form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[Any]:
    """Raise one."""
    try:
        added(form.read(NewWall), form.keyed(call))
    except Faulty as problem:
        return _list(call, desk, filled=form.fields, errors=problem.faults)
    except Conflict as problem:
        return _list(call, desk, status=409, filled=form.fields, errors={"staff_id": problem.sentence})
    return desk.on_to("/admin/walls", "wall-raised")


@post("/admin/walls/{wall_id:uuid}/lift", sync_to_thread=True, **takes_form("walls.manage"))
def take_down(
    wall_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Lift one."""
    with call.acting() as acting:
        walls.remove(acting, wall_id)
    return desk.on_to("/admin/walls", "wall-lifted")


HANDLERS = (browse, put_up, take_down)
