"""What machines that watch the installation ask: whether it can serve, and how it stands at this moment."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway import tallies
from gateway.jobs.queues import QUEUES
from gateway.office import Office

DEAD_JOBS = "gateway_dead_jobs"


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


_WAITING_PARCELS = """FROM parcels w JOIN delivery_lines l ON l.firm_id = w.firm_id AND l.id = w.line_id
           JOIN partners p ON p.firm_id = w.firm_id AND p.id = w.partner_id WHERE w.state = 'waiting'"""

_ACCOUNTS = """FROM rest_accounts a
           JOIN partners p ON p.firm_id = a.firm_id AND p.id = a.partner_id AND p.status = 'active'"""

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
        DEAD_JOBS,
        "Jobs that nobody tries again unless a person says so, by kind",
        ("kind",),
        "SELECT kind, count(*) FROM jobs WHERE state = 'dead' GROUP BY 1",
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
        "Imports that are not at their end, and those that failed in the last 24 hours, by partner and state",
        ("partner", "state"),
        """SELECT p.slug, i.state, count(*)
           FROM imports i JOIN partners p ON p.firm_id = i.firm_id AND p.id = i.partner_id
           WHERE i.state IN ('received', 'running', 'unpacking', 'held')
              OR (i.state = 'failed' AND i.received_at > gateway_now() - interval '1 day') GROUP BY 1, 2""",
    ),
    Measure(
        "gateway_receipts_missing",
        "Imports at their end of which the partner has no receipt yet",
        (),
        "SELECT count(*) FROM imports WHERE receipt_at IS NULL AND state NOT IN ('received', 'running', 'unpacking')",
    ),
    Measure(
        "gateway_deliveries_waiting",
        "Parcels that have not left, by partner and delivery",
        ("partner", "delivery"),
        f"""SELECT p.slug, l.name, count(*) {_WAITING_PARCELS} GROUP BY 1, 2""",
    ),
    Measure(
        "gateway_delivery_oldest_seconds",
        "Seconds for which the oldest parcel of a delivery has waited, by partner and delivery",
        ("partner", "delivery"),
        f"""SELECT p.slug, l.name, extract(epoch FROM gateway_now() - min(w.created_at)) {_WAITING_PARCELS}
            AND NOT l.rests GROUP BY 1, 2""",
    ),
    Measure(
        "gateway_deliveries_disabled",
        "Deliveries on which nothing is sent until somebody resumes them, by partner",
        ("partner", "delivery"),
        """SELECT p.slug, l.name, 1 FROM delivery_lines l
           JOIN partners p ON p.firm_id = l.firm_id AND p.id = l.partner_id WHERE l.disabled_at IS NOT NULL""",
    ),
    Measure(
        "gateway_notice_late_seconds",
        "Seconds for which the oldest notice that could leave has waited, by channel and priority",
        ("channel", "priority"),
        """SELECT d.channel, n.priority, extract(epoch FROM gateway_now() - min(greatest(d.not_before, d.due_at)))
           FROM dispatches d JOIN notifications n ON n.firm_id = d.firm_id AND n.id = d.notification_id
           WHERE d.state = 'waiting' AND d.not_before <= gateway_now() GROUP BY 1, 2""",
    ),
    Measure(
        "gateway_notices_for_people",
        "Notices that wait for a person, by channel: `held`, nobody knows whether they came through; `unknown`, asked",
        ("channel", "state"),
        """SELECT channel, state, count(*) FROM dispatches WHERE state IN ('held', 'unknown') GROUP BY 1, 2""",
    ),
    Measure(
        "gateway_channels_resting",
        "1 where a channel is left alone because its provider fails, or asks for it",
        ("channel",),
        "SELECT channel, 1 FROM channel_states WHERE rests_until IS NOT NULL GROUP BY 1",
    ),
    Measure(
        "gateway_feed_alarms",
        "What feeds owe: files that are late or missing, or that came empty or short, by partner, feed and kind",
        ("partner", "feed", "kind"),
        """SELECT p.slug, f.name, a.kind, count(*)
           FROM feed_alarms a JOIN partners p ON p.firm_id = a.firm_id AND p.id = a.partner_id
           JOIN feeds f ON f.firm_id = a.firm_id AND f.id = a.feed_id
           WHERE a.cleared_at IS NULL AND p.status = 'active' GROUP BY 1, 2, 3""",
    ),
    Measure(
        "gateway_hris_budget_left",
        "Calls that may still be made to an HRIS, by partner, account and span: `hour` or `day`; where one is agreed",
        ("partner", "account", "span"),
        f"""SELECT p.slug, a.account, s.span, greatest(s.budget - coalesce(c.calls, 0), 0)
           {_ACCOUNTS}
           CROSS JOIN LATERAL (
               VALUES ('hour', a.hourly, interval '61 minutes'), ('day', a.daily, interval '1441 minutes')
           ) s (span, budget, past)
           CROSS JOIN LATERAL (
               SELECT sum(t.calls) AS calls FROM rest_sources r
               JOIN feeds f ON f.firm_id = r.firm_id AND f.id = r.feed_id AND f.partner_id = a.partner_id
               JOIN rest_spent t ON t.firm_id = r.firm_id AND t.feed_id = r.feed_id
               WHERE r.firm_id = a.firm_id AND r.account = a.account AND t.minute > gateway_now() - s.past
           ) c
           WHERE s.budget IS NOT NULL""",
    ),
    Measure(
        "gateway_hris_resting",
        "1 where an HRIS is left alone because calls failed, by partner and account",
        ("partner", "account"),
        # one that nobody tries any more is no concern
        f"SELECT p.slug, a.account, 1 {_ACCOUNTS} WHERE a.opened_at > gateway_now() - interval '15 minutes'",
    ),
    Measure(
        "gateway_hris_notice_age_seconds",
        "Seconds for which the oldest notice that somebody changed waits to be asked about, by partner and feed",
        ("partner", "feed"),
        """SELECT p.slug, f.name, extract(epoch FROM gateway_now() - min(n.noticed_at))
           FROM rest_persons n JOIN feeds f ON f.firm_id = n.firm_id AND f.id = n.feed_id
           JOIN partners p ON p.firm_id = f.firm_id AND p.id = f.partner_id AND p.status = 'active'
           JOIN rest_sources r ON r.firm_id = n.firm_id AND r.feed_id = n.feed_id AND r.disconnected_at IS NULL
           WHERE n.noticed_at IS NOT NULL GROUP BY 1, 2""",
    ),
    Measure(
        "gateway_places_failing",
        "Looks in a row that did not come through at a partner's place",
        ("partner", "via", "place"),
        """SELECT p.slug, l.via, l.place, l.failures
           FROM places l JOIN partners p ON p.firm_id = l.firm_id AND p.id = l.partner_id
           WHERE l.in_force AND l.failures > 0 AND p.status = 'active'""",
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


def check_served(office: Office) -> None:
    """See that the database answers, without which nothing can be served.

    Raises:
        Transient: it does not.
    """
    with office.db.nobody() as session:
        session.execute(text("SELECT 1"))


def figures(office: Office, kinds: Iterable[str]) -> list[str]:
    """What all processes have counted, each measure over all firms, and the disk: in the lines of Prometheus.

    Args:
        office: the surroundings.
        kinds: of jobs that there are.

    Raises:
        Transient: the database is away, and half of the figures would look like all of them.
    """
    tallies.settle(office.db)
    with office.db.system() as session:
        return [*tallies.told(session), *_standing(session, kinds), *_disk(office)]


def _standing(session: Session, kinds: Iterable[str]) -> Iterator[str]:
    for measure in MEASURES:
        always = tuple((kind,) for kind in kinds) if measure.name == DEAD_JOBS else measure.always
        found: dict[tuple[str, ...], float] = dict.fromkeys(always, 0.0)
        for *labels, value in session.execute(text(measure.query)):
            found[tuple(labels)] = float(value)
        yield from tallies.gauge(measure.name, measure.describes, measure.labels, found)


def _disk(office: Office) -> Iterator[str]:
    usage = shutil.disk_usage(office.settings.data_dir)
    yield from tallies.gauge("gateway_disk_bytes", "Size of the disk that holds the data folder", (), {(): usage.total})
    yield from tallies.gauge("gateway_disk_free_bytes", "What is free on it", (), {(): usage.free})
