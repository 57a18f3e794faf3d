"""Finds out who calls, by the proof that came with the request."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from sqlalchemy import text, update

from gateway import clock
from gateway.db.models import Credential
from gateway.domain.credentials import KEY_MARK, digest_of
from gateway.web.calls import Call, Identity, check, origin_of
from gateway.web.problems import Rejected
from ingest.office import Office

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="gateway"'}  # RFC 9110, 11.6.1
_SIGN_IN = text("SELECT * FROM sign_in(:proof)")


def provide_call(request: Request[Any, Any, Any], office: NamedDependency[Office]) -> Call:
    """The caller of a route that is not open, with the permission that the route names.

    Raises:
        Rejected: 401 `unauthenticated`, 403 `forbidden`.
    """
    who = identify(request, office)
    check(who, request.route_handler.opt["may"])
    return Call(office, who, origin_of(request))


def identify(request: Request[Any, Any, Any], office: Office) -> Identity:
    """Who calls.

    Raises:
        Rejected: 401 `unauthenticated`: no proof, or one that is not (or no longer) good; which of them is not said.
    """
    scheme, _, proof = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and proof.startswith(KEY_MARK) and (who := _by_key(office, proof.strip())):
        return who
    raise Rejected(
        401,
        "unauthenticated",
        "Say who you are: a partner with `Authorization: Bearer` and its API key, staff by signing in.",
        headers=_CHALLENGE,
    )


def _by_key(office: Office, secret: str) -> Identity | None:
    with office.db.nobody() as session:
        found = session.execute(_SIGN_IN, {"proof": digest_of(secret)}).mappings().first()
    if found is None:
        return None
    if found["is_idle"]:
        with office.db.firm(found["firm_id"]) as session:
            used = update(Credential).where(Credential.id == found["credential_id"])
            session.execute(used.values(last_used_at=clock.now()))
    return Identity(
        firm_id=found["firm_id"],
        id=found["credential_id"],
        name=found["partner"],
        scopes=frozenset(found["scopes"]),
        partner_id=found["partner_id"],
        rate_tier=found["rate_tier"],
    )
