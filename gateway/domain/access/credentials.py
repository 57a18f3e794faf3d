"""What partners prove themselves by: API keys, OAuth2 clients and their access tokens, SSH keys and passwords for SFTP;
made, replaced, revoked.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import nearest
from gateway.db.models import AccessToken, Credential, Partner
from gateway.db.paging import Found, Paging, newest
from gateway.domain.access import passwords, ssh_keys
from gateway.domain.access.permissions import SCOPES
from gateway.domain.audit import Action, Change, record
from gateway.errors import Conflict, Invalid, NotFound
from gateway.office import Acting, Office

# by which a leaked secret is recognised, by us and by secret scanners
KEY_MARK = "gwk_"
CLIENT_MARK = "gwc_"  # of an OAuth2 client's id, which is no secret
CLIENT_SECRET_MARK = "gws_"  # noqa: S105 - a mark, not a secret
TOKEN_MARK = "gwt_"  # noqa: S105 - a mark, not a secret
SSH_MARK = "gwh_"  # of SSH keys and passwords for SFTP, whose prefixes are names for people and no part of them
PASSWORD_MARK = "gwp_"  # noqa: S105 - see SSH_MARK
MOST_LIVE = 2  # of a kind and partner: the one in use, and the one that takes its place
TOKEN_LASTS = timedelta(minutes=15)
_PREFIX_CHARACTERS = 8

_ITS_PARTNER = and_(Partner.firm_id == Credential.firm_id, Partner.id == Credential.partner_id)

Kind = Literal["api_key", "oauth_client", "ssh_key", "sftp_password"]


class NewKey(NamedTuple):
    """A credential and its secret, which is shown now and never again. An OAuth2 client's id is its prefix.

    Attributes:
        secret: empty of an SSH key, whose secret half its owner keeps.
    """

    credential: Credential
    secret: str


class Shown(NamedTuple):
    """A credential, and the slug of the partner that proves itself by it."""

    credential: Credential
    partner: str


def digest_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def add_key(
    acting: Acting,
    partner_id: UUID,
    *,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None,
    kind: Kind = "api_key",
    public_key: str | None = None,
) -> NewKey:
    """A new credential of a partner; an SSH key is the one that does not make its secret itself.

    Raises:
        Invalid: `scope_unknown`, `already_expired`, `public_key_needed`, `ssh_key_unusable`.
        Conflict: `too_many_keys`, `ssh_key_known`.
    """
    _check_scopes(scopes)
    proof = _proof(kind, partner_id, public_key)
    _check_room(acting.session, partner_id, kind)
    if expires_at and expires_at <= clock.now():
        raise Invalid("already_expired", f"The key would have ended at {expires_at.isoformat()}, which is past.")
    _check_unknown(acting.session, proof)
    made = Credential(
        firm_id=acting.firm_id,
        partner_id=partner_id,
        kind=kind,
        name=name,
        prefix=proof.prefix,
        digest=proof.digest,
        public_key=proof.public_key,
        password_hash=proof.password_hash,
        scopes=sorted(set(scopes)),
        created_by=acting.actor.name,
        expires_at=expires_at and min(expires_at, clock.LATEST),
    )
    acting.session.add(made)
    acting.session.flush()
    _note(acting, made, "credential.add", "created")
    return NewKey(made, proof.secret)


def rotate(acting: Acting, credential_id: UUID, *, grace: timedelta | None, public_key: str | None = None) -> NewKey:
    """A successor of a credential, with the same scopes and as long a life.

    Args:
        acting: who does it.
        credential_id: whose successor.
        grace: for how long the old one goes on; None leaves it until it is revoked, or ends by itself.
        public_key: the successor of an SSH key.

    Raises:
        NotFound: this firm has no such credential.
        Conflict: `credential_ended`, and as `add_key`.
        Invalid: as `add_key`.
    """
    old, now = _find(acting, credential_id), clock.now()
    if not is_live(old):
        raise Conflict("credential_ended", f"{old.prefix} has ended, and so has no successor; add a new one.")
    made = add_key(
        acting,
        old.partner_id,
        name=old.name,
        scopes=old.scopes,
        expires_at=now + (old.expires_at - old.created_at) if old.expires_at else None,
        kind=cast("Kind", old.kind),
        public_key=public_key,
    )
    if grace is not None:
        old.expires_at = min(old.expires_at or now + grace, now + grace)
        _note(acting, old, "credential.rotate", "updated")
    return made


def issue_token(acting: Acting, credential_id: UUID, scopes: Collection[str]) -> str:
    """An access token of an OAuth2 client; those of it that have ended are forgotten."""
    ended = AccessToken.expires_at <= clock.now()
    acting.session.execute(delete(AccessToken).where(AccessToken.credential_id == credential_id, ended))
    token = TOKEN_MARK + secrets.token_urlsafe(32)
    made = AccessToken(
        firm_id=acting.firm_id,
        credential_id=credential_id,
        digest=digest_of(token),
        scopes=sorted(scopes),
        expires_at=clock.now() + TOKEN_LASTS,
    )
    acting.session.add(made)
    return token


def show(acting: Acting, credential_id: UUID) -> Shown:
    """One credential of the firm.

    Raises:
        NotFound: the firm has no such credential.
    """
    return _shown(acting, _find(acting, credential_id))


def listed(acting: Acting, partner: str | None, paging: Paging) -> Found[Shown]:
    """The credentials of the firm, or of one of its partners, ended ones included, the newest first."""
    found = newest(acting.session, _of(partner), (Credential.created_at, Credential.id), paging)
    return Found([_shown(acting, one) for one in found.rows], found.following, found.total)


def of_partner(acting: Acting, partner: str) -> list[Credential]:
    """All credentials of a partner, ended ones included, the newest first."""
    return list(acting.session.scalars(_of(partner).order_by(Credential.created_at.desc(), Credential.id.desc())))


def is_live(credential: Credential) -> bool:
    """Whether it is good today."""
    return credential.revoked_at is None and (credential.expires_at is None or credential.expires_at > clock.now())


def revoke(acting: Acting, credential_id: UUID) -> Credential:
    """End a credential at once; one that was ended before stays as it is.

    Raises:
        NotFound: this firm has no such credential.
    """
    found = _find(acting, credential_id)
    if found.revoked_at is None:
        found.revoked_at = clock.now()
        _note(acting, found, "credential.revoke", "revoked")
    return found


def find_anywhere(office: Office, key: str) -> Credential:
    """The credential with this prefix or id, whichever firm's it is.

    Raises:
        NotFound: there is none.
    """
    wanted = [Credential.prefix == key]
    with suppress(ValueError):  # then it is a prefix
        wanted.append(Credential.id == UUID(key))
    with office.db.system() as session:
        found = session.scalar(select(Credential).where(or_(*wanted)))
    if found is None:
        raise NotFound("key", key)
    return found


def note_use(office: Office, firm_id: UUID, credential_id: UUID) -> None:
    """Remember that a credential was used now, in a transaction of its own: whatever it was used for may fail."""
    used = update(Credential).where(Credential.id == credential_id)
    with office.db.firm(firm_id) as session:
        session.execute(used.values(last_used_at=clock.now()))


# ------------------------------------------------------------------------------------------------ helpers


def _find(acting: Acting, credential_id: UUID) -> Credential:
    found = acting.session.scalar(select(Credential).where(Credential.id == credential_id))
    if found is None:
        raise NotFound("credential", str(credential_id))
    return found


def _of(partner: str | None) -> Select[Credential]:
    found = select(Credential)
    return found if partner is None else found.join(Partner, _ITS_PARTNER).where(Partner.slug == partner)


def _shown(acting: Acting, one: Credential) -> Shown:
    return Shown(one, acting.session.get_one(Partner, (one.firm_id, one.partner_id)).slug)


class _Proof(NamedTuple):
    """What is kept of a credential, and what is shown once; its prefix is for people, to tell credentials apart."""

    prefix: str
    secret: str
    digest: bytes
    public_key: str | None = None
    password_hash: str | None = None


def _proof(kind: Kind, partner_id: UUID, public_key: str | None) -> _Proof:
    """A secret of 256 random bits; or of 114 where people type it; or none, where its owner keeps it."""
    tail, random = secrets.token_hex(_PREFIX_CHARACTERS // 2), secrets.token_urlsafe(32)
    if (kind == "ssh_key") != (public_key is not None):
        raise Invalid("public_key_needed", "An SSH key, and nothing else, is added with its public half: `public_key`.")
    if public_key is not None:
        known = ssh_keys.normalised(public_key)
        return _Proof(SSH_MARK + tail, "", digest_of(f"{partner_id} {known}"), public_key=known)
    if kind == "sftp_password":
        made = passwords.make()
        return _Proof(PASSWORD_MARK + tail, made, digest_of(random), password_hash=passwords.hashed(made))
    if kind == "oauth_client":
        return _Proof(CLIENT_MARK + tail, secret := CLIENT_SECRET_MARK + random, digest_of(secret))
    return _Proof(KEY_MARK + tail, secret := f"{KEY_MARK}{tail}_{random}", digest_of(secret))


def _check_unknown(session: Session, proof: _Proof) -> None:
    """An SSH key is added once; one that was revoked stays so, for its owner may have lost it."""
    found = session.scalar(select(Credential.prefix).where(Credential.digest == proof.digest))
    if found is not None:
        raise Conflict("ssh_key_known", f"The partner has, or had, this very key: {found}. Have a new one made.")


def _check_scopes(scopes: Collection[str]) -> None:
    for scope in scopes:
        if scope not in SCOPES:
            hint = nearest(scope, SCOPES)
            asked = f" Did you mean {hint}?" if hint else ""
            raise Invalid("scope_unknown", f"{scope!r} is not a scope; there are {', '.join(SCOPES)}.{asked}")


def _check_room(session: Session, partner_id: UUID, kind: str) -> None:
    session.execute(select(Partner.id).where(Partner.id == partner_id).with_for_update())  # two at once see each other
    not_ended = or_(Credential.expires_at.is_(None), Credential.expires_at > clock.now())
    live = select(func.count()).where(
        Credential.partner_id == partner_id, Credential.kind == kind, Credential.revoked_at.is_(None), not_ended
    )
    if (session.scalar(live) or 0) >= MOST_LIVE:
        raise Conflict(
            "too_many_keys", f"The partner has {MOST_LIVE} live credentials of this kind; revoke one of them first."
        )


def _note(acting: Acting, credential: Credential, action: Action, what: str) -> None:
    told = {"prefix": credential.prefix, "scopes": credential.scopes}
    record(acting, action, changes=[Change("credential", credential.id, what, new=told)])
