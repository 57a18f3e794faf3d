"""Leads whoever follows a short link on, asked from the event loop; counting is done beside it."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.params import FromPath

from gateway.domain.links import links
from gateway.domain.links.clicks import Clicks
from gateway.web.calls import OPEN
from gateway.web.public.pages import Page, answer
from gateway.web.public.strangers import Strangers
from gateway.web.public.visitors import visitor_of

_ON = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_NONE = Page(title="There is no such link", lines=["Nothing is at this address. Look whether it was copied whole."])
_OVER = Page(title="This link has ended", lines=["It leads nowhere any more. Ask whoever gave it to you."])


@route("/l/{code:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False, **OPEN)
async def follow(request: Request[Any, Any, State], code: FromPath[str]) -> Response[Any]:
    """Lead on: 302; a page that says so with 410 where the link has ended, and with 404 where there is none."""
    state = request.app.state
    strangers: Strangers = state.strangers
    strangers.check(request)
    found = await links.follow(state.direct, code)
    if found is None:
        strangers.missed(request)
        return answer(_NONE, 404)
    if not found.is_open:
        return answer(_OVER, 410)
    clicks: Clicks = state.clicks
    clicks.note(found, visitor_of(request.method, request.scope["headers"]))
    return Response(None, status_code=302, headers={**_ON, "Location": found.target})
