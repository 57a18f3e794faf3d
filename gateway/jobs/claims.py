"""Hands out the jobs of one queue, fairly between firms."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from datetime import timedelta
from time import perf_counter
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from gateway.db.session import Database
from gateway.jobs.ledger import Job
from gateway.jobs.queues import Queue

_ROUND_SECONDS = 1.0  # after which a firm that came later is let in at the latest
_CLASHES = 5  # with others that open the same lane at the same moment


class Claims:
    """One process's claims on one queue; its threads share the rounds.

    A round lists the firms that wait: those with the fewest jobs running first, among them those that were served
    longest ago. Each is served at most once, its oldest job first, then the next round begins. Making a list takes
    some milliseconds with hundreds of firms, a claim a fraction of one. The platform takes its turn like a firm.
    """

    def __init__(self, db: Database, queue: Queue, worker: str, lease: timedelta) -> None:
        self._db, self._queue, self._worker, self._lease = db, queue, worker, lease
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._round: deque[UUID] = deque()
        self._begun = 0.0

    def next(self) -> Job | None:
        """Claim the next job; None when there is nothing to do now.

        Raises:
            Transient: the database is away or busy.
        """
        for _ in range(_CLASHES):
            turns, is_new = self._turns()
            try:
                job = self._claim(turns) if turns else None
            except IntegrityError:  # somebody else has opened the same lane since: now that can be seen
                continue
            if job or is_new:
                return job
            self._forget()
        return None

    def _turns(self) -> tuple[list[UUID], bool]:
        """The firms left in this round, and whether it has just begun; the first of them is the caller's alone."""
        with self._lock:
            is_new = not self._round or perf_counter() - self._begun > _ROUND_SECONDS
            if is_new:
                with self._db.system() as session:
                    self._round = deque(session.scalars(_TURNS, {"queue": self._queue}))
                self._begun = perf_counter()
            turns = list(self._round)
            if turns:
                self._round.popleft()
            return turns, is_new

    def _claim(self, turns: list[UUID]) -> Job | None:
        name = f"{self._worker}/{self._queue}#{next(self._numbers)}"  # one process claims from several queues
        values = {"queue": self._queue, "turns": turns, "worker": name, "lease": self._lease}
        with self._db.system() as session:
            row = session.execute(_CLAIM, values).one_or_none()
        if row is None:
            return None
        with self._lock:
            if row.turn in self._round:  # those before it had nothing to give
                self._round.remove(row.turn)
        told = (row.payload, row.attempts, row.max_attempts, name, row.last_error, row.trace)
        return Job(row.id, row.firm_id, row.kind, *told)

    def _forget(self) -> None:
        with self._lock:
            self._round.clear()


# Steps from firm to firm through the index, instead of reading all that waits
_TURNS = text("""
WITH RECURSIVE known AS (
    (SELECT turn FROM jobs WHERE state = 'waiting' AND queue = :queue ORDER BY turn LIMIT 1)
    UNION ALL
    SELECT (SELECT j.turn FROM jobs j WHERE j.state = 'waiting' AND j.queue = :queue AND j.turn > known.turn
            ORDER BY j.turn LIMIT 1)
    FROM known WHERE known.turn IS NOT NULL
), running AS (
    SELECT turn, count(*) AS number FROM jobs WHERE state = 'running' AND queue = :queue GROUP BY turn
)
SELECT known.turn FROM known LEFT JOIN running USING (turn)
CROSS JOIN LATERAL (
    SELECT j.not_before, j.id FROM jobs j
    WHERE j.state = 'waiting' AND j.queue = :queue AND j.turn = known.turn AND j.not_before <= gateway_now()
    ORDER BY j.not_before, j.id LIMIT 1
) oldest
LEFT JOIN LATERAL (
    SELECT j.claim FROM jobs j WHERE j.queue = :queue AND j.turn = known.turn AND j.state <> 'waiting'
    ORDER BY j.claim DESC LIMIT 1
) served ON true
ORDER BY coalesce(running.number, 0), served.claim NULLS FIRST, oldest.not_before, oldest.id
""")

# The join is lazy: it stops at the first firm that has a job to give, and locks nothing else. The claim need not reach
# the disk: whoever loses it in a crash of the server has lost its connections as well, and may not commit.
_CLAIM = text("""
WITH first AS MATERIALIZED (
    SELECT firsts.id FROM unnest(CAST(:turns AS uuid[])) turns (turn) CROSS JOIN LATERAL (
        SELECT j.id FROM jobs j
        WHERE j.state = 'waiting' AND j.queue = :queue AND j.turn = turns.turn AND j.not_before <= gateway_now()
          AND (j.lane IS NULL OR NOT EXISTS (SELECT FROM jobs o WHERE o.state = 'running' AND o.lane = j.lane))
        ORDER BY j.not_before, j.id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) firsts LIMIT 1
), quick AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
)
UPDATE jobs SET state = 'running', attempts = attempts + 1, claim = nextval('job_claims'), worker = :worker,
                lease_until = clock_timestamp() + :lease, started_at = gateway_now(), progress = NULL
FROM first, quick WHERE jobs.id = first.id
RETURNING jobs.id, turn, firm_id, kind, payload, attempts, max_attempts, last_error, trace
""")
