"""The bell, for staff: what has come, read or not, and told at once."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import ServerSentEvent

from gateway.web.auth import may_still
from gateway.web.belling import Belling
from gateway.web.calls import Call, may
from gateway.web.pages import Limit
from gateway.web.problems import Rejected
from outbound.notify import inbox
from outbound.notify.inbox import Message, Shown

_LARGEST = 9_223_372_036_854_775_807  # of a bigint
After = Annotated[
    int | None,
    QueryParameter(ge=0, le=_LARGEST, description="Behind the message of this `seq`; without it the newest."),
]


@get("/", sync_to_thread=True, **may("inbox.use"))
def list_messages(call: NamedDependency[Call], after: After = None, limit: Limit = 50) -> Shown:
    """List what has come under one's bell, the oldest first; `unread` counts all that was not opened.

    Numbers (`seq`) grow, with gaps: a wall hides a message, or it went with somebody who was erased.
    """
    with call.acting() as acting:
        return inbox.listed(acting, after=after, limit=limit)


@post("/{message_id:uuid}/read", status_code=200, sync_to_thread=True, **may("inbox.use"))
def read_message(message_id: FromPath[UUID], call: NamedDependency[Call]) -> Message:
    """Note that one has opened a message; the first time counts."""
    with call.acting() as acting:
        return inbox.read(acting, message_id)


@get("/events", sync_to_thread=True, media_type="text/event-stream", **may("inbox.use"))
def follow_inbox(
    request: Request[Any, Any, State], call: NamedDependency[Call], state: State, after: After = None
) -> ServerSentEvent:
    """Hear of messages as they come: an event `message` each, whose id is its `seq`, so that browsers go on behind it.

    It begins behind `Last-Event-ID`, else `after`, else with what comes next. A comment every ten seconds says that the
    stream lives. The event `closed` ends it when the session or account has ended. 429 `too_many_at_once` for whoever
    has four already.
    """
    belling: Belling = state.belling
    behind = _last_event(request.headers.get("last-event-id"), after)
    return ServerSentEvent(belling.events(call, behind, partial(may_still, request, call.who)))


def _last_event(text: str | None, after: int | None) -> int | None:
    if not text:
        return after
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= _LARGEST):
        raise Rejected(400, "bad_event_id", "Last-Event-ID is none of ours; leave it out to begin anew.")
    return int(text)


router = Router("/inbox", route_handlers=[list_messages, read_message, follow_inbox], tags=["inbox"])
