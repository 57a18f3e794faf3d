"""Figures for Prometheus: what all processes have counted, and how the installation stands at this moment."""

from __future__ import annotations

import hmac
import shutil
from collections.abc import Iterator
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, REGISTRY, generate_latest
from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway import tallies
from gateway.jobs.queues import QUEUES
from gateway.limits import Counter, OnRedis
from gateway.office import Office
from gateway.web.calls import OPEN, origin_of
from gateway.web.problems import Rejected
from gateway.wings import KINDS

_LOOPBACK = {"127.0.0.1", "::1", "testclient"}


class Measure(NamedTuple):
    """One figure of the installation.

    Attributes:
        query: its last column is the value, the others the labels. It must not read what is done: that is millions.
        always: labels that are told as 0 where the query does not find them, so that silence means no answer.
    """

    name: str
    describes: str
    labels: tuple[str, ...]
    query: str
    always: tuple[tuple[str, ...], ...] = ()


MEASURES = [
    Measure(
        "gateway_queue_jobs",
        "Jobs by queue: `waiting` could run now, `later` waits for its time, `running` is being worked on",
        ("queue", "state"),
        """SELECT queue, CASE WHEN not_before <= gateway_now() THEN 'waiting' ELSE 'later' END, count(*)
           FROM jobs WHERE state = 'waiting' GROUP BY 1, 2
           UNION ALL SELECT queue, 'running', count(*) FROM jobs WHERE state = 'running' GROUP BY 1""",
        tuple((queue, state) for queue in QUEUES for state in ("waiting", "later", "running")),
    ),
    Measure(
        "gateway_queue_age_seconds",
        "Seconds for which the oldest job that could run has waited, by queue",
        ("queue",),
        """SELECT queue, extract(epoch FROM gateway_now() - min(not_before)) FROM jobs
           WHERE state = 'waiting' AND not_before <= gateway_now() GROUP BY 1""",
        tuple((queue,) for queue in QUEUES),
    ),
    Measure(
        "gateway_dead_jobs",
        "Jobs that nobody tries again unless a person says so, by kind",
        ("kind",),
        "SELECT kind, count(*) FROM jobs WHERE state = 'dead' GROUP BY 1",
        tuple((kind,) for kind in KINDS),
    ),
    Measure(
        "gateway_workers",
        "Processes that take jobs of a queue",
        ("queue",),
        """SELECT queue, count(*) FROM leases, jsonb_array_elements_text(about -> 'queues') queue
           WHERE name LIKE 'worker %' AND until > clock_timestamp() GROUP BY 1""",
        tuple((queue,) for queue in QUEUES),
    ),
    Measure(
        "gateway_scheduler_leaders",
        "Whether a scheduler makes jobs by the clock",
        (),
        "SELECT count(*) FROM leases WHERE name = 'scheduler' AND until > clock_timestamp()",
    ),
    Measure(
        "gateway_imports_waiting",
        "Imports that are received, running or held, and those that failed in the last 24 hours, by partner and state",
        ("partner", "state"),
        """SELECT p.slug, i.state, count(*)
           FROM imports i JOIN partners p ON p.firm_id = i.firm_id AND p.id = i.partner_id
           WHERE i.state IN ('received', 'running', 'held')
              OR (i.state = 'failed' AND i.received_at > gateway_now() - interval '1 day') GROUP BY 1, 2""",
    ),
    Measure(
        "gateway_receipts_missing",
        "Imports at their end of which the partner has no receipt yet",
        (),
        "SELECT count(*) FROM imports WHERE receipt_at IS NULL AND state NOT IN ('received', 'running')",
    ),
    Measure(
        "gateway_feed_age_seconds",
        "Seconds since a file of the feed was last accepted, of active partners",
        ("partner", "feed"),
        """SELECT p.slug, f.name, extract(epoch FROM gateway_now() - last.finished_at)
           FROM feeds f JOIN partners p ON p.firm_id = f.firm_id AND p.id = f.partner_id AND p.status = 'active'
           CROSS JOIN LATERAL (
               SELECT i.finished_at FROM imports i
               WHERE i.firm_id = f.firm_id AND i.feed_id = f.id AND i.finished_at IS NOT NULL
                 AND i.state IN ('loaded', 'loaded_with_errors', 'released', 'no_change')
               ORDER BY i.finished_at DESC LIMIT 1
           ) last""",
    ),
]


@get("/metrics", sync_to_thread=True, include_in_schema=False, **OPEN)
def metrics(request: Request[Any, Any, Any], office: NamedDependency[Office]) -> Response[bytes]:
    """Give the figures to who knows the token of the settings; without one there, to this machine only.

    503 while the database is away: half of the figures would look like all of them.
    """
    _check(request, office.settings.metrics_token)
    tallies.settle(office.db)
    with office.db.system() as session:
        lines = [*tallies.told(session), *_standing(session)]
    lines += [*_disk(office), *_breaker(request.app.state.counter), ""]
    return Response(generate_latest(REGISTRY) + "\n".join(lines).encode(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _check(request: Request[Any, Any, Any], token: str | None) -> None:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    known = hmac.compare_digest(given.encode(), token.encode()) if token else origin_of(request) in _LOOPBACK
    if not known:
        raise Rejected(403, "forbidden", "The figures are for whoever knows GATEWAY_METRICS_TOKEN.")


def _standing(session: Session) -> Iterator[str]:
    """Each measure, over all firms."""
    for measure in MEASURES:
        found: dict[tuple[str, ...], float] = dict.fromkeys(measure.always, 0.0)
        for *labels, value in session.execute(text(measure.query)):
            found[tuple(labels)] = float(value)
        yield from tallies.gauge(measure.name, measure.describes, measure.labels, found)


def _disk(office: Office) -> Iterator[str]:
    usage = shutil.disk_usage(office.settings.data_dir)
    yield from tallies.gauge("gateway_disk_bytes", "Size of the disk that holds the data folder", (), {(): usage.total})
    yield from tallies.gauge("gateway_disk_free_bytes", "What is free on it", (), {(): usage.free})


def _breaker(counter: Counter) -> Iterator[str]:
    """No value where no Redis is set: this process counts for itself, as it should."""
    told = "Whether this process leaves the limits' Redis alone because it did not answer"
    found: dict[tuple[str, ...], float] = {(): counter.is_away} if isinstance(counter, OnRedis) else {}
    yield from tallies.gauge("gateway_limits_breaker_open", told, (), found)
