"""Figures for Prometheus: what all processes have counted, and how the installation stands at this moment."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, REGISTRY, generate_latest

from gateway import tallies
from gateway.domain.upkeep import monitoring
from gateway.limits import Counter, OnRedis
from gateway.office import Office
from gateway.web.calls import OPEN, origin_of
from gateway.web.problems import Rejected
from gateway.wings import KINDS

_LOOPBACK = {"127.0.0.1", "::1", "testclient"}


@get("/metrics", sync_to_thread=True, include_in_schema=False, **OPEN)
def metrics(request: Request[Any, Any, Any], office: NamedDependency[Office]) -> Response[bytes]:
    """Give the figures to who knows the token of the settings; without one there, to this machine only.

    503 while the database is away: half of the figures would look like all of them.
    """
    _check(request, office.settings.metrics_token)
    lines = [*monitoring.figures(office, KINDS), *_breaker(request.app.state.counter), ""]
    return Response(generate_latest(REGISTRY) + "\n".join(lines).encode(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _check(request: Request[Any, Any, Any], token: str | None) -> None:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    known = hmac.compare_digest(given.encode(), token.encode()) if token else origin_of(request) in _LOOPBACK
    if not known:
        raise Rejected(403, "forbidden", "The figures are for whoever knows GATEWAY_METRICS_TOKEN.")


def _breaker(counter: Counter) -> Iterator[str]:
    """No value where no Redis is set: this process counts for itself, as it should."""
    told = "Whether this process leaves the limits' Redis alone because it did not answer"
    found: dict[tuple[str, ...], float] = {(): counter.is_away} if isinstance(counter, OnRedis) else {}
    yield from tallies.gauge("gateway_limits_breaker_open", told, (), found)
