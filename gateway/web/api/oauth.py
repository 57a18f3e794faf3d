"""The token endpoint of OAuth 2.0, for the client credentials grant (RFC 6749, 4.4); its errors are the RFC's own."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote_plus

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import RawBody
from msgspec import UNSET, Struct, UnsetType

from gateway.domain.access.credentials import TOKEN_LASTS, issue_token
from gateway.office import Actor, Office
from gateway.web.auth.partners import client_of
from gateway.web.calls import NO_STORE, OPEN, Identity, origin_of
from gateway.web.limiting import count

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20

Code = Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]


class Token(Struct, frozen=True, kw_only=True):
    """An access token, or (RFC 6749, 5.2) the reason why there is none."""

    access_token: str | UnsetType = UNSET
    token_type: Literal["Bearer"] | UnsetType = UNSET
    expires_in: int | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    error: Code | UnsetType = UNSET
    error_description: str | UnsetType = UNSET


class _Refused(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code: Code = code
        self.sentence = sentence


@dataclass
class _Form(Operation):
    """The form that the endpoint takes; it reads the bytes itself, since the RFC asks for more than a schema can."""

    def __post_init__(self) -> None:
        text = Schema(type=OpenAPIType.STRING)
        fields = {
            "grant_type": Schema(type=OpenAPIType.STRING, const="client_credentials"),
            "scope": Schema(type=OpenAPIType.STRING, examples=["files:write status:read"]),
            "client_id": text,
            "client_secret": text,
        }
        schema = Schema(type=OpenAPIType.OBJECT, properties=dict(fields), required=["grant_type"])
        self.request_body = RequestBody(content={_FORM: OpenAPIMediaType(schema=schema)}, required=True)


@post("/oauth/token", status_code=200, sync_to_thread=True, tags=["who you are"], operation_class=_Form, **OPEN)
def give_token(request: Request[Any, Any, State], body: RawBody, office: NamedDependency[Office]) -> Response[Token]:
    """Give an OAuth2 client an access token for 15 minutes.

    A form with `grant_type=client_credentials` and, to ask for less than the client may, `scope`. The client proves
    itself by HTTP Basic, or by `client_id` and `client_secret` in the form. The token is good as long as the client is,
    and serves for many requests: fetching one counts as a request of its partner.
    """
    try:
        fields = _fields(request, body)
        client = _client(request, fields, office)
        scopes = _scopes(client, fields.get("scope"))
    except _Refused as refused:
        return _error(refused)
    actor = Actor("partner", client.name, client.id, origin_of(request), client.partner_id)
    with office.acting(client.firm_id, actor) as acting:
        token = issue_token(acting, client.id, scopes)
    given = Token(
        access_token=token,
        token_type="Bearer",  # noqa: S106 - the word of RFC 6750
        expires_in=int(TOKEN_LASTS.total_seconds()),
        scope=" ".join(sorted(scopes)),
    )
    return Response(given, headers=NO_STORE)


def _fields(request: Request[Any, Any, State], body: bytes) -> dict[str, str]:
    if request.content_type[0] != _FORM:
        raise _Refused("invalid_request", f"Send a form: Content-Type: {_FORM}.")
    try:
        pairs = parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise _Refused("invalid_request", "The form cannot be read.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Refused("invalid_request", "A field of the form stands there twice.")
    if "grant_type" not in fields:
        raise _Refused("invalid_request", "The field grant_type is missing.")
    if fields["grant_type"] != "client_credentials":
        raise _Refused("unsupported_grant_type", "The one grant_type here is client_credentials.")
    return fields


def _client(request: Request[Any, Any, State], fields: dict[str, str], office: Office) -> Identity:
    header = request.headers.get("authorization")
    if header is None:
        client_id, secret = fields.get("client_id", ""), fields.get("client_secret", "")
    else:
        client_id, secret = _basic(header)
        if "client_secret" in fields or fields.get("client_id", client_id) != client_id:
            raise _Refused("invalid_request", "Prove the client in the header or in the form, not in both.")
    client = client_of(office, client_id, secret)
    if client is None:
        sentence = "There is no such client, its secret is another one, or it has ended."
        raise _Refused("invalid_client", sentence)
    count(request, client)
    return client


def _basic(header: str) -> tuple[str, str]:
    """Id and secret are form-encoded before they are joined (RFC 6749, 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        joined = base64.b64decode(encoded.strip(), validate=True).decode("ascii") if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        joined = ""
    client_id, colon, secret = joined.partition(":")
    if not colon:
        raise _Refused("invalid_client", "The Authorization header is not HTTP Basic.")
    return unquote_plus(client_id), unquote_plus(secret)


def _scopes(client: Identity, asked: str | None) -> frozenset[str]:
    if asked is None:
        return client.scopes
    wanted = frozenset(asked.split())
    if not wanted or wanted - client.scopes:
        raise _Refused("invalid_scope", f"This client may ask for: {' '.join(sorted(client.scopes)) or 'nothing'}.")
    return wanted


def _error(refused: _Refused) -> Response[Token]:
    status, headers = 400, dict(NO_STORE)
    if refused.code == "invalid_client":
        status = 401
        headers["WWW-Authenticate"] = 'Basic realm="gateway"'
    return Response(Token(error=refused.code, error_description=refused.sentence), status_code=status, headers=headers)
