"""API keys of partners: made, found by their secret, revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import nearest
from gateway.db.models import Credential, Partner
from gateway.domain.audit import Actor, record
from gateway.domain.permissions import SCOPES
from gateway.errors import NotFound, Permanent

KEY_MARK = "gwk_"  # by which a leaked key is recognised, by us and by secret scanners
MOST_LIVE = 2  # of a kind and partner: the one in use, and the one that takes its place
_PREFIX_CHARACTERS = 8


class NewKey(NamedTuple):
    """A credential and its secret, which is shown now and never again."""

    credential: Credential
    secret: str


def digest_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def add_key(
    session: Session,
    firm_id: UUID,
    partner_id: UUID,
    *,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None,
    actor: Actor,
) -> NewKey:
    """A new API key of a partner.

    Raises:
        Permanent: `scope_unknown`, `too_many_keys`, `already_expired`.
    """
    _check_scopes(scopes)
    _check_room(session, partner_id, "api_key")
    if expires_at and expires_at <= clock.now():
        raise Permanent("already_expired", f"The key would have ended at {expires_at.isoformat()}, which is past.")
    prefix = KEY_MARK + secrets.token_hex(_PREFIX_CHARACTERS // 2)
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    made = Credential(
        firm_id=firm_id,
        partner_id=partner_id,
        kind="api_key",
        name=name,
        prefix=prefix,
        digest=digest_of(secret),
        scopes=sorted(scopes),
        created_by=actor.name,
        expires_at=expires_at,
    )
    session.add(made)
    session.flush()
    _note(session, made, actor, "credential.add", "created")
    return NewKey(made, secret)


def revoke(session: Session, credential_id: UUID, actor: Actor) -> Credential:
    """End a credential at once; one that was ended before stays as it is.

    Raises:
        NotFound: this firm has no such credential.
    """
    found = session.scalar(select(Credential).where(Credential.id == credential_id))
    if found is None:
        raise NotFound("credential", str(credential_id))
    if found.revoked_at is None:
        found.revoked_at = clock.now()
        _note(session, found, actor, "credential.revoke", "revoked")
    return found


def _check_scopes(scopes: Collection[str]) -> None:
    for scope in scopes:
        if scope not in SCOPES:
            hint = nearest(scope, SCOPES)
            asked = f" Did you mean {hint}?" if hint else ""
            raise Permanent("scope_unknown", f"{scope!r} is not a scope; there are {', '.join(SCOPES)}.{asked}")


def _check_room(session: Session, partner_id: UUID, kind: str) -> None:
    session.execute(select(Partner.id).where(Partner.id == partner_id).with_for_update())  # two at once see each other
    not_ended = or_(Credential.expires_at.is_(None), Credential.expires_at > clock.now())
    live = select(func.count()).where(
        Credential.partner_id == partner_id, Credential.kind == kind, Credential.revoked_at.is_(None), not_ended
    )
    if (session.scalar(live) or 0) >= MOST_LIVE:
        raise Permanent(
            "too_many_keys", f"The partner has {MOST_LIVE} live credentials of this kind; revoke one of them first."
        )


def _note(session: Session, credential: Credential, actor: Actor, action: str, what: str) -> None:
    change: dict[str, object] = {
        "kind": "credential",
        "id": str(credential.id),
        "action": what,
        "new": {"prefix": credential.prefix, "scopes": credential.scopes},
    }
    record(session, credential.firm_id, actor, action, changes=[change])
