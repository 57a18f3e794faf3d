"""The grid for the partner's people who opened a link: one file's rejected rows, and nothing else of the firm."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException

from gateway.domain.links.repairs import Found
from gateway.errors import Problem
from gateway.office import Office
from gateway.web.auth.visits import BY_LINK, found_by_cookie
from gateway.web.calls import OPEN, Call
from gateway.web.console import repair
from gateway.web.console.page import Desk
from gateway.web.console.repair import At
from gateway.web.public.pages import Page, answer, on_http_error_page, on_problem_page, on_surprise_page

HERE = "/repair"
SENT = f"{HERE}/sent"
_FIRM = "the firm"


def _provide_desk(request: Request[Any, Any, State], call: NamedDependency[Call]) -> Desk:
    return Desk(request, call, (), repair.SAID, request.state.proof, is_visit=True)


def _provide_at(request: Request[Any, Any, State]) -> At:
    found: Found = request.state.visit
    return At(found.import_id, HERE, others=_FIRM, after=SENT)


@get("/sent", sync_to_thread=True, **OPEN)
def say_sent(request: Request[Any, Any, State], office: NamedDependency[Office]) -> Response[Any]:
    """Say what was sent, to whoever did, or comes after somebody who did."""
    found = found_by_cookie(request, office)
    if found is None or found.ended_code != "sent":
        return answer(
            Page(title="Nothing was sent here", lines=["Open the link in the message that you were sent."]), 404
        )
    return answer(sent_page(found))


def sent_page(found: Found) -> Page:
    """What becomes of rows that were sent, and of those that were not."""
    sent, left = found.rows_sent or 0, found.rows_left or 0
    rest = f", {left:,} left as {'it was' if left == 1 else 'they were'}" if left else ""
    return Page(
        title=f"{sent:,} {'row' if sent == 1 else 'rows'} sent{rest}",
        lines=[
            f"{found.firm} has them, as a file that corrects the first one. Nothing more is needed of you here.",
            "Should one of them still not be right, you are sent another message, with another link.",
        ],
    )


router = Router(
    HERE,
    route_handlers=[*repair.GRID, say_sent],
    dependencies={
        "desk": Provide(_provide_desk, sync_to_thread=False),
        "at": Provide(_provide_at, sync_to_thread=False),
    },
    exception_handlers={
        Problem: on_problem_page,
        HTTPException: on_http_error_page,
        Exception: on_surprise_page,
    },
    opt=BY_LINK,
    include_in_schema=False,
)
