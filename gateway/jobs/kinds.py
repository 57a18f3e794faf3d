"""The one list of what a job can be: its queue, its handler, and how often it is tried."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, NamedTuple, get_args

Queue = Literal["urgent", "normal", "ingest", "bulk"]
QUEUES: tuple[Queue, ...] = get_args(Queue)

LADDER = (timedelta(0), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


class Kind(NamedTuple):
    """What is the same for all jobs of a kind.

    Attributes:
        queue: `urgent` and `normal` are waited for, `bulk` is not; `ingest` parses files, in a process of its own.
        handler: `module:function`, imported by the worker that runs it: whoever enqueues need not know it.
        ladder: how long to wait before each further attempt.
    """

    queue: Queue
    handler: str
    ladder: tuple[timedelta, ...] = LADDER

    @property
    def attempts(self) -> int:
        """The first, and one for each step of the ladder."""
        return 1 + len(self.ladder)


KINDS: dict[str, Kind] = {
    "ingest.run": Kind("ingest", "ingest.jobs:run"),
    "ingest.receipts": Kind("ingest", "ingest.jobs:write_receipts"),
    "ingest.sweep": Kind("normal", "ingest.jobs:sweep"),
    "ingest.retire": Kind("bulk", "ingest.retention:retire"),
    "audit.partitions": Kind("normal", "gateway.jobs.upkeep:make_partitions"),
    "jobs.purge": Kind("bulk", "gateway.jobs.upkeep:purge"),
}
