"""The tokens of staff: JWTs (RFC 7519) signed with HS256, and nothing else (see `gateway.domain.access.signing`).

A token says which session it belongs to; whether that session goes on is looked up at each request. So it stays the
same while its session is prolonged, and is good as long as a session may last at most.
"""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from uuid import UUID

import jwt
import msgspec
from msgspec import Struct

from gateway import clock, crypto
from gateway.domain.access import signing
from gateway.domain.access.sessions import AT_MOST, Opened
from gateway.office import Office

ALGORITHM = "HS256"
ISSUER = AUDIENCE = "gateway"
LONGEST = 4096  # characters; what is longer is none of ours
REMEMBERED = timedelta(minutes=1)  # after which a key that was ended elsewhere has ended here as well


class Claims(Struct, frozen=True, forbid_unknown_fields=True):
    """What a token says. `role` is for whoever shows it: what counts is the role of the day."""

    iss: str
    aud: str
    sub: UUID
    firm_id: UUID
    role: str
    sid: UUID
    iat: int
    exp: int


class Keyring:
    """Signs tokens and reads them, with the keys that the database holds; remembers those for a minute."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._master = crypto.load_master_key(office.settings)
        self._keys: dict[UUID, bytes] = {}
        self._loaded_at: float | None = None

    def sign(self, opened: Opened) -> str:
        """The token of a session."""
        with self._office.db.system() as session:
            made = signing.current(session, self._master)
            key_id, key = made.id, crypto.signing_key(made.wrapped_key, made.id, self._master)
        until = int(opened.ends_at.timestamp())
        issued = until - int(AT_MOST.total_seconds())
        claims = Claims(
            ISSUER, AUDIENCE, opened.staff_id, opened.firm_id, opened.role, opened.session_id, issued, until
        )
        return jwt.encode(msgspec.to_builtins(claims), key, algorithm=ALGORITHM, headers={"kid": str(key_id)})

    def read(self, token: str) -> Claims | None:
        """What a token says; None when it is not ours, was changed, or has ended."""
        if len(token) > LONGEST:
            return None
        try:
            key = self._key(UUID(jwt.get_unverified_header(token)["kid"]))
            claims = msgspec.convert(_verified(token, key), Claims) if key else None
        except (jwt.PyJWTError, KeyError, ValueError, msgspec.ValidationError):
            return None
        return claims if claims and claims.exp > clock.now().timestamp() else None

    def _key(self, key_id: UUID) -> bytes | None:
        is_old = self._loaded_at is None or monotonic() - self._loaded_at > REMEMBERED.total_seconds()
        if is_old or key_id not in self._keys:
            with self._office.db.system() as session:
                wrapped = signing.live(session)
            self._keys = {each: crypto.signing_key(key, each, self._master) for each, key in wrapped.items()}
            self._loaded_at = monotonic()
        return self._keys.get(key_id)


def _verified(token: str, key: bytes) -> dict[str, object]:
    """The claims behind a good signature; times are ours to check, for the library knows no pretended clock."""
    return jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        audience=AUDIENCE,
        issuer=ISSUER,
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )
