"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, get
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from gateway.domain.upkeep import looking, monitoring
from gateway.domain.upkeep.checks import Check, Level
from gateway.errors import Problem
from gateway.office import Office
from gateway.web.calls import OPEN, Call, may
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


class CheckView(Struct, frozen=True, kw_only=True):
    """One thing that was looked at; `advice` says what to do unless it is well."""

    check: Annotated[str, Meta(examples=["data folder"])]
    level: Level
    found: Annotated[str, Meta(examples=["All are written."])]
    advice: str | None

    @classmethod
    def of(cls, one: Check) -> CheckView:
        """As the doctor says it."""
        return cls(check=one.name, level=one.level, found=one.found, advice=one.advice)


class Checks(Struct, frozen=True, kw_only=True):
    """What was found; `is_over` is false while some of it is still being looked at."""

    began_at: datetime
    is_over: bool
    checks: list[CheckView]


@get("/health/checks", sync_to_thread=True, tags=["health"], **may("health.read"))
def tell_checks(request: Request[Any, Any, Any], call: NamedDependency[Call]) -> Checks:
    """Tell what `gateway doctor` tells, within a few seconds; ask again for what is still being looked at.

    409 `installation_shared` where several firms share the installation, for its checks speak of all.
    """
    return examined(request.app.state.examiner, call.office)


def examined(examiner: looking.Examiner, office: Office) -> Checks:
    """The checks as they are told.

    Raises:
        Conflict: `installation_shared`.
    """
    looking.refuse_shared(office)
    found = examiner.look()
    return Checks(began_at=found.began_at, is_over=found.is_over, checks=[CheckView.of(one) for one in found.checks])
