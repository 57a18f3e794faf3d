"""Those who work at a firm, as its admins handle them: let in, given a role, let in no more."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from gateway.db.models import Staff
from gateway.db.models.firms import STAFF_ROLES
from gateway.domain.access import accounts
from gateway.office import Acting
from gateway.web.calls import NO_STORE, Call, may
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.texts import Name

Role = Annotated[Name, Meta(description=f"One of {', '.join(STAFF_ROLES)}.", examples=["paralegal"])]
Active = Annotated[bool | None, QueryParameter(description="Only those who are let in, or only those who are not.")]


class StaffView(Struct, frozen=True, kw_only=True):
    """Somebody who works at the firm, or did; `active`: they are let in."""

    id: UUID
    email: str
    name: str
    role: Role
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, one: Staff) -> StaffView:
        """One of the staff as admins see them."""
        return cls(**{name: getattr(one, name) for name in cls.__struct_fields__})


class StaffMade(StaffView, frozen=True, kw_only=True):
    """Somebody new, with the first password, which is shown now and never again; they should change it."""

    password: str


class PasswordMade(Struct, frozen=True):
    """A new password, which is shown now and never again."""

    password: str


class NewStaff(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be let in."""

    email: Annotated[Name, Meta(examples=["ana@northgate.example"])]
    name: Annotated[Name, Meta(examples=["Ana Li"])]
    role: Role


class RoleChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody may do from now on."""

    role: Role


@get("/", sync_to_thread=True, **may("staff.manage"))
def list_staff(
    call: NamedDependency[Call], active: Active = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[StaffView]:
    """List the staff, those who joined last first."""
    with call.acting() as acting:
        return page_of(accounts.staff_listed(acting, paging(cursor, limit), active=active), StaffView.of, limit)


@post("/", sync_to_thread=True, **may("staff.manage"))
def add_staff(data: JSONBody[NewStaff], call: NamedDependency[Call]) -> Response[StaffMade]:
    """Let somebody in; the answer is the only one that shows the first password, which they should change.

    With an `Idempotency-Key`, the same request shows it again for a day, should the answer have been lost.
    """
    return added(data, call)


def added(data: NewStaff, call: Call) -> Response[StaffMade]:
    """Somebody new, or whom the caller added with this key before.

    Raises:
        Invalid: as `accounts.invite`, and as `once`.
        Conflict: `staff_exists`, and as `once`.
    """
    with call.acting() as acting:
        return once(acting, call, data, lambda: _added(acting, data))


@get("/{staff_id:uuid}", sync_to_thread=True, **may("staff.manage"))
def get_staff(staff_id: FromPath[UUID], call: NamedDependency[Call]) -> StaffView:
    """Show one of the staff."""
    with call.acting() as acting:
        return StaffView.of(accounts.member(acting, staff_id))


@put("/{staff_id:uuid}/role", sync_to_thread=True, **may("staff.manage"))
def change_role(staff_id: FromPath[UUID], data: JSONBody[RoleChange], call: NamedDependency[Call]) -> StaffView:
    """Give somebody another role, from their next request on; 409 `last_admin` for the only admin that there is."""
    with call.acting() as acting:
        one = accounts.member(acting, staff_id)
        accounts.change_role(acting, one, data.role)
        return StaffView.of(one)


@post("/{staff_id:uuid}/deactivations", status_code=200, sync_to_thread=True, **may("staff.manage"))
def deactivate_staff(staff_id: FromPath[UUID], call: NamedDependency[Call]) -> StaffView:
    """Let somebody in no more, at once; what they did stays. 409 `last_admin` for the only admin that there is."""
    with call.acting() as acting:
        one = accounts.member(acting, staff_id)
        accounts.deactivate_staff(acting, one)
        return StaffView.of(one)


@post("/{staff_id:uuid}/reactivations", status_code=200, sync_to_thread=True, **may("staff.manage"))
def reactivate_staff(staff_id: FromPath[UUID], call: NamedDependency[Call]) -> StaffView:
    """Let somebody in again, with the role and the password of then."""
    with call.acting() as acting:
        one = accounts.member(acting, staff_id)
        accounts.reactivate_staff(acting, one)
        return StaffView.of(one)


@post("/{staff_id:uuid}/passwords", sync_to_thread=True, **may("staff.manage"))
def make_password(staff_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[PasswordMade]:
    """Give somebody who forgot theirs another password, shown by this answer alone; their sessions end.

    With an `Idempotency-Key`, the same request shows it again for a day, should the answer have been lost.
    """
    return password_made(staff_id, call)


def password_made(staff_id: UUID, call: Call) -> Response[PasswordMade]:
    """Another password, or the one that the caller made with this key before.

    Raises:
        NotFound: the firm has nobody of this id.
    """

    def made() -> Response[PasswordMade]:
        return Response(
            PasswordMade(accounts.give_password(acting, accounts.member(acting, staff_id))), headers=NO_STORE
        )

    with call.acting() as acting:
        return once(acting, call, str(staff_id), made)


@delete("/{staff_id:uuid}/sessions", sync_to_thread=True, **may("staff.manage"))
def end_sessions(staff_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Sign somebody out everywhere; they may sign in again."""
    with call.acting() as acting:
        accounts.sign_staff_out(acting, accounts.member(acting, staff_id))


def _added(acting: Acting, data: NewStaff) -> Response[StaffMade]:
    made = accounts.invite(acting, data.email, name=data.name, role=data.role)
    acting.session.refresh(made.staff)
    seen = StaffView.of(made.staff)
    told = StaffMade(password=made.password, **{name: getattr(seen, name) for name in seen.__struct_fields__})
    return Response(told, headers=NO_STORE | {"Location": f"/v1/staff/{seen.id}"})


router = Router(
    "/staff",
    route_handlers=[
        list_staff,
        add_staff,
        get_staff,
        change_role,
        deactivate_staff,
        reactivate_staff,
        make_password,
        end_sessions,
    ],
    tags=["staff"],
)
