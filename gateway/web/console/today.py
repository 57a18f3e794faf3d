"""The first page: what waits for a person, in fixed groups, each line with its age and where to go on."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response, get
from litestar.di import NamedDependency

from gateway.domain.waiting import Kind, heaps
from gateway.web.calls import Call, may
from gateway.web.console.page import Desk, Entry
from ingest.waiting import MOST, waiting

ENTRY = Entry("Today", "/", "imports.read")
SAID: Mapping[str, str] = {}
_PERMISSIONS: Mapping[Kind, str] = {"cases": "attorneys.read", "papers": "documents.read", "messages": "notices.read"}
_OTHERS: Mapping[Kind, tuple[str, str, str]] = {  # one of them, what is the matter, where it is seen to
    "papers": ("paper", "Somebody was told that it ends, and nobody has said that it is in hand", "/expiring"),
    "cases": ("case", "No attorney could take it yet", "/workload#waiting"),
    "messages": ("message", "It did not arrive, or nobody knows", "/messages"),
}


@get("/", sync_to_thread=True, **may(ENTRY.permission))
def look(call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show what waits."""
    with call.acting() as acting:
        found = waiting(acting)
        others = [(one, *_OTHERS[one.kind]) for one in heaps(acting) if desk.may(_PERMISSIONS[one.kind])]
        count = found.number + sum(one.number for one, *_ in others)
        return desk.page(acting, "today.html", waiting=found, others=others, count=count, most=MOST)


HANDLERS = (look,)
