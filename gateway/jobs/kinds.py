"""What a job can be: a value that whoever does the work declares beside its handler; and how to ask for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from gateway.jobs import ledger
from gateway.jobs.handling import Handler
from gateway.jobs.ledger import Job, Payload
from gateway.jobs.queues import Queue
from gateway.office import Office

LADDER = (timedelta(0), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


class Clockwork(NamedTuple):
    """When the clock makes a job of a kind, in every installation.

    Attributes:
        name: of the row in `schedules`, where an operator may switch it off.
        cron: five fields, see `gateway.jobs.cron`.
        time_zone: of the IANA database.
    """

    name: str
    cron: str
    time_zone: str = "UTC"


@dataclass(frozen=True)
class Kind:
    """What is the same for all jobs of a kind.

    Attributes:
        name: `room.verb`; stands in the ledger, so it outlives releases.
        queue: who waits for it.
        handler: does the work.
        ladder: how long to wait before each further attempt.
        clockwork: when the clock asks for it; None where only an act does.
        prepare: loads what its jobs need, once in a process and before the first of its queue is claimed; for what
            takes so long that a crowd of first jobs would wait for it.
    """

    name: str
    queue: Queue
    handler: Handler
    ladder: tuple[timedelta, ...] = LADDER
    clockwork: Clockwork | None = None
    prepare: Callable[[Office], None] | None = None

    @property
    def attempts(self) -> int:
        """The first, and one for each step of the ladder."""
        return 1 + len(self.ladder)

    def wait_after(self, job: Job) -> timedelta | None:
        """How long until the next attempt; None after the last. A job retried by hand starts its ladder anew."""
        left = job.max_attempts - job.attempts
        return self.ladder[-min(left, len(self.ladder))] if left > 0 and self.ladder else None


class Kinds(Mapping[str, Kind]):
    """The kinds that an installation knows, by name.

    Raises:
        ValueError: two of one name.
    """

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._by_name: dict[str, Kind] = {}
        for kind in kinds:
            if self._by_name.setdefault(kind.name, kind) is not kind:
                raise ValueError(f"two kinds of job are called {kind.name}")

    def __getitem__(self, name: str) -> Kind:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


def enqueue(
    session: Session,
    kind: Kind,
    payload: Payload,
    *,
    firm_id: UUID | None,
    key: str | None = None,
    lane: str | None = None,
    about: UUID | None = None,
    not_before: datetime | None = None,
) -> UUID | None:
    """Add a job in the caller's transaction; workers are woken after its commit.

    Args:
        session: of this firm, or of the system.
        kind: as declared by whoever does the work.
        payload: ids and words; facts are read when the job runs.
        firm_id: None for the platform's own jobs.
        key: a second job of this kind, firm and key is not added.
        lane: jobs of the same lane never run at the same time.
        about: the record that it is about, for whoever asks how far that is.
        not_before: when it may run; None is now.

    Returns:
        The job's id, or None where its key is taken.
    """
    new = ledger.New(kind.name, kind.queue, kind.attempts, payload, firm_id, key, lane, about, not_before)
    return ledger.add(session, new)


def retry(session: Session, kinds: Kinds, job_id: UUID) -> None:
    """Let a dead job, or one that waits for its next attempt, run now; a dead one has all its attempts again.

    Raises:
        NotFound: there is no such job in this session's sight.
        Permanent: `not_retryable`, it is running or done.
    """
    kind = kinds.get(ledger.kind_of(session, job_id))
    ledger.retry(session, job_id, attempts=kind.attempts if kind else 1)
