"""The first page: what waits for a person, in fixed groups, each line with its age and where to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.domain.waiting import Kind, heaps
from gateway.web.api.deliveries import Which
from gateway.web.calls import Call, may
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk, Entry
from gateway.web.console.plots.dots import Line, worst_first
from ingest.days import FeedDays, days_of
from ingest.waiting import MOST, waiting
from outbound import desk as deliveries
from outbound.stuck import Stuck, send_again, stuck

ENTRY = Entry("Today", "/", "imports.read")
SAID: Mapping[str, str] = {
    "delivery-resumed": "What waits is sent now, in order.",
    "delivery-again": "It is sent again, under the id that it has.",
    "delivery-seen-to": "Somebody else has sent it again already; nothing was done.",
}
DAYS, MOST_FEEDS = 14, 40  # of the plot
_PERMISSIONS: Mapping[Kind, str] = {
    "people": "documents.read",
    "cases": "attorneys.read",
    "papers": "documents.read",
    "checks": "eligibility.review",
    "messages": "notices.read",
    "jobs": "jobs.retry",
}
_OTHERS: Mapping[Kind, tuple[str, str, str]] = {  # one of them, what is the matter, where it is seen to
    "people": (
        "person",
        "By our records they may not work any more, and nobody was told: that was long over when they came here",
        "/expiring?of=work&within=0",
    ),
    "papers": ("paper", "Somebody was told that it ends, and nobody has said that it is in hand", "/expiring"),
    "cases": ("case", "No attorney could take it yet", "/workload#waiting"),
    "checks": ("eligibility check", "No attorney has reviewed it yet", "/eligibility"),
    "messages": ("message", "It did not arrive, or nobody knows", "/messages"),
    "jobs": ("dead job", "It failed to the end, and is not tried again unless somebody says so", "/admin/jobs"),
}


@get("/", sync_to_thread=True, **may(ENTRY.permission))
def look(call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show what waits."""
    with call.acting() as acting:
        found = waiting(acting)
        others = [(one, *_OTHERS[one.kind]) for one in heaps(acting) if desk.may(_PERMISSIONS[one.kind])]
        halted = stuck(acting) if desk.may("deliveries.read") else Stuck([], [])
        count = found.number + halted.number + sum(one.number for one, *_ in others)
        lines = _lines(days_of(acting, DAYS)) if desk.may("partners.read") else []
        return desk.page(
            acting,
            "today.html",
            waiting=found,
            others=others,
            halted=halted,
            count=count,
            most=MOST,
            lines=worst_first(lines, MOST_FEEDS),
            fewer=max(0, len(lines) - MOST_FEEDS),
        )


def _lines(feeds: Sequence[FeedDays]) -> list[Line]:
    """The feeds of partners as the plot takes them."""
    return [Line(f"{one.partner} / {one.feed}", [(each.day, each.fate) for each in one.days]) for one in feeds]


@post("/deliveries/resume", sync_to_thread=True, **takes_form("deliveries.send"))
def resume(form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[Any]:
    """Send what waits on a line that is off."""
    which = form.read(Which)
    with call.acting() as acting:
        deliveries.resume(acting, which.partner, which.delivery)
    return desk.on_to("/", "delivery-resumed")


@post("/deliveries/{delivery_id:uuid}/replay", sync_to_thread=True, **takes_form("deliveries.send"))
def replay(
    delivery_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Send again what was given up."""
    with call.acting() as acting:
        is_sent = send_again(acting, deliveries.show(acting, delivery_id))
    return desk.on_to("/", "delivery-again" if is_sent else "delivery-seen-to")


HANDLERS = (look, resume, replay)
