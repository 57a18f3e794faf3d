"""Partners, by an API key or by an access token of their OAuth2 client: both are random, and found by their digest."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import update

from gateway import clock
from gateway.db.models import Credential
from gateway.domain.credentials import digest_of
from gateway.web.calls import Identity
from ingest.office import Office

_SIGN_IN = "SELECT * FROM sign_in(%(proof)s)"
_BEARERS = frozenset({"api_key", "access_token"})  # an OAuth2 client's own secret opens the token endpoint only


class Client(NamedTuple):
    """An OAuth2 client that has shown its secret."""

    firm_id: UUID
    credential_id: UUID
    partner: str
    scopes: frozenset[str]


def by_secret(office: Office, secret: str) -> Identity | None:
    """The partner of a live API key or access token."""
    found = _found(office, secret)
    if found is None or found.kind not in _BEARERS:
        return None
    return Identity(
        firm_id=found.firm_id,
        id=found.credential_id,
        name=found.partner,
        scopes=frozenset(found.scopes),
        partner_id=found.partner_id,
        rate_tier=found.rate_tier,
    )


def client_of(office: Office, client_id: str, secret: str) -> Client | None:
    """The OAuth2 client of an id and a secret that belong together."""
    found = _found(office, secret)
    if found is None or found.kind != "oauth_client" or found.prefix != client_id:
        return None
    return Client(found.firm_id, found.credential_id, found.partner, frozenset(found.scopes))


def _found(office: Office, secret: str) -> Any | None:  # noqa: ANN401 - a row of sign_in(bytea)
    rows = office.db.look_up(_SIGN_IN, {"proof": digest_of(secret)})
    if not rows:
        return None
    [found] = rows
    if found.is_idle:
        with office.db.firm(found.firm_id) as session:
            used = update(Credential).where(Credential.id == found.credential_id)
            session.execute(used.values(last_used_at=clock.now()))
    return found
