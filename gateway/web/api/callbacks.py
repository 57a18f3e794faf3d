"""What the provider of texts tells us: what became of a text, and what was answered to one; proven by its signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import RawBody

from gateway.office import Office
from gateway.web.calls import SIGNED
from gateway.web.problems import Rejected
from outbound.notify import callbacks
from outbound.notify.callbacks import Proven

_FORM = "application/x-www-form-urlencoded"
_STATUS = {"MessageSid": "SM0123456789abcdef0123456789abcdef", "MessageStatus": "delivered", "AccountSid": "AC01"}
_INBOUND = {"MessageSid": "SM0123456789abcdef0123456789abcdef", "From": "+13125550100", "Body": "STOP"}


@dataclass
class _Status(Operation):
    """The form that the provider sends; it is verified before anybody looks into it."""

    def __post_init__(self) -> None:
        self.request_body = _form(_STATUS)


@dataclass
class _Inbound(Operation):
    """Likewise."""

    def __post_init__(self) -> None:
        self.request_body = _form(_INBOUND)


@post(
    "/v1/callbacks/sms/status",
    status_code=204,
    sync_to_thread=True,
    tags=["callbacks"],
    operation_class=_Status,
    **SIGNED,
)
def note_status(request: Request[Any, Any, State], body: RawBody, office: NamedDependency[Office]) -> None:
    """Tell what became of a text (`MessageStatus`), signed as Twilio does (`X-Twilio-Signature`).

    States only move forward: what comes twice, late or about nothing of ours is answered alike and changes nothing.
    401 `unproven` whatever is wrong with the proof.
    """
    callbacks.status(office, _proven(request, body, office))


@post(
    "/v1/callbacks/sms/inbound",
    status_code=200,
    sync_to_thread=True,
    media_type="text/xml",
    tags=["callbacks"],
    operation_class=_Inbound,
    **SIGNED,
)
def take_answer(request: Request[Any, Any, State], body: RawBody, office: NamedDependency[Office]) -> Response[str]:
    """Tell what somebody answered to a text, signed likewise; the answer is TwiML.

    STOP (and STOPALL, UNSUBSCRIBE, CANCEL, END, QUIT, OPTOUT, REVOKE) ends texts to this number, START (UNSTOP, YES)
    begins them again, HELP (INFO) explains; all else is answered with nothing.
    """
    twiml = callbacks.inbound(office, _proven(request, body, office))
    return Response(twiml, status_code=200, media_type="text/xml")


def _proven(request: Request[Any, Any, State], body: bytes, office: Office) -> Proven:
    query = request.scope["query_string"].decode("latin-1")
    signature = request.headers.get("x-twilio-signature", "")
    found = callbacks.prove(office.settings, request.scope["path"], query, body, signature)
    if found is None:
        raise Rejected(
            401,
            "unproven",
            "The call does not prove that it comes from our provider of texts: it is signed with the account's token"
            " for the address under GATEWAY_PUBLIC_URL.",
            headers={"WWW-Authenticate": 'Callback realm="gateway"'},  # RFC 9110, 11.6.1
        )
    return found


def _form(example: dict[str, str]) -> RequestBody:
    schema = Schema(type=OpenAPIType.OBJECT, properties={name: Schema(type=OpenAPIType.STRING) for name in example})
    return RequestBody(content={_FORM: OpenAPIMediaType(schema=schema, example=example)}, required=True)
