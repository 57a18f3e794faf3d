"""Partners, by an API key or by an access token of their OAuth2 client: both are random, and found by their digest."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection

from gateway.domain.access.credentials import KEY_MARK, TOKEN_MARK, digest_of, note_use
from gateway.office import Office
from gateway.web.calls import Identity
from gateway.web.problems import Rejected

_SIGN_IN = "SELECT * FROM sign_in(%(proof)s)"
_MOST_KNOWN = 10_000
_BEARERS = frozenset({"api_key", "access_token"})  # an OAuth2 client's own secret opens the token endpoint only


class Known:
    """Partners that called lately, by the digest of their secret.

    It tells as whom a call counts before the answer, which alone finds out whether the secret is still good. Limits
    that were changed meanwhile hold from the call after.
    """

    def __init__(self) -> None:
        self._callers: dict[bytes, Identity] = {}

    def get(self, digest: bytes) -> Identity | None:
        """Whose it was when it was last used here."""
        return self._callers.get(digest)

    def note(self, digest: bytes, who: Identity | None) -> None:
        """Whose it is: the caller's, or nobody's any more."""
        self._callers.pop(digest, None)
        if who is None:
            return
        self._callers[digest] = who
        while len(self._callers) > _MOST_KNOWN:
            del self._callers[next(iter(self._callers))]  # the one that called longest ago


def by_digest(office: Office, digest: bytes) -> Identity | None:
    """The partner of a live API key or access token with this digest."""
    found = _found(office, digest)
    return identity_of(found) if found else None


def still(office: Office, digest: bytes) -> Identity | None:
    """The same for whoever does not use it: nothing is noted."""
    rows = office.db.look_up(_SIGN_IN, {"proof": digest})
    return identity_of(rows[0]) if rows else None


def by_secret(office: Office, secret: str) -> Identity | None:
    """The partner of a live API key or access token."""
    return by_digest(office, digest_of(secret))


def identity_of(found: Any) -> Identity | None:  # noqa: ANN401 - a row of sign_in(bytea)
    """The partner that a secret belongs to, if it is one by which partners call."""
    return _whose(found) if found.kind in _BEARERS else None


def digest_in(connection: ASGIConnection[Any, Any, Any, Any]) -> bytes | None:
    """The digest of the key or token that came with a request; None where none did."""
    scheme, _, proof = connection.headers.get("authorization", "").partition(" ")
    proof = proof.strip()
    return digest_of(proof) if scheme.lower() == "bearer" and proof.startswith((KEY_MARK, TOKEN_MARK)) else None


def unauthenticated() -> Rejected:
    """The one answer to every proof that is missing, wrong, or no longer good; which of them is not said."""
    return Rejected(
        401,
        "unauthenticated",
        "Say who you are: a partner with `Authorization: Bearer` and its API key or access token, staff by signing in.",
        headers={"WWW-Authenticate": 'Bearer realm="gateway"'},  # RFC 9110, 11.6.1
    )


def client_of(office: Office, client_id: str, secret: str) -> Identity | None:
    """The partner whose OAuth2 client has this id and this secret; by these it may fetch tokens, and nothing else."""
    found = _found(office, digest_of(secret))
    if found is None or found.kind != "oauth_client" or found.prefix != client_id:
        return None
    return _whose(found)


def _whose(found: Any) -> Identity:  # noqa: ANN401 - a row of sign_in(bytea)
    return Identity(
        firm_id=found.firm_id,
        id=found.credential_id,
        name=found.partner,
        scopes=frozenset(found.scopes),
        partner_id=found.partner_id,
        rate_tier=found.rate_tier,
        limits=found.limits or {},
    )


def _found(office: Office, digest: bytes) -> Any | None:  # noqa: ANN401 - a row of sign_in(bytea)
    rows = office.db.look_up(_SIGN_IN, {"proof": digest})
    if not rows:
        return None
    [found] = rows
    if found.is_idle:
        note_use(office, found.firm_id, found.credential_id)
    return found
