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
from gateway.web.console.page import Desk, is_script
from gateway.web.console.repair import At
from gateway.web.problems import on_problem
from gateway.web.public.pages import Page, answer, on_http_error_page, on_problem_page, on_surprise_page

HERE = "/repair"
SENT = f"{HERE}/sent"
SENT_CODES = ("sent", "sent_by_firm")
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
    if found is None or found.ended_code not in SENT_CODES:
        return answer(
            Page(title="Nothing was sent here", lines=["Open the link in the message that you were sent."]), 404
        )
    return answer(sent_page(found))


def sent_page(found: Found) -> Page:
    """What becomes of rows of which none is left, and who sent the last of them."""
    sent = found.rows_sent or 0
    number = f"{sent:,} {'row' if sent == 1 else 'rows'}"
    if found.ended_code == "sent_by_firm":
        told = f"{found.firm} has put right what was left of them, and sent it itself."
    else:
        told = f"{found.firm} has them, as a file that corrects the first one."
    return Page(
        title=f"{number} sent, and none is left",
        lines=[
            f"{told} Nothing more is needed of you here.",
            "Should one of them still not be right, you are sent another message, with another link.",
        ],
    )


def _on_problem(request: Request[Any, Any, State], error: Problem) -> Response[Any]:
    """As a page; to the grid's own script, as it is."""
    return on_problem(request, error) if is_script(request) else on_problem_page(request, error)


router = Router(
    HERE,
    route_handlers=[*repair.GRID, say_sent],
    dependencies={
        "desk": Provide(_provide_desk, sync_to_thread=False),
        "at": Provide(_provide_at, sync_to_thread=False),
    },
    exception_handlers={
        Problem: _on_problem,
        HTTPException: on_http_error_page,
        Exception: on_surprise_page,
    },
    opt=BY_LINK,
    include_in_schema=False,
)
