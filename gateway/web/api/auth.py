"""Staff sign in and out, and anybody asks who the gateway takes them for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from anyio import to_thread
from litestar import Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from gateway.db.models import StaffSession
from gateway.domain.access import accounts, passwords, sessions
from gateway.office import Office
from gateway.web.auth import cookies, staff
from gateway.web.auth.lobby import Lobby
from gateway.web.auth.tokens import Keyring
from gateway.web.calls import NO_STORE, OPEN, Call, may, origin_of
from gateway.web.problems import Rejected
from gateway.web.texts import NO_NUL, Name

Email = Annotated[Name, Meta(examples=["ana@northgate.example"])]
Password = Annotated[str, Meta(min_length=1, max_length=passwords.MOST, pattern=NO_NUL, examples=["fig-tree-lamp-owl"])]
Slug = Annotated[Name, Meta(examples=["northgate"], description="The firm's slug.")]


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs in; `firm` is needed only by whoever works at several."""

    email: Email
    password: Password
    firm: Slug | None = None


class SignedIn(Struct, frozen=True, kw_only=True):
    """A session: it ends after an hour without a request, and after twelve hours at the latest.

    The CSRF token is for the console, whose requests are known by cookie.
    """

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the word of RFC 6750
    expires_in: int
    csrf_token: str


class FirmView(Struct, frozen=True):
    """A law firm."""

    id: UUID
    slug: str
    name: str


class Me(Struct, frozen=True, kw_only=True):
    """Who calls: a member of staff with a role, or a partner with the scopes of its credential."""

    kind: Literal["staff", "partner"]
    id: UUID
    name: str
    firm: FirmView
    email: str | None = None
    role: str | None = None
    partner: str | None = None
    scopes: list[str] | None = None


class SessionView(Struct, frozen=True, kw_only=True):
    """Where one is signed in; it ends at `expires_at` unless it is used before. `is_this`: in it, this is asked."""

    id: UUID
    origin: str
    created_at: datetime
    expires_at: datetime
    is_this: bool

    @classmethod
    def of(cls, one: StaffSession, here: UUID) -> SessionView:
        """A session as its owner sees it."""
        return cls(
            id=one.id, origin=one.origin, created_at=one.created_at, expires_at=one.expires_at, is_this=one.id == here
        )


class NewPassword(Struct, frozen=True, forbid_unknown_fields=True):
    """One's own password, and the one that takes its place: at least 12 characters, without the e-mail address."""

    current: Password
    new: Password


@post("/auth/login", status_code=200, tags=["who you are"], **OPEN)
async def login(
    data: JSONBody[SignIn], request: Request[Any, Any, State], office: NamedDependency[Office], state: State
) -> Response[SignedIn]:
    """Sign in as a member of staff.

    The token goes into `Authorization: Bearer`; browsers get it as a cookie as well. After five tries the wait grows:
    429 says in `Retry-After` how long it is.
    """
    _refuse_forms(request)
    return await let_in(data, request, office, state)


async def let_in(data: SignIn, request: Request[Any, Any, State], office: Office, state: State) -> Response[SignedIn]:
    """A new session for whoever knows the password, and its cookies.

    Raises:
        Rejected: as `staff.sign_in`; 429 `too_many_at_once`, 503 `busy`.
    """
    lobby: Lobby = state.lobby
    queue = await lobby.queue_for(origin_of(request))
    with queue.crowd.within(origin_of(request)):
        answer = await to_thread.run_sync(_login, data, request, office, limiter=queue.threads)
    lobby.welcome(origin_of(request))
    return answer


def _login(data: SignIn, request: Request[Any, Any, State], office: Office) -> Response[SignedIn]:
    keyring: Keyring = request.app.state.keyring
    opened = staff.sign_in(office, staff.Login(data.email, data.password, data.firm, origin_of(request)))
    token = keyring.sign(opened)
    answer = SignedIn(access_token=token, expires_in=int(sessions.IDLE.total_seconds()), csrf_token=opened.csrf_token)
    return Response(answer, headers=NO_STORE, cookies=cookies.signed_in(office.settings, token, opened.csrf_token))


@post("/auth/logout", status_code=204, sync_to_thread=True, tags=["who you are"], **may("me.write"))
def logout(call: NamedDependency[Call]) -> Response[None]:
    """Sign out: the session's token is good nowhere any more, from now on."""
    with call.acting() as acting:
        sessions.end(acting, call.session_id)
    return Response(None, cookies=cookies.signed_out(call.office.settings))


@get("/me", sync_to_thread=True, tags=["who you are"], **may("me.read"))
def me(call: NamedDependency[Call]) -> Me:
    """Say who the gateway takes the caller for, and what the caller may."""
    who = call.who
    with call.acting() as acting:
        firm = accounts.own_firm(acting)
        shown = FirmView(firm.id, firm.slug, firm.name)
        if who.is_partner:
            return Me(kind="partner", id=who.id, name=who.name, firm=shown, partner=who.name, scopes=sorted(who.scopes))
        name = accounts.oneself(acting).name
    return Me(kind="staff", id=who.id, name=name, firm=shown, email=who.name, role=who.role)


@put("/me/password", status_code=204, sync_to_thread=True, tags=["who you are"], **may("me.write"))
def change_password(data: JSONBody[NewPassword], call: NamedDependency[Call]) -> None:
    """Change one's own password; one's other sessions end."""
    put_password(call, data)


def put_password(call: Call, data: NewPassword) -> None:
    """Change the caller's own password.

    Raises:
        Rejected: as `staff.confirm`.
        Invalid: `password_weak`.
    """
    with call.acting() as acting:
        mine = accounts.oneself(acting, for_change=True)
        staff.confirm(call, data.current)
        accounts.set_password(acting, mine, data.new, keeping=call.session_id)


@get("/me/sessions", sync_to_thread=True, tags=["who you are"], **may("me.write"))
def list_sessions(call: NamedDependency[Call]) -> list[SessionView]:
    """List where you are signed in, the newest first."""
    with call.acting() as acting:
        return [SessionView.of(one, call.session_id) for one in sessions.own(acting)]


@delete("/me/sessions", sync_to_thread=True, tags=["who you are"], **may("me.write"))
def end_other_sessions(call: NamedDependency[Call]) -> None:
    """Sign yourself out everywhere but here."""
    with call.acting() as acting:
        sessions.end_others(acting, call.session_id)


@delete("/me/sessions/{session_id:uuid}", sync_to_thread=True, tags=["who you are"], **may("me.write"))
def end_session(session_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """End one of your sessions: its token is good nowhere any more, from now on."""
    with call.acting() as acting:
        sessions.end_own(acting, session_id)


def _refuse_forms(request: Request[Any, Any, State]) -> None:
    """A page of somebody else can post a form here, but not JSON: it must not sign our people in as somebody."""
    if request.content_type[0] != "application/json":
        raise Rejected(415, "unsupported_media_type", "Signing in takes JSON: send Content-Type: application/json.")
