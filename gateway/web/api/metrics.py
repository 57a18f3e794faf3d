"""Figures for Prometheus: what this process served, and how the installation stands, counted when asked."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.di import NamedDependency
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.web.calls import OPEN, origin_of
from gateway.web.problems import Rejected
from ingest.office import Office

_LOOPBACK = {"127.0.0.1", "::1", "testclient"}


class Measure(NamedTuple):
    """One figure of the installation: a query whose last column is the value, the others the labels."""

    name: str
    describes: str
    labels: tuple[str, ...]
    query: str


MEASURES = [
    Measure(
        "gateway_imports",
        "Imports of the last 24 hours by partner and state",
        ("partner", "state"),
        """SELECT p.slug, i.state, count(*)
           FROM imports i JOIN partners p ON p.firm_id = i.firm_id AND p.id = i.partner_id
           WHERE i.received_at > gateway_now() - interval '1 day' GROUP BY 1, 2""",
    ),
    Measure(
        "gateway_rows",
        "Rows of the imports of the last 24 hours by partner and outcome",
        ("partner", "outcome"),
        """SELECT p.slug, r.key, sum(r.value::bigint)
           FROM imports i JOIN partners p ON p.firm_id = i.firm_id AND p.id = i.partner_id
           CROSS JOIN LATERAL jsonb_each_text(i.counts -> 'rows') r
           WHERE i.received_at > gateway_now() - interval '1 day' AND r.key <> 'read' GROUP BY 1, 2""",
    ),
    Measure(
        "gateway_feed_age_seconds",
        "Seconds since a file of the feed was last accepted",
        ("partner", "feed"),
        """SELECT p.slug, f.name, extract(epoch FROM gateway_now() - max(i.finished_at))
           FROM imports i JOIN feeds f ON f.firm_id = i.firm_id AND f.id = i.feed_id
           JOIN partners p ON p.firm_id = i.firm_id AND p.id = i.partner_id
           WHERE i.state IN ('loaded', 'loaded_with_errors', 'released', 'no_change') GROUP BY 1, 2""",
    ),
    Measure(
        "gateway_jobs",
        "Jobs by queue, kind and state; done ones of the last 24 hours",
        ("queue", "kind", "state"),
        """SELECT queue, kind, state, count(*) FROM jobs
           WHERE state <> 'done' OR finished_at > gateway_now() - interval '1 day' GROUP BY 1, 2, 3""",
    ),
    Measure(
        "gateway_queue_age_seconds",
        "Seconds for which the oldest job that could run has waited, by queue",
        ("queue",),
        """SELECT queue, extract(epoch FROM gateway_now() - min(not_before)) FROM jobs
           WHERE state = 'waiting' AND not_before <= gateway_now() GROUP BY 1""",
    ),
]


@get("/metrics", sync_to_thread=True, include_in_schema=False, **OPEN)
def metrics(request: Request[Any, Any, Any], office: NamedDependency[Office]) -> Response[bytes]:
    """Give the figures to who knows the token of the settings; without one there, to this machine only."""
    _check(request, office.settings.metrics_token)
    with office.db.system() as session:
        standing = generate_latest(_Standing(session))
    return Response(generate_latest(REGISTRY) + standing, media_type=CONTENT_TYPE_LATEST)


def _check(request: Request[Any, Any, Any], token: str | None) -> None:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    known = hmac.compare_digest(given.encode(), token.encode()) if token else origin_of(request) in _LOOPBACK
    if not known:
        raise Rejected(403, "forbidden", "The figures are for whoever knows GATEWAY_METRICS_TOKEN.")


class _Standing(CollectorRegistry):
    """How the installation stands at this moment, over all firms."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One family a measure."""
        for measure in MEASURES:
            family = GaugeMetricFamily(measure.name, measure.describes, labels=measure.labels)
            for *labels, value in self._session.execute(text(measure.query)):
                family.add_metric([str(label) for label in labels], float(value or 0))
            yield family
