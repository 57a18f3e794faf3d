"""Pushes to the browsers of staff: our key, and the browsers that take them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from gateway.web.calls import Call, may
from gateway.web.idempotency import earlier, keep
from gateway.web.texts import NO_NUL
from outbound.notify import pushing, subscribing
from outbound.notify.pushing import Browser
from outbound.notify.subscribing import Subscribed

Endpoint = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2_000,
        pattern=NO_NUL,
        examples=["https://updates.push.services.mozilla.com/wpush/v2/gAAAA"],
    ),
]
_POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
Point = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL, examples=[_POINT])]
Auth = Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_NUL, examples=["BTBZMqHH6r4Tts7J_aSIgg"])]


class PushKey(Struct, frozen=True):
    """What a page gives to `pushManager.subscribe` as `applicationServerKey`."""

    public_key: str


class BrowserKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """As `PushSubscription.toJSON` gives them."""

    p256dh: Point
    auth: Auth


class NewSubscription(Struct, frozen=True, kw_only=True):
    """What `PushSubscription.toJSON` gives; what else it holds is left alone."""

    endpoint: Endpoint
    keys: BrowserKeys


@get("/push-key", sync_to_thread=True, tags=["pushes"], **may("inbox.use"))
def push_key(call: NamedDependency[Call]) -> PushKey:
    """Tell the key by which push services know us; a browser that was subscribed with another must subscribe anew."""
    return PushKey(pushing.public_key(call.office.settings))


@get("/", sync_to_thread=True, **may("inbox.use"))
def list_subscriptions(call: NamedDependency[Call]) -> list[Subscribed]:
    """List one's browsers that take pushes, the oldest first."""
    with call.acting() as acting:
        return list(subscribing.subscriptions(acting))


@post("/", status_code=201, sync_to_thread=True, **may("inbox.use"))
def add_subscription(data: JSONBody[NewSubscription], call: NamedDependency[Call]) -> Response[Subscribed]:
    """Have a browser take one's pushes; the same one again is the same one. At most ten: the oldest goes.

    422 `push_host_unknown` for an endpoint at no push service that is known here, `push_key_unfit`.
    """
    with call.acting() as acting:
        if (kept := earlier(acting, call, data)) is not None:
            return kept
        made = subscribing.subscribe(acting, Browser(data.endpoint, data.keys.p256dh, data.keys.auth))
        answer = Response(made, status_code=201)
        keep(acting, call, data, answer)
        return answer


@delete("/{subscription_id:uuid}", status_code=204, sync_to_thread=True, **may("inbox.use"))
def delete_subscription(subscription_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Send no more pushes to a browser."""
    with call.acting() as acting:
        subscribing.unsubscribe(acting, subscription_id)


router = Router(
    "/push-subscriptions",
    route_handlers=[list_subscriptions, add_subscription, delete_subscription],
    tags=["pushes"],
)
