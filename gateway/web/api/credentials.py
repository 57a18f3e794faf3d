"""API keys, OAuth2 clients, SSH keys and SFTP passwords of partners, as the admins of their firm handle them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct, structs

from gateway.domain.access import credentials, ssh_keys
from gateway.domain.access.credentials import NewKey, Shown
from gateway.domain.partners import homes
from gateway.office import Acting
from gateway.web.calls import NO_STORE, Call, may
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.texts import NO_NUL, Name

MOST_GRACE = 24 * 90  # hours

Slug = Annotated[Name, Meta(description="The partner's slug.", examples=["acme"])]
OfPartner = Annotated[
    str | None, QueryParameter(name="partner", max_length=200, pattern=NO_NUL, description="Of this partner only.")
]
Kind = Annotated[
    Literal["api_key", "oauth_client", "ssh_key", "sftp_password"],
    Meta(
        description="An `oauth_client` fetches tokens at `POST /oauth/token`; an `ssh_key` or an `sftp_password` logs"
        " in to the SFTP endpoint, under the partner's slug."
    ),
]
PublicKey = Annotated[
    str,
    Meta(
        max_length=ssh_keys.MOST_CHARACTERS,
        pattern=NO_NUL,
        description="Of an `ssh_key`: the line of its `.pub` file.",
        examples=["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPQIDZLQKj0SFXu0UUhIqUiDMJhDwiQmJGFF4JZi9X7K hr@acme.example"],
    ),
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
    public_key: PublicKey | None = None


class Rotation(Struct, frozen=True, forbid_unknown_fields=True):
    """How long the old one goes on beside its successor; without a word, until it is revoked.

    The successor of an `ssh_key` is another public key.
    """

    grace_hours: Annotated[int, Meta(ge=0, le=MOST_GRACE, examples=[72])] | None = None
    public_key: PublicKey | None = None


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
    fingerprint: str | None


class CredentialMade(CredentialView, frozen=True, kw_only=True):
    """A new credential with its secret, which is shown now and never again; an `ssh_key` has none."""

    secret: str | None


@get("/", sync_to_thread=True, **may("credentials.manage"))
def list_credentials(
    call: NamedDependency[Call], partner: OfPartner = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[CredentialView]:
    """List the credentials of the firm's partners, ended ones included, the newest first."""
    with call.acting() as acting:
        return page_of(credentials.listed(acting, partner, paging(cursor, limit)), view_of, limit)


@post("/", sync_to_thread=True, **may("credentials.manage"))
def add_credential(data: JSONBody[NewCredential], call: NamedDependency[Call]) -> Response[CredentialMade]:
    """Give a partner an API key or an OAuth2 client; the answer is the only one that shows the secret.

    With an `Idempotency-Key`, the same request shows it again for a day, should the answer have been lost.
    """
    return added(data, call)


def added(data: NewCredential, call: Call) -> Response[CredentialMade]:
    """A new credential, or the one that the caller made with this key before.

    Raises:
        NotFound: the firm has no such partner.
        Invalid: as `credentials.add_key`, and as `once`.
        Conflict: as `credentials.add_key`, and as `once`.
    """
    with call.acting() as acting:
        return once(acting, call, data, lambda: _added(acting, data))


@get("/{credential_id:uuid}", sync_to_thread=True, **may("credentials.manage"))
def get_credential(credential_id: FromPath[UUID], call: NamedDependency[Call]) -> CredentialView:
    """Show one credential, without its secret."""
    with call.acting() as acting:
        return view_of(credentials.show(acting, credential_id))


@post("/{credential_id:uuid}/rotations", sync_to_thread=True, **may("credentials.manage"))
def rotate_credential(
    credential_id: FromPath[UUID], data: JSONBody[Rotation], call: NamedDependency[Call]
) -> Response[CredentialMade]:
    """Make a successor with the same scopes; the old one lives on until it is revoked, or for `grace_hours`."""
    grace = None if data.grace_hours is None else timedelta(hours=data.grace_hours)

    def rotated() -> Response[CredentialMade]:
        return _made(acting, credentials.rotate(acting, credential_id, grace=grace, public_key=data.public_key))

    with call.acting() as acting:
        return once(acting, call, data, rotated)


@delete("/{credential_id:uuid}", sync_to_thread=True, **may("credentials.manage"))
def revoke_credential(credential_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Revoke a credential and the tokens fetched with it, at once; one that was revoked before stays as it is."""
    with call.acting() as acting:
        credentials.revoke(acting, credential_id)


def _added(acting: Acting, data: NewCredential) -> Response[CredentialMade]:
    made = credentials.add_key(
        acting,
        homes.home_of(acting, data.partner).partner_id,
        name=data.name,
        scopes=data.scopes,
        expires_at=data.expires_at,
        kind=data.kind,
        public_key=data.public_key,
    )
    return _made(acting, made)


def view_of(shown: Shown) -> CredentialView:
    """A credential as admins see it."""
    one = shown.credential
    own = ("id", "kind", "name", "prefix", "scopes", "created_by", "created_at", "expires_at", "revoked_at")
    values = {name: getattr(one, name) for name in (*own, "last_used_at")}
    values["fingerprint"] = one.public_key and ssh_keys.fingerprint(one.public_key)
    return CredentialView(partner=shown.partner, is_live=credentials.is_live(one), **values)


def _made(acting: Acting, made: NewKey) -> Response[CredentialMade]:
    shown = structs.asdict(view_of(credentials.show(acting, made.credential.id)))
    location = {"Location": f"/v1/credentials/{made.credential.id}"}
    return Response(CredentialMade(secret=made.secret or None, **shown), headers=NO_STORE | location)


router = Router(
    "/credentials",
    route_handlers=[list_credentials, add_credential, get_credential, rotate_credential, revoke_credential],
    tags=["credentials"],
)
