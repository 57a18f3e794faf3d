"""Whether work gets done: what doctor sees of jobs, workers, schedules and the broker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.engine import Addresses
from gateway.db.models import Schedule
from gateway.domain.upkeep.checks import Check, Level
from gateway.errors import Problem
from gateway.jobs import broker, leases
from gateway.jobs.cron import due_since
from gateway.jobs.queues import Queue
from gateway.settings import Settings

PATIENCE: dict[Queue, timedelta] = {  # how long a job may wait for a worker
    "urgent": timedelta(minutes=1),
    "normal": timedelta(minutes=5),
    "ingest": timedelta(minutes=30),
    "bulk": timedelta(hours=1),
    "arrivals": timedelta(minutes=15),
    "deliveries": timedelta(minutes=15),
    "notices": timedelta(minutes=1),
    "models": timedelta(minutes=10),
}

_SERVE = "Start them: gateway serve."
_LATE = timedelta(minutes=3)  # after the instant at which a job should have been made


def checks(session: Session) -> Iterator[Check]:
    """Jobs, workers and schedules, in a system session."""
    yield _dead(session)
    workers = _workers(session)
    yield _waiting(session, workers)
    yield _serving(workers)
    yield _schedules(session, workers)


def broker_check(settings: Settings, addresses: Addresses) -> Check:
    """Whether the broker answers; without it work goes on, only later."""
    try:
        kind = broker.kind_of(settings)
        broker.ping(settings, addresses)
    except Problem as problem:
        return Check("broker", "problem", problem.sentence, "See docs/jobs.md.")
    except Exception as error:  # noqa: BLE001 - each client has its own, and all mean the same
        why = str(error).strip() or type(error).__name__
        advice = "Start it or correct GATEWAY_BROKER_URL; until then jobs start some seconds late."
        return Check("broker", "warning", f"{kind.name} does not answer: {why}.", advice)
    return Check("broker", "ok", f"{kind.name} answers.")


def _dead(session: Session) -> Check:
    found = session.execute(
        text("SELECT kind, count(*) AS number FROM jobs WHERE state = 'dead' GROUP BY kind ORDER BY kind")
    ).all()
    if not found:
        return Check("dead jobs", "ok", "There are none.")
    told = ", ".join(f"{one.number} {one.kind}" for one in found)
    return Check("dead jobs", "problem", f"{told}.", "gateway job dead says why; gateway job retry ID tries again.")


def _waiting(session: Session, workers: dict[str, int]) -> Check:
    """The oldest job of each queue that could run; without any worker, only what should run anyway."""
    found = session.execute(
        text(
            "SELECT queue, count(*) AS number, gateway_now() - min(not_before) AS age FROM jobs"
            " WHERE state = 'waiting' AND not_before <= gateway_now() GROUP BY queue ORDER BY queue"
        )
    ).all()
    told = ", ".join(f"{one.number} {one.queue}, the oldest for {_in_words(one.age)}" for one in found)
    late = [one.queue for one in found if one.age > PATIENCE.get(one.queue, timedelta(0))]
    if late:
        advice = "More workers would help (docs/jobs.md)." if workers else _SERVE
        return Check("waiting jobs", "problem", f"{told}: too long for {', '.join(late)}.", advice)
    return Check("waiting jobs", "ok", f"{told}." if told else "There are none.")


def _serving(workers: dict[str, int]) -> Check:
    lacking = [queue for queue in PATIENCE if not workers.get(queue)]
    if lacking:
        found = f"Nobody works on {', '.join(lacking)}." if workers else "None runs."
        return Check("workers", "warning", found, f"{_SERVE} Commands do their work themselves.")
    return Check("workers", "ok", f"{', '.join(f'{number} for {queue}' for queue, number in workers.items())}.")


def _schedules(session: Session, workers: dict[str, int]) -> Check:
    """The scheduler, by its lease; and whether what is due was done."""
    leader = session.scalar(
        text("SELECT holder FROM leases WHERE name = :name AND until > clock_timestamp()"), {"name": leases.SCHEDULER}
    )
    if leader is None:
        level: Level = "problem" if workers else "warning"
        return Check("schedules", level, "No scheduler runs: nothing is done by the clock.", _SERVE)
    since = clock.now() - _LATE
    known = session.scalars(select(Schedule).where(Schedule.enabled).order_by(Schedule.name))
    late = [one.name for one in known if due_since(one.cron, one.time_zone, one.last_run, since)]
    if late:
        return Check("schedules", "problem", f"Not run: {', '.join(late)}.", "The log of the scheduler says why.")
    return Check("schedules", "ok", f"{leader} makes jobs by the clock.")


def _workers(session: Session) -> dict[str, int]:
    """Processes alive by queue."""
    found = session.execute(
        text(
            "SELECT queue, count(*) AS number FROM leases, jsonb_array_elements_text(about -> 'queues') queue"
            " WHERE name LIKE :workers AND until > clock_timestamp() GROUP BY queue ORDER BY queue"
        ),
        {"workers": f"{leases.WORKER}%"},
    )
    return {row.queue: row.number for row in found}


def _in_words(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds} s"
    return f"{seconds // 60} min"
