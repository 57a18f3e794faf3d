"""Calls of partners' systems: proven by their signatures, stored, on record and queued before the answer leaves."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.params import FromPath, RawBody
from msgspec import UNSET, Struct, UnsetType

from gateway.domain.access.tiers import FILES
from gateway.errors import Invalid
from gateway.office import Office
from gateway.web.calls import SIGNED, Identity, origin_of
from gateway.web.idempotency import REPLAYED
from gateway.web.limiting import count
from gateway.web.problems import Rejected
from ingest.arrivals.proofs import Call
from ingest.arrivals.webhook_calls import Sender, Taken, sender_of, take

_EXAMPLE = {"data": {"employees": [{"employeeId": "HL-10042", "name": {"first": "Ana", "last": "Silva"}}]}}


class TakenCall(Struct, frozen=True, kw_only=True):
    """What a call has become.

    Attributes:
        import_id: of the file that it brought.
        status_url: tells what became of it.
        people: whom it says to have changed, where it brings no file.
    """

    import_id: UUID | UnsetType = UNSET
    status_url: str | UnsetType = UNSET
    people: int | UnsetType = UNSET


@dataclass
class _AnyBody(Operation):
    """Whatever the feed reads; it is verified before anybody looks into it."""

    def __post_init__(self) -> None:
        media = OpenAPIMediaType(schema=Schema(), example=_EXAMPLE)
        self.request_body = RequestBody(content={"application/json": media}, required=True)


@post(
    "/v1/webhooks/{partner:str}/{feed:str}",
    status_code=200,
    sync_to_thread=True,
    tags=["webhooks"],
    operation_class=_AnyBody,
    **SIGNED,
)
def take_call(
    request: Request[Any, Any, State],
    partner: FromPath[str],
    feed: FromPath[str],
    body: RawBody,
    office: NamedDependency[Office],
) -> Response[TakenCall]:
    """Send a file as the body of a signed call: answered once it is stored; `status_url` tells what became of it.

    Where it is agreed so, a call brings no file and says who changed (`people`), and they are asked for; or that there
    is something to fetch, and the feed's places are looked at.

    The partner's settings say how calls are signed: Standard Webhooks (`webhook-id`, `webhook-timestamp`,
    `webhook-signature`), an HMAC, or a bearer secret. A call that comes again is answered as it was the first time,
    however much later, with `Idempotency-Replayed: true`. 401 `unproven` whatever is wrong with the proof, also where
    there is no such partner or feed; 413 above 1 MB.
    """
    call, origin = Call(_headers(request), body), origin_of(request)
    sender = sender_of(office, partner, feed, call, origin)
    if sender is None:
        raise _unproven()
    count(request, _identity(sender), *([] if sender.arrival.pull else [FILES]))
    try:
        taken = take(office, sender, call, origin)
    except Invalid as problem:
        raise Rejected(400, problem.code, problem.sentence) from problem
    return Response(_answer(taken), status_code=200, headers={} if taken.is_new else {REPLAYED: "true"})


def _answer(taken: Taken) -> TakenCall:
    if taken.import_id is None:
        return TakenCall(people=taken.people)
    return TakenCall(import_id=taken.import_id, status_url=f"/v1/imports/{taken.import_id}")


def _headers(request: Request[Any, Any, State]) -> dict[str, list[str]]:
    """All of each name, as they came: bytes that are no UTF-8 included, since they may be signed."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in request.scope["headers"]:
        found[name.decode("latin-1").lower()].append(value.decode("utf-8", "surrogateescape").strip())
    return dict(found)


def _identity(sender: Sender) -> Identity:
    home = sender.home
    return Identity(
        firm_id=home.firm_id,
        id=home.partner_id,
        name=home.slug,
        partner_id=home.partner_id,
        rate_tier=sender.rate_tier,
        limits=sender.limits,
    )


def _unproven() -> Rejected:
    return Rejected(
        401,
        "unproven",
        "The call does not prove that it comes from a partner who sends files here: sign it as agreed, with our time.",
        headers={"WWW-Authenticate": 'Webhook realm="gateway"'},  # RFC 9110, 11.6.1
    )
