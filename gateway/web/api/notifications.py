"""Notifications on request: sent to people by the channels that they are reached by, looked at, called off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from gateway.office import Acting
from gateway.web.calls import Call, may
from gateway.web.idempotency import once
from gateway.web.texts import Name
from outbound.notify import service
from outbound.notify.asking import Addressee
from outbound.notify.service import Account, Priority

_TO = [{"staff": "li.wei@northgate.example"}, {"client": "E1042", "partner": "acme"}]
_DATA = {"title": "The office is closed on Friday", "paragraphs": ["We are back on Monday."]}


class Somebody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to tell, exactly one of them: staff by e-mail address or id; a client by id, or with `partner` by what its
    files call the person; a contact of a partner's settings, such as `late`. A partner's own slug may be left out.
    """

    staff: Name | None = None
    client: Name | None = None
    contact: Name | None = None
    partner: Name | None = None


class NewNotification(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to tell whom: a template that may be asked for, and its values; at `scheduled_at`, or now."""

    recipients: Annotated[list[Somebody], Meta(min_length=1, max_length=service.MOST_RECIPIENTS, examples=[_TO])]
    template: Annotated[Name, Meta(examples=["announcement"])]
    data: Annotated[dict[str, Any], Meta(examples=[_DATA])]
    priority: Priority = "normal"
    channels: Annotated[list[Name], Meta(min_length=1, max_length=10, examples=[["email"]])] | None = None
    scheduled_at: datetime | None = None


class AcceptedNotification(Struct, frozen=True, kw_only=True):
    """What was put on record: one dispatch for each recipient and channel."""

    id: UUID
    dispatches: int


class CalledOff(Struct, frozen=True, kw_only=True):
    """How many dispatches had not left, and will not."""

    cancelled: int


@post("/", sync_to_thread=True, status_code=202, **may("notifications.send"))
def send_notification(call: NamedDependency[Call], data: JSONBody[NewNotification]) -> Response[AcceptedNotification]:
    """Tell people something; 422 `notification_wrong` names every fault by its place, and then nothing is sent."""
    with call.acting() as acting:
        return once(acting, call, data, lambda: _sent(acting, data))


def _sent(acting: Acting, data: NewNotification) -> Response[AcceptedNotification]:
    recipients = [Addressee(**_named(one)) for one in data.recipients]
    wanted = service.Wanted(recipients, data.template, data.data, data.priority, data.channels, data.scheduled_at)
    made = service.send(acting, wanted)
    answer = AcceptedNotification(id=made.id, dispatches=made.dispatches)
    return Response(answer, status_code=202, headers={"Location": f"/v1/notifications/{made.id}"})


def _named(one: Somebody) -> Mapping[str, str | None]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


@get("/{notification_id:uuid}", sync_to_thread=True, **may("notifications.read"))
def get_notification(notification_id: FromPath[UUID], call: NamedDependency[Call]) -> Account:
    """Show how it stands with each recipient and channel, and how many are in which state."""
    with call.acting() as acting:
        return service.look(acting, notification_id)


@post("/{notification_id:uuid}/cancel", sync_to_thread=True, status_code=200, **may("notifications.send"))
def cancel_notification(notification_id: FromPath[UUID], call: NamedDependency[Call]) -> CalledOff:
    """Call off what has not left; what has stays sent."""
    with call.acting() as acting:
        return CalledOff(cancelled=service.cancel(acting, notification_id))


router = Router(
    "/notifications",
    route_handlers=[send_notification, get_notification, cancel_notification],
    tags=["notifications"],
)
