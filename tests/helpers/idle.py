"""Jobs that nobody works on, in any state, for whoever looks at them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from gateway import clock
from gateway.db.models import JobRow
from gateway.jobs.kinds import enqueue
from gateway.wings import KINDS


def idle_job(office, firm_id: UUID | None, kind: str, state: str = "dead", minutes: int = 0, **more: Any) -> UUID:
    """A job that has been as it is for so many minutes; one that is dead or done was tried as often as it may be."""
    then = clock.now() - timedelta(minutes=minutes)
    with office.db.system() as session:
        job = session.get_one(JobRow, enqueue(session, KINDS[kind], {}, firm_id=firm_id, **more.pop("asked", {})))
        job.state, job.not_before = state, then
        if state == "running":
            job.started_at, job.worker, job.attempts = then, "w", 1
            job.lease_until = clock.now() + timedelta(hours=1)
        if state in ("dead", "done"):
            job.finished_at, job.attempts = then, job.max_attempts
        for name, value in more.items():
            setattr(job, name, value)
        return job.id
