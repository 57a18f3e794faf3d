"""The first page: what waits for a person, in fixed groups, each line with its age and where to go on."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response, get
from litestar.di import NamedDependency

from gateway.web.calls import Call, may
from gateway.web.console.page import Desk, Entry
from ingest.waiting import MOST, waiting

ENTRY = Entry("Today", "/", "imports.read")
SAID: Mapping[str, str] = {}


@get("/", sync_to_thread=True, **may(ENTRY.permission))
def look(call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show what waits."""
    with call.acting() as acting:
        found = waiting(acting)
        return desk.page(acting, "today.html", waiting=found, count=found.number, most=MOST)


HANDLERS = (look,)
