"""Partners' API keys as proof of who calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request

from gateway.domain.credentials import KEY_MARK, digest_of
from gateway.web.calls import Identity
from gateway.web.problems import Rejected

Limits = Mapping[str, Mapping[str, int]]  # tier -> window -> calls, where the firm set them


def unauthenticated() -> Rejected:
    """The one answer to every proof that is missing, wrong, or no longer good; which of them is not said."""
    return Rejected(
        401,
        "unauthenticated",
        "Say who you are: a partner with `Authorization: Bearer` and its API key, staff by signing in.",
        headers={"WWW-Authenticate": 'Bearer realm="gateway"'},  # RFC 9110, 11.6.1
    )


def key_digest(request: Request[Any, Any, Any]) -> bytes | None:
    """The digest of the API key that came with a request; None where none did."""
    scheme, _, proof = request.headers.get("authorization", "").partition(" ")
    proof = proof.strip()
    return digest_of(proof) if scheme.lower() == "bearer" and proof.startswith(KEY_MARK) else None


def identity_of(found: Any) -> Identity:  # noqa: ANN401 - a row of the function sign_in, whichever driver read it
    """The partner that a key belongs to."""
    return Identity(
        firm_id=found.firm_id,
        id=found.credential_id,
        name=found.partner,
        scopes=frozenset(found.scopes),
        partner_id=found.partner_id,
        rate_tier=found.rate_tier,
    )
