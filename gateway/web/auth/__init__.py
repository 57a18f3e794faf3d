"""Finds out who calls, by the proof that came with the request, before anything else of the request is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from gateway.domain.access.credentials import KEY_MARK, TOKEN_MARK
from gateway.domain.access.permissions import holds
from gateway.office import Office
from gateway.web.auth import partners, staff, visits
from gateway.web.auth.tokens import Keyring
from gateway.web.bulkheads import join_readers
from gateway.web.calls import Call, Identity, check, origin_of
from gateway.web.limiting import count


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let nobody through to a route whose permission the caller does not hold: the guard of all routes.

    Raises:
        Rejected: 401 `unauthenticated`, 403 `forbidden` or `csrf`, 429 `too_many_requests`; 429 `too_many_at_once` or
            503 `busy` for what may be large.
    """
    permission = handler.opt.get("may")
    if permission is None:  # an open route, or one of the framework's
        return
    if handler.opt.get("signs_in") and partners.digest_in(connection) is not None:
        return  # the handler finds out itself, in the round trip that answers
    await sync_to_thread(_find_out, connection, permission, handler.opt)


def _find_out(connection: ASGIConnection[Any, Any, Any, Any], permission: str, asked: Mapping[str, Any]) -> None:
    office: Office = connection.app.state.office
    is_visit = asked.get("by_link", False)
    who = visits.by_cookie(connection, office) if is_visit else identify(connection, office)
    if asked.get(
        "large"
    ):  # before it is counted: whoever sends many at once, and all again, must not lose the hour's files by it
        join_readers(connection, who)
    if who.is_partner and not is_visit:
        count(connection, who, *asked.get("counts", ()))
    check(who, permission)
    connection.state.call = Call(
        office,
        who,
        origin_of(connection),
        route=f"{connection.scope.get('method')} {connection.scope['path']}",
        idempotency_key=connection.headers.get("idempotency-key"),
    )


def may_still(connection: ASGIConnection[Any, Any, Any, Any], who: Identity) -> bool:
    """Whether somebody who was let through to a route would be at this moment, for answers that go on.

    It prolongs no session and notes no use: what goes on by itself is none.
    """
    office: Office = connection.app.state.office
    digest = partners.digest_in(connection)
    now = partners.still(office, digest) if who.is_partner and digest else staff.still(office, who)
    permission = str(connection.route_handler.opt["may"])
    return now is not None and holds(permission, role=now.role, scopes=now.scopes)


def provide_call(request: Request[Any, Any, Any]) -> Call:
    """The caller whom the guard has let through."""
    call: Call = request.state.call
    return call


def identify(connection: ASGIConnection[Any, Any, Any, Any], office: Office) -> Identity:
    """Who calls. A proof in the header counts alone: a bad one is not mended by a cookie.

    Raises:
        Rejected: 401 `unauthenticated`: no proof, or one that is not (or no longer) good; which of them is not said.
            403 `csrf`.
    """
    keyring: Keyring = connection.app.state.keyring
    given = connection.headers.get("authorization")
    scheme, _, proof = (given or "").partition(" ")
    if given is None:
        who = staff.by_cookie(connection, office, keyring)
    elif scheme.lower() != "bearer":
        who = None
    elif proof.startswith((KEY_MARK, TOKEN_MARK)):
        who = partners.by_secret(office, proof.strip())
    else:
        who = staff.by_token(office, keyring, proof.strip())
    if who is None:
        raise partners.unauthenticated()
    return who
