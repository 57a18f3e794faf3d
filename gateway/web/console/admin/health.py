"""Whether the installation can do its work: what doctor says, as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from gateway.errors import Conflict
from gateway.web.api.health import examined
from gateway.web.calls import Call, may
from gateway.web.console.admin.parts import page
from gateway.web.console.page import Desk

SAID: Mapping[str, str] = {}
_WORST_FIRST = ("problem", "warning", "ok")


@get("/admin/health", sync_to_thread=True, **may("health.read"))
def look(request: Request[Any, Any, State], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show each check, the worst first; what is still being looked at is told the next time."""
    try:
        found, shared = examined(request.app.state.examiner, call.office), None
    except Conflict as problem:
        found, shared = None, problem.sentence
    checks = sorted(found.checks, key=lambda one: _WORST_FIRST.index(one.level)) if found else []
    with call.acting() as acting:
        return page(
            acting,
            desk,
            "admin_health.html",
            status=409 if shared else 200,
            shared=shared,
            found=found,
            checks=checks,
            amiss=[one for one in checks if one.level != "ok"],
        )


HANDLERS = (look,)
