"""API keys and OAuth2 clients of partners, as the admins of their firm handle them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct, structs
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import Credential, Partner
from gateway.domain.access import credentials
from gateway.domain.access.credentials import NewKey
from gateway.errors import NotFound
from gateway.web.calls import NO_STORE, Call, may
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page
from gateway.web.texts import NO_NUL, Name

MOST_GRACE = 24 * 90  # hours

Slug = Annotated[Name, Meta(description="The partner's slug.", examples=["acme"])]
OfPartner = Annotated[
    str | None, QueryParameter(name="partner", max_length=200, pattern=NO_NUL, description="Of this partner only.")
]
Kind = Annotated[
    Literal["api_key", "oauth_client"], Meta(description="An `oauth_client` fetches tokens at `POST /oauth/token`.")
]
Scopes = Annotated[
    list[Name], Meta(max_length=20, description="What it may do.", examples=[["files:write", "status:read"]])
]
Until = Annotated[datetime, Meta(tz=True, description="When it ends by itself.", examples=["2027-01-01T00:00:00Z"])]


class NewCredential(Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner is to be given."""

    partner: Slug
    name: Annotated[Name, Meta(description="What it is for.", examples=["Workday nightly"])]
    scopes: Scopes
    kind: Kind = "api_key"
    expires_at: Until | None = None


class Rotation(Struct, frozen=True, forbid_unknown_fields=True):
    """How long the old one goes on beside its successor; without a word, until it is revoked."""

    grace_hours: Annotated[int, Meta(ge=0, le=MOST_GRACE, examples=[72])] | None = None


class CredentialView(Struct, frozen=True, kw_only=True):
    """A credential without its secret, of which we keep a digest only. An OAuth2 client's `prefix` is its client_id."""

    id: UUID
    partner: str
    kind: str
    name: str
    prefix: str
    scopes: list[str]
    is_live: bool
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class CredentialMade(CredentialView, frozen=True, kw_only=True):
    """A new credential with its secret, which is shown now and never again."""

    secret: str


@get("/", sync_to_thread=True, **may("credentials.manage"))
def list_credentials(
    call: NamedDependency[Call], partner: OfPartner = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[CredentialView]:
    """List the credentials of the firm's partners, ended ones included, the newest first."""
    with call.firm() as session:
        slugs = {one.id: one.slug for one in session.scalars(select(Partner))}
        found = credentials.listed(partner)
        order = (Credential.created_at, Credential.id)
        return page(session, found, order, lambda one: _view(one, slugs[one.partner_id]), cursor=cursor, limit=limit)


@post("/", sync_to_thread=True, **may("credentials.manage"))
def add_credential(data: JSONBody[NewCredential], call: NamedDependency[Call]) -> Response[CredentialMade]:
    """Give a partner an API key or an OAuth2 client; the answer is the only one that shows the secret.

    With an `Idempotency-Key`, the same request shows it again for a day, should the answer have been lost.
    """
    with call.firm() as session:
        return once(session, call, data, lambda: _added(session, call, data))


@get("/{credential_id:uuid}", sync_to_thread=True, **may("credentials.manage"))
def get_credential(credential_id: FromPath[UUID], call: NamedDependency[Call]) -> CredentialView:
    """Show one credential, without its secret."""
    with call.firm() as session:
        found = credentials.find(session, credential_id)
        return _view(found, _slug_of(session, found))


@post("/{credential_id:uuid}/rotations", sync_to_thread=True, **may("credentials.manage"))
def rotate_credential(
    credential_id: FromPath[UUID], data: JSONBody[Rotation], call: NamedDependency[Call]
) -> Response[CredentialMade]:
    """Make a successor with the same scopes; the old one lives on until it is revoked, or for `grace_hours`."""
    grace = None if data.grace_hours is None else timedelta(hours=data.grace_hours)

    def rotated() -> Response[CredentialMade]:
        return _made(session, credentials.rotate(session, credential_id, grace=grace, actor=call.actor))

    with call.firm() as session:
        return once(session, call, data, rotated)


@delete("/{credential_id:uuid}", sync_to_thread=True, **may("credentials.manage"))
def revoke_credential(credential_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Revoke a credential and the tokens fetched with it, at once; one that was revoked before stays as it is."""
    with call.firm() as session:
        credentials.revoke(session, credential_id, call.actor)


def _added(session: Session, call: Call, data: NewCredential) -> Response[CredentialMade]:
    partner = _find_partner(session, data.partner)
    made = credentials.add_key(
        session,
        call.who.firm_id,
        partner.id,
        name=data.name,
        scopes=data.scopes,
        expires_at=data.expires_at,
        actor=call.actor,
        kind=data.kind,
    )
    return _made(session, made)


def _find_partner(session: Session, slug: str) -> Partner:
    partner = session.scalar(select(Partner).where(Partner.slug == slug))
    if partner is None:
        raise NotFound("partner", slug)
    return partner


def _slug_of(session: Session, credential: Credential) -> str:
    return session.scalars(select(Partner.slug).where(Partner.id == credential.partner_id)).one()


def _view(one: Credential, partner: str) -> CredentialView:
    own = ("id", "kind", "name", "prefix", "scopes", "created_by", "created_at", "expires_at", "revoked_at")
    values = {name: getattr(one, name) for name in (*own, "last_used_at")}
    return CredentialView(partner=partner, is_live=credentials.is_live(one), **values)


def _made(session: Session, made: NewKey) -> Response[CredentialMade]:
    shown = structs.asdict(_view(made.credential, _slug_of(session, made.credential)))
    location = {"Location": f"/v1/credentials/{made.credential.id}"}
    return Response(CredentialMade(secret=made.secret, **shown), headers=NO_STORE | location)


router = Router(
    "/credentials",
    route_handlers=[list_credentials, add_credential, get_credential, rotate_credential, revoke_credential],
    tags=["credentials"],
)
