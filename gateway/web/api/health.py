"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct

from gateway.domain.upkeep import monitoring
from gateway.errors import Problem
from gateway.office import Office
from gateway.web.calls import OPEN
from gateway.web.problems import Rejected


class Health(Struct, frozen=True):
    """What a load balancer asks."""

    status: str


@get("/health/live", sync_to_thread=False, tags=["health"], **OPEN)
def live() -> Health:
    """Say that the process answers."""
    return Health("live")


@get("/health/ready", sync_to_thread=True, tags=["health"], **OPEN)
def ready(office: NamedDependency[Office]) -> Health:
    """Say whether requests can be served: the database answers. 503 while it does not."""
    try:
        monitoring.check_served(office)
    except Problem as problem:
        raise Rejected(503, "not_ready", problem.sentence, headers={"Retry-After": "1"}) from problem
    return Health("ready")
