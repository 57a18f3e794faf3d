"""The pages of links that act when pressed: looking at one changes nothing, pressing its button acts once."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from litestar import HttpMethod, Request, Response, post, route
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from gateway.domain.expiry.items import Item
from gateway.domain.links import actions
from gateway.domain.links.actions import Offered, View
from gateway.office import Office
from gateway.web.calls import OPEN
from gateway.web.problems import Rejected
from gateway.web.public.pages import Form, Page, answer
from gateway.web.public.strangers import Strangers

_MOST_FIELDS = 20
_CHANNELS = {"email": "e-mail", "sms": "text message", "in_app": "notification", "web_push": "push message"}
_NONE = Page(
    title="There is no such link",
    lines=["Nothing is at this address. Look whether it was copied whole; nothing has changed."],
)
_OVER = Page(
    title="This link has expired",
    lines=["It does nothing any more, and nothing has changed. Ask the firm that wrote to you, or sign in there."],
)
_NOTHING_LEFT = Page(
    title="There is nothing left to answer",
    lines=["What you were told of was renewed meanwhile, or is no longer the firm's affair. You need do nothing."],
)
_UNTOUCHED = "If you only wanted to look, close this page: nothing changes until the button is pressed."


_LOOKING: dict[str, Any] = {"http_method": [HttpMethod.GET, HttpMethod.HEAD], "include_in_schema": False, **OPEN}


@route("/l/a/{token:str}", **_LOOKING)
async def look(
    request: Request[Any, Any, State], token: FromPath[str], office: NamedDependency[Office]
) -> Response[Any]:
    """Say what a press would do, and offer it; nothing changes."""
    return await sync_to_thread(_shown, request, token, office)


@route("/l/u/{token:str}", **_LOOKING)
async def look_ahead(
    request: Request[Any, Any, State], token: FromPath[str], office: NamedDependency[Office]
) -> Response[Any]:
    """The same at the address of one click, for whoever opens it."""
    return await sync_to_thread(_shown, request, token, office)


def _shown(request: Request[Any, Any, State], token: str, office: Office) -> Response[Any]:
    offered = _found(request, office, token)
    if offered is None:
        return answer(_NONE, 404)
    if offered.used_at or not offered.is_open:
        return _done(offered) if offered.used_at else answer(_OVER, 410)
    return answer(_page(offered, actions.look(office, offered), f"/l/a/{token}"))


@post("/l/a/{token:str}", status_code=200, sync_to_thread=True, include_in_schema=False, **OPEN)
def press(
    request: Request[Any, Any, State], token: FromPath[str], body: RawBody, office: NamedDependency[Office]
) -> Response[Any]:
    """Do what the page says, once."""
    offered = _found(request, office, token)
    return answer(_NONE, 404) if offered is None else _pressed(office, offered, _days(body))


@post("/l/u/{token:str}", status_code=200, sync_to_thread=True, include_in_schema=False, **OPEN)
def one_click(
    request: Request[Any, Any, State], token: FromPath[str], body: RawBody, office: NamedDependency[Office]
) -> Response[Any]:
    """Unsubscribe, as mail programs ask for it (RFC 8058): without a page before, a cookie or a redirect."""
    if not _asks_for_it(body):
        raise Rejected(
            400, "invalid_request", "This address takes List-Unsubscribe=One-Click; open it to use a button."
        )
    offered = _found(request, office, token)
    if offered is None or offered.act != "unsubscribe":
        return answer(_NONE, 404)
    return _pressed(office, offered, None)


def _asks_for_it(body: bytes) -> bool:
    """A form of either kind says so."""
    return body.find(b"List-Unsubscribe") >= 0 and body.find(b"One-Click") >= 0


def _found(request: Request[Any, Any, State], office: Office, token: str) -> Offered | None:
    strangers: Strangers = request.app.state.strangers
    strangers.check(request)
    offered = actions.find(office, token)
    if offered is None:
        strangers.missed(request)
    return offered


def _pressed(office: Office, offered: Offered, days: int | None) -> Response[Any]:
    if offered.used_at:
        return _done(offered)
    if not offered.is_open:
        return answer(_OVER, 410)
    if actions.press(office, offered, days):
        return answer(Page(title="Done", lines=[_DONE[offered.act]]))
    return answer(Page(title="This was done already", lines=[_DONE[offered.act]]))


def _days(body: bytes) -> int | None:
    """What was chosen, if anything: a form of one field."""
    try:
        fields = dict(parse_qsl(body.decode("ascii"), max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Rejected(400, "invalid_request", "The form cannot be read; open the link again.") from None
    days = fields.get("days", "")
    return int(days) if days.isascii() and days.isdigit() and len(days) <= len(str(max(actions.SNOOZES))) else None


# ---------------------------------------------------------------- in words

_DONE = {
    "acknowledge": "It is on record that you have this in hand.",
    "snooze": "You will be reminded later.",
    "unsubscribe": "You will get no more of these messages.",
}


def _done(offered: Offered) -> Response[Any]:
    assert offered.used_at is not None  # noqa: S101 - see the callers
    day = offered.used_at.astimezone(ZoneInfo(offered.time_zone))
    when = f"It was done on {day.day} {day:%B %Y}; nothing more is needed."
    return answer(Page(title="This was done already", lines=[_DONE[offered.act], when]))


def _page(offered: Offered, view: View, action: str) -> Page:
    if offered.act == "unsubscribe":
        return _unsubscribing(offered, view, action)
    if not view.items:
        return _NOTHING_LEFT
    items = [_item(one) for one in view.items]
    return _acknowledging(offered, items, action) if offered.act == "acknowledge" else _snoozing(view, items, action)


def _item(one: Item) -> str:
    what = re.split("[;,]", one.what)[0]  # without the rule that follows
    return f"{one.initials}: {what}, ends on {one.expires_on.day} {one.expires_on:%B %Y}"


def _acknowledging(offered: Offered, items: list[str], action: str) -> Page:
    own = offered.client_id is not None
    button = "I have seen this" if own else "I have this in hand"
    press = (
        f"{offered.firm} reminded you of what is below. If you press the button, the firm hears that you have seen it;"
        " its own people are reminded all the same, until one of them has it in hand."
        if own
        else f"{offered.firm} asks who looks after what is below. If you press the button, you are on record for it."
    )
    return Page(
        title="Answer a reminder", lines=[press], items=items, form=Form(action=action, button=button), after=_UNTOUCHED
    )


def _snoozing(view: View, items: list[str], action: str) -> Page:
    if not view.days:
        wait = "This cannot wait any longer: its last day has come, or a newer reminder has been given."
        return Page(title="Be reminded later", lines=[wait], items=items)
    choices = {str(days): "Tomorrow" if days == 1 else f"In {days} days" for days in view.days}
    form = Form(action=action, button="Remind me later", asks="When to be reminded again", name="days", choices=choices)
    press = "If you press the button, you are not reminded of this again before the day that you choose."
    return Page(title="Be reminded later", lines=[press], items=items, form=form, after=_UNTOUCHED)


def _unsubscribing(offered: Offered, view: View, action: str) -> Page:
    channel = _CHANNELS.get(view.channel, "message")
    press = f"If you press the button, {offered.firm} sends you no more messages of this kind by {channel}."
    form = Form(action=action, button="Send me no more")
    return Page(title="Unsubscribe", lines=[press], form=form, after=_UNTOUCHED)
