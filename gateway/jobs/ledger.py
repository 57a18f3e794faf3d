"""The ledger of jobs: where they are added, kept, ended and tried again; `gateway.jobs.claims` hands them out.

A job is a row from the moment at which its cause is committed, and every change of its state is a conditional update
that names the attempt. So a job that a broker forgot is found, one whose worker died is claimed again, and a worker
that was taken for dead changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.session import tell_after_commit
from gateway.errors import Conflict, NotFound, Problem
from gateway.jobs.queues import Queue
from gateway.tracing import traceparent

WORKER_DIED = "The worker that had this job ended, or was not heard of for too long."
PROGRESS = "gateway_progress"  # the channel on which the id of a job that got further is notified

_PLATFORM = UUID(int=0)
Payload = Mapping[str, UUID | str | int]
Ended = Literal["waiting", "dead"]


class LeaseLost(Problem):
    """This attempt is no longer the job's: the transaction must not commit, and nothing more is to be done."""

    def __init__(self, job_id: UUID) -> None:
        super().__init__("lease_lost", f"Somebody else has taken over the job {job_id}.")


class Job(Struct, frozen=True):
    """A job as its worker has it.

    Attributes:
        attempts: this one included. With `worker` it is the fence: a crash of the server may take back a claim, and
            with it the number, but nobody claims under the same name twice.
        last_error: how the attempt before ended.
        trace: the span in which it was made, as W3C traceparent; None where nobody traced.
    """

    id: UUID
    firm_id: UUID | None
    kind: str
    payload: dict[str, Any]
    attempts: int
    max_attempts: int
    worker: str
    last_error: str | None
    trace: str | None = None

    @property
    def worker_died(self) -> bool:
        """Whether the attempt before ended without a word, so that this job itself may be what ends workers."""
        return self.last_error == WORKER_DIED


class New(NamedTuple):
    """A job to be added; see `gateway.jobs.kinds.enqueue`, the way to ask for one."""

    kind: str
    queue: Queue
    attempts: int
    payload: Payload
    firm_id: UUID | None
    key: str | None
    lane: str | None
    about: UUID | None
    not_before: datetime | None


def add(session: Session, new: New) -> UUID | None:
    """Add a job in the caller's transaction, and wake workers after its commit; None where its key is taken."""
    values = new._asdict() | {
        "turn": new.firm_id or _PLATFORM,
        "payload": msgspec.json.encode(new.payload).decode(),
        "trace": traceparent(),
    }
    job_id: UUID | None = session.scalar(_ADD, values)
    if job_id and (new.not_before is None or new.not_before <= clock.now()):
        tell_after_commit(session, new.queue)
    return job_id


_ADD = text(
    "INSERT INTO jobs (firm_id, turn, kind, queue, payload, key, lane, about, not_before, max_attempts, trace)"
    " VALUES (:firm_id, :turn, :kind, :queue, :payload, :key, :lane, :about, coalesce(:not_before, gateway_now()),"
    " :attempts, :trace)"
    " ON CONFLICT (kind, key, firm_id) WHERE key IS NOT NULL DO NOTHING RETURNING id"
)


# ---------------------------------------------------------------- running


def keep(session: Session, held: Sequence[tuple[Job, dict[str, Any] | None]], lease: timedelta) -> None:
    """Renew leases and note progress, in a system session. A job that is just being ended is left alone.

    Args:
        session: of the system.
        held: jobs, each with how far it is; None leaves what was noted.
        lease: how long the worker may be silent from now on.
    """
    values = {
        "ids": [job.id for job, _ in held],
        "attempts": [job.attempts for job, _ in held],
        "workers": [job.worker for job, _ in held],
        "progress": [None if told is None else msgspec.json.encode(told).decode() for _, told in held],
        "lease": lease,
    }
    further = session.execute(_KEEP, values).scalars().all()
    for job_id in filter(None, further):
        session.execute(text("SELECT pg_notify(:channel, :job)"), {"channel": PROGRESS, "job": str(job_id)})


_KEEP = text("""
WITH mine AS (
    SELECT j.id, h.progress FROM jobs j
    JOIN unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[]), CAST(:workers AS text[]), CAST(:progress AS text[]))
        h (id, attempt, worker, progress) ON h.id = j.id AND h.attempt = j.attempts AND h.worker = j.worker
    WHERE j.state = 'running' FOR UPDATE OF j SKIP LOCKED
)
UPDATE jobs SET lease_until = clock_timestamp() + :lease,
                progress = coalesce(CAST(mine.progress AS jsonb), jobs.progress)
FROM mine WHERE jobs.id = mine.id RETURNING CASE WHEN mine.progress IS NOT NULL THEN jobs.id END
""")


# ---------------------------------------------------------------- ending


def hold(session: Session, job: Job) -> None:
    """See in a handler's transaction that the job is still this attempt's, and that it stays so until the commit.

    Raises:
        LeaseLost: it is not; do not commit.
    """
    if session.scalar(_HOLD, _mine(job)) is None:
        raise LeaseLost(job.id)


_MINE = "id = :id AND attempts = :attempt AND worker = :worker AND state = 'running'"
_HOLD = text(f"SELECT id FROM jobs WHERE {_MINE} FOR NO KEY UPDATE")


def _mine(job: Job) -> dict[str, object]:
    return {"id": job.id, "attempt": job.attempts, "worker": job.worker}


