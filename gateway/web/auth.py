"""Finds out who calls, by the proof that came with the request."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from sqlalchemy import text, update

from gateway import clock
from gateway.db.models import Credential
from gateway.web.calls import Call, Identity, check, origin_of
from gateway.web.keys import Limits, identity_of, key_digest, unauthenticated
from gateway.web.limiting import count
from ingest.office import Office

_SIGN_IN = text("SELECT * FROM sign_in(:proof)")


def provide_call(request: Request[Any, Any, Any], office: NamedDependency[Office]) -> Call:
    """The caller of a route that is not open, with the permission that the route names.

    Raises:
        Rejected: 401 `unauthenticated`, 403 `forbidden`, 429 `too_many_requests`.
    """
    who, limits = identify(request, office)
    if who.is_partner:
        count(request, who, limits)
    check(who, request.route_handler.opt["may"])
    return Call(office, who, origin_of(request), limits)


def identify(request: Request[Any, Any, Any], office: Office) -> tuple[Identity, Limits]:
    """Who calls, and what the firm set of a partner's limits.

    Raises:
        Rejected: 401 `unauthenticated`.
    """
    digest = key_digest(request)
    found = _by_key(office, digest) if digest else None
    if found is None:
        raise unauthenticated()
    return found


def _by_key(office: Office, digest: bytes) -> tuple[Identity, Limits] | None:
    with office.db.nobody() as session:
        found = session.execute(_SIGN_IN, {"proof": digest}).first()
    if found is None:
        return None
    if found.is_idle:
        with office.db.firm(found.firm_id) as session:
            used = update(Credential).where(Credential.id == found.credential_id)
            session.execute(used.values(last_used_at=clock.now()))
    return identity_of(found), found.limits or {}
