"""Workers without processes: does the jobs that may run now, as a worker does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.jobs.queues import Queue
from gateway.jobs.worker import _handle
from gateway.office import Office
from gateway.wings import KINDS


def do_jobs(office: Office, queues: Sequence[Queue]) -> None:
    """Until nothing in these queues may run now."""
    for queue in queues:
        claims = Claims(office.db, queue, "tests", timedelta(seconds=30))
        while (job := claims.next()) is not None:
            _handle(Handling(office, job), KINDS.get(job.kind))