def finish(session: Session, job: Job, progress: Mapping[str, object] | None = None) -> None:
    """End a job as done: the last statement of the transaction that did its work.

    Args:
        session: of the job's firm, or of the system.
        job: as claimed.
        progress: how far it came in the end; None leaves what was noted.

    Raises:
        LeaseLost: the job is no longer this attempt's; do not commit.
    """
    told = None if progress is None else msgspec.json.encode(progress).decode()
    if session.scalar(_FINISH, _mine(job) | {"progress": told}) is None:
        raise LeaseLost(job.id)


_FINISH = text(
    "UPDATE jobs SET state = 'done', lease_until = NULL, last_error = NULL, finished_at = gateway_now(),"
    f" progress = coalesce(CAST(:progress AS jsonb), progress) WHERE {_MINE} RETURNING id"
)


def stand_in(session: Session, job: Job) -> None:
    """End as done the dead jobs of a job's kind and lane: call it in the transaction that has done what they should.

    It is for jobs that do whatever is there to be done, so that a later one leaves nothing to an earlier one; what
    the dead ones died of stays with them.
    """
    session.execute(_STAND_IN, {"id": job.id})


_STAND_IN = text(
    "UPDATE jobs SET state = 'done', finished_at = gateway_now() FROM jobs mine WHERE mine.id = :id"
    " AND jobs.state = 'dead' AND jobs.kind = mine.kind AND jobs.lane = mine.lane AND jobs.turn = mine.turn"
)


def fail(session: Session, job: Job, sentence: str, *, wait: timedelta | None) -> Ended:
    """Note how an attempt failed: the job waits so long for its next one, or is dead where there is none.

    Raises:
        LeaseLost: the job is no longer this attempt's.
    """
    state: Ended = "dead" if wait is None else "waiting"
    values = {"state": state, "wait": wait, "error": sentence}
    if session.scalar(_FAIL, _mine(job) | values) is None:
        raise LeaseLost(job.id)
    return state


_FAIL = text(
    "UPDATE jobs SET state = :state, lease_until = NULL, last_error = :error,"
    " not_before = gateway_now() + coalesce(CAST(:wait AS interval), '0'),"
    " finished_at = CASE WHEN :state = 'dead' THEN gateway_now() END"
    f" WHERE {_MINE} RETURNING id"
)


def give_back(session: Session, jobs: Sequence[Job]) -> None:
    """Let others take jobs that this process cannot finish before it must end; the attempt does not count."""
    for job in jobs:
        session.execute(_GIVE_BACK, _mine(job))


_GIVE_BACK = text(
    "UPDATE jobs SET state = 'waiting', lease_until = NULL, max_attempts = max_attempts + 1,"
    " last_error = 'Its worker was stopped before it was done.' WHERE id IN"
    f" (SELECT id FROM jobs WHERE {_MINE} FOR UPDATE SKIP LOCKED)"
)


def reclaim(session: Session) -> list[Queue]:
    """Let jobs whose lease ran out be claimed again, or be dead after their last attempt; in a system session.

    Returns:
        The queues in which there is something to do now.
    """
    found = session.execute(_RECLAIM, {"error": WORKER_DIED})
    return sorted({row.queue for row in found if row.state == "waiting"})


_RECLAIM = text("""
UPDATE jobs SET state = CASE WHEN attempts < max_attempts THEN 'waiting' ELSE 'dead' END, lease_until = NULL,
                finished_at = CASE WHEN attempts < max_attempts THEN NULL ELSE gateway_now() END, last_error = :error
WHERE id IN (SELECT id FROM jobs WHERE state = 'running' AND lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED)
RETURNING queue, state
""")


# ---------------------------------------------------------------- by hand


def kind_of(session: Session, job_id: UUID) -> str:
    """The name of a job's kind, which this version may not know.

    Raises:
        NotFound: there is no such job in this session's sight.
    """
    found: str | None = session.scalar(text("SELECT kind FROM jobs WHERE id = :id"), {"id": job_id})
    if found is None:
        raise NotFound("job", str(job_id))
    return found


def retry(session: Session, job_id: UUID, *, attempts: int) -> None:
    """Let a dead job, or one that waits for its next attempt, run now; a dead one has so many attempts more.

    Raises:
        Permanent: `not_retryable`, it is running or done.
    """
    state = session.scalar(text("SELECT state FROM jobs WHERE id = :id FOR UPDATE"), {"id": job_id})
    if state not in {"dead", "waiting"}:
        raise Conflict("not_retryable", f"The job {job_id} is {state}; only dead or waiting ones can be retried.")
    queue = session.scalar(_RETRY, {"id": job_id, "more": attempts})
    tell_after_commit(session, str(queue))


_RETRY = text(
    "UPDATE jobs SET max_attempts = CASE state WHEN 'dead' THEN attempts + :more ELSE max_attempts END,"
    " state = 'waiting', not_before = gateway_now(), finished_at = NULL WHERE id = :id RETURNING queue"
)


def purge(session: Session, before: datetime, at_most: int) -> int:
    """Delete done jobs that ended before an instant; returns how many were found."""
    done = session.execute(
        text(
            "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = 'done' AND finished_at < :before"
            " LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING id"
        ),
        {"before": before, "most": at_most},
    )
    return len(done.all())
