"""What firm staff see in a browser: the one list of its pages, each a module with its line here.

A page calls the use cases that the API calls, with the API's own structs, limits and walls; it holds no query, and puts
nothing on record itself.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, Router
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from gateway.errors import Problem
from gateway.web.auth.cookies import csrf_cookie
from gateway.web.calls import Call
from gateway.web.console import (
    admin,
    assets,
    audit,
    cases,
    clients,
    eligibility,
    expiring,
    files,
    me,
    messages,
    partners,
    reports,
    signing,
    today,
    workload,
)
from gateway.web.console.page import Desk, on_http_error_page, on_problem_page, on_surprise_page
from gateway.web.problems import Rejected

PAGES = (today, files, clients, cases, expiring, messages, partners, workload, eligibility, reports, audit, admin, me)


def is_page(handler: BaseRouteHandler) -> bool:
    """Whether a route is one of the console's."""
    return str(handler).startswith(f"{__name__}.")


def is_wanted(request: Request[Any, Any, Any]) -> bool:
    """Whether a person asks in a browser, for something that no program would."""
    is_ours = not request.url.path.startswith(("/v1/", "/docs/", "/l/", "/r/"))
    return is_ours and "text/html" in request.headers.get("accept", "")


async def _for_staff(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Partners have the API; what a page of ours shows, it shows of the whole firm.

    Raises:
        Rejected: 403 `forbidden`.
    """
    if "may" in handler.opt and connection.state.call.who.is_partner:
        raise Rejected(403, "forbidden", "The console is for the firm's staff; partners' systems use the API.")


def _provide_desk(request: Request[Any, Any, Any], call: NamedDependency[Call]) -> Desk:
    said = {word: sentence for one in PAGES for word, sentence in one.SAID.items()}
    token = request.cookies.get(csrf_cookie(call.office.settings), "")
    return Desk(request, call, [one.ENTRY for one in PAGES], said, token)


router = Router(
    "/",
    route_handlers=[
        assets.give,
        *signing.HANDLERS,
        *(handler for one in PAGES for handler in one.HANDLERS),
    ],
    guards=[_for_staff],
    dependencies={"desk": Provide(_provide_desk, sync_to_thread=False)},
    exception_handlers={
        Problem: on_problem_page,
        HTTPException: on_http_error_page,
        Exception: on_surprise_page,
    },
    include_in_schema=False,
)
