"""What anybody may open in a browser, without signing in: short links, links that act when pressed, links to rows."""

from __future__ import annotations

from litestar import Router

from gateway.errors import Problem
from gateway.web.public import presses, redirects, repairs
from gateway.web.public.pages import on_problem_page

router = Router(
    "/",
    route_handlers=[
        redirects.follow,
        presses.look,
        presses.look_ahead,
        presses.press,
        presses.one_click,
        *repairs.HANDLERS,
    ],
    exception_handlers={Problem: on_problem_page},
)
