"""Those who work at the firm: let in, given a role or another password, signed out, let in no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from gateway.db.models.firms import STAFF_ROLES
from gateway.domain.access import accounts
from gateway.errors import Conflict, Faulty
from gateway.web.api.staff import NewStaff, PasswordMade, RoleChange, StaffMade, StaffView, added, password_made
from gateway.web.calls import Call, may
from gateway.web.console.admin.parts import page
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk
from gateway.web.idempotency import answered
from gateway.web.pages import Cursor, page_of, paging

SAID = {
    "staff-role": "The role is changed. It counts from their next request on.",
    "staff-out": "They are let in no more, and signed out everywhere.",
    "staff-in": "They are let in again, with the role and the password of then.",
    "staff-signed-out": "They are signed out everywhere, and may sign in again.",
}
SHOWN = 50
NOTHING: Mapping[str, str] = {}
Which = Annotated[Literal["in", "out", ""] | None, QueryParameter(name="which")]  # empty: as a form says "all"


@get("/admin/staff", sync_to_thread=True, **may("staff.manage"))
def browse(
    call: NamedDependency[Call], desk: NamedDependency[Desk], which: Which = None, cursor: Cursor = None
) -> Response[str]:
    """List the staff, those who joined last first."""
    return _list(call, desk, which, cursor)


def _list(
    call: Call,
    desk: Desk,
    which: str | None = None,
    cursor: str | None = None,
    **told: Any,  # noqa: ANN401 - a template's
) -> Response[str]:
    active = {"in": True, "out": False}.get(which or "")
    with call.acting() as acting:
        found = page_of(accounts.staff_listed(acting, paging(cursor, SHOWN), active=active), StaffView.of, SHOWN)
        after = {"which": which or "", "cursor": found.pagination.next_cursor}
        return page(
            acting,
            desk,
            "admin_staff.html",
            **{"made": None} | told,
            found=found.data,
            which=which,
            following=f"/admin/staff?{urlencode(after)}" if after["cursor"] else None,
            roles=STAFF_ROLES,
        )


@post("/admin/staff", sync_to_thread=True, **takes_form("staff.manage"))
def let_in(form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[Any]:
    """Let somebody in; this page alone shows the first password, and shows it again when it is loaded again."""
    try:
        made = answered(added(form.read(NewStaff), form.keyed(call)), StaffMade)
    except Faulty as problem:
        return _list(call, desk, filled=form.fields, errors=problem.faults)
    except Conflict as problem:
        return _list(call, desk, status=409, filled=form.fields, errors={"email": problem.sentence})
    return _list(call, desk, made=made)


@get("/admin/staff/{staff_id:uuid}", sync_to_thread=True, **may("staff.manage"))
def look(staff_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show one of them."""
    return _one(call, desk, staff_id)


def _one(call: Call, desk: Desk, staff_id: UUID, **told: Any) -> Response[str]:  # noqa: ANN401 - a template's
    with call.acting() as acting:
        one = StaffView.of(accounts.member(acting, staff_id))
        return page(
            acting,
            desk,
            "admin_member.html",
            **{"password": None} | told,
            one=one,
            is_oneself=one.id == call.who.id,
            roles=STAFF_ROLES,
        )


@post("/admin/staff/{staff_id:uuid}/role", sync_to_thread=True, **takes_form("staff.manage"))
def give_role(
    staff_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Give somebody another role."""
    try:
        role = form.read(RoleChange).role
        with call.acting() as acting:
            accounts.change_role(acting, accounts.member(acting, staff_id), role)
    except Faulty as problem:
        return _one(call, desk, staff_id, errors=problem.faults)
    except Conflict as problem:
        return _one(call, desk, staff_id, status=409, filled=form.fields, errors={"role": problem.sentence})
    return desk.on_to(f"/admin/staff/{staff_id}", "staff-role")


@post("/admin/staff/{staff_id:uuid}/let-out", sync_to_thread=True, **takes_form("staff.manage"))
def let_out(
    staff_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Let somebody in no more."""
    try:
        with call.acting() as acting:
            accounts.deactivate_staff(acting, accounts.member(acting, staff_id))
    except Conflict as problem:
        return _one(call, desk, staff_id, status=409, errors={"let-out": problem.sentence})
    return desk.on_to(f"/admin/staff/{staff_id}", "staff-out")


@post("/admin/staff/{staff_id:uuid}/let-in", sync_to_thread=True, **takes_form("staff.manage"))
def let_in_again(
    staff_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Let somebody in again."""
    with call.acting() as acting:
        accounts.reactivate_staff(acting, accounts.member(acting, staff_id))
    return desk.on_to(f"/admin/staff/{staff_id}", "staff-in")


@post("/admin/staff/{staff_id:uuid}/password", sync_to_thread=True, **takes_form("staff.manage"))
def make_password(
    staff_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Make another password for somebody; this page alone shows it, and shows it again when it is loaded again."""
    made = answered(password_made(staff_id, form.keyed(call)), PasswordMade)
    return _one(call, desk, staff_id, password=made.password)


@post("/admin/staff/{staff_id:uuid}/sign-out", sync_to_thread=True, **takes_form("staff.manage"))
def sign_out(
    staff_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Sign somebody out everywhere."""
    with call.acting() as acting:
        accounts.sign_staff_out(acting, accounts.member(acting, staff_id))
    return desk.on_to(f"/admin/staff/{staff_id}", "staff-signed-out")


HANDLERS = (browse, let_in, look, give_role, let_out, let_in_again, make_password, sign_out)
