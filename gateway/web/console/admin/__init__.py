"""What a firm's admins look after: a page for each part, and one that leads to them."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency

from gateway.web.calls import Call, may
from gateway.web.console.admin import credentials, health, jobs, limits, parts, staff, walls
from gateway.web.console.page import Desk, Entry

ENTRY = Entry("Admin", "/admin", "staff.manage")
_PAGES = (staff, credentials, walls, limits, jobs, health)
SAID = {word: sentence for one in _PAGES for word, sentence in one.SAID.items()}


@get("/admin", sync_to_thread=True, **may(ENTRY.permission))
def look(call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Lead to the parts."""
    with call.acting() as acting:
        return parts.page(acting, desk, "admin.html")


HANDLERS = (look, *(handler for one in _PAGES for handler in one.HANDLERS))
