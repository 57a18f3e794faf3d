"""Workers without processes: does the jobs that may run now, as a worker does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gateway.jobs.queues import Queue
from gateway.jobs.worker import drain
from gateway.office import Office
from gateway.wings import KINDS


def do_jobs(office: Office, queues: Sequence[Queue]) -> None:
    """Until nothing in these queues may run now."""
    drain(office, KINDS, queues, timedelta(seconds=30))
