"""What is done about a partner: places looked at now, deliveries resumed and sent again, learned names forgotten."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from gateway.domain.partners import homes, names
from gateway.web.api.deliveries import Delivery, DeliveryDetail
from gateway.web.api.partners import Slug
from gateway.web.calls import Call
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk
from gateway.web.idempotency import once
from gateway.web.texts import Name
from ingest.arrivals.polling import look_soon
from outbound import desk as deliveries


class Named(Struct, frozen=True):
    """A delivery of the partner."""

    delivery: Delivery


class OfFeed(Struct, frozen=True):
    """The feed that learned a name."""

    feed: Name


@post("/partners/{slug:str}/looks", sync_to_thread=True, **takes_form("files.send"))
def look_there(
    slug: Slug,
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Have the partner's places looked at now."""
    with call.acting() as acting:
        found = look_soon(acting, slug)
    return desk.on_to(f"/partners/{slug}", "partner-looked" if found else "partner-looked-none")


@post("/partners/{slug:str}/deliveries/resume", sync_to_thread=True, **takes_form("deliveries.send"))
def resume(
    slug: Slug, form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Send at once what waits on a line."""
    which = form.read(Named)
    with call.acting() as acting:
        deliveries.resume(acting, slug, which.delivery)
    return desk.on_to(f"/partners/{slug}#deliveries", "partner-resumed")


@post("/partners/{slug:str}/deliveries/{delivery_id:uuid}/replay", sync_to_thread=True, **takes_form("deliveries.send"))
def replay(
    slug: Slug,
    delivery_id: FromPath[UUID],
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Send one again, once however often it is pressed."""
    with call.acting() as acting:

        def again() -> Response[DeliveryDetail]:
            return Response(DeliveryDetail.of(deliveries.replay(acting, delivery_id)), status_code=202)

        homes.home_of(acting, slug)
        once(acting, form.keyed(call), {"delivery": delivery_id}, again)
    return desk.on_to(f"/partners/{slug}#deliveries", "partner-again")


@post("/partners/{slug:str}/learned/{name_id:uuid}/forget", sync_to_thread=True, **takes_form("partners.configure"))
def forget(
    slug: Slug,
    name_id: FromPath[UUID],
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Forget a column name that a feed has learned."""
    feed = form.read(OfFeed).feed
    with call.acting() as acting:
        names.forget(acting, homes.home_of(acting, slug), feed, name_id)
    return desk.on_to(f"/partners/{slug}#learned", "partner-forgotten")


HANDLERS = (look_there, resume, replay, forget)
