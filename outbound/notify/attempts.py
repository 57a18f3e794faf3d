"""The account of every attempt: begun before anything is handed over, ended when the channel has spoken.

How some ended and that the next ones begin is one statement in one transaction, which commits only while the job is
still this worker's. So of each way out one message at most is in doubt, whatever ends the worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from gateway.db.session import Database
from gateway.jobs.kinds import LADDER
from gateway.jobs.ledger import Job, LeaseLost
from outbound.notify.channels.base import Envelope, Never, NotNow, Taken, Words
from outbound.notify.deciding import Passed

_MOST_ANSWER = 1_000  # characters of what the other side said that are kept


class Ready(NamedTuple):
    """A dispatch that has crossed the gate, in words.

    Attributes:
        said: its words, sealed.
        steps: of the ladder that it has climbed.
        due_at: when it could first leave.
    """

    passed: Passed
    envelope: Envelope
    words: Words
    said: bytes
    steps: int
    due_at: datetime


class Ended(NamedTuple):
    """What became of an attempt, as it is put on record.

    Attributes:
        number: of the attempt.
        state: of the dispatch from now on.
        outcome: of the attempt.
        wait: until the next one.
    """

    dispatch_id: UUID
    number: int
    due_at: datetime
    state: str
    outcome: str
    answer: str
    code: str | None = None
    ref: str | None = None
    steps: int = 0
    wait: timedelta | None = None

    @property
    def is_told(self) -> bool:
        """Whether the channel has it."""
        return self.outcome == "taken"


def taken(ready: Ready, number: int, told: Taken) -> Ended:
    """The channel has it."""
    return Ended(ready.envelope.id, number, ready.due_at, told.fate, "taken", told.answer[:_MOST_ANSWER], ref=told.ref)


def refused(ready: Ready, number: int, problem: Never) -> Ended:
    """This one is refused for good."""
    said = problem.sentence[:_MOST_ANSWER]
    return Ended(ready.envelope.id, number, ready.due_at, "failed", "refused", said, problem.code, steps=ready.steps)


def put_off(ready: Ready, number: int, problem: NotNow) -> Ended:
    """It climbs a step of the ladder, or is dead after the last; where it may have come through it is neither."""
    told = Ended(ready.envelope.id, number, ready.due_at, "unknown", "lost", problem.sentence[:_MOST_ANSWER])
    told = told._replace(code=problem.code, steps=ready.steps)
    if problem.is_doubtful:
        return told
    if ready.steps >= len(LADDER):
        return told._replace(state="dead", outcome="not_now")
    wait = max(LADDER[ready.steps], problem.wait or timedelta(0))
    return told._replace(state="waiting", outcome="not_now", steps=ready.steps + 1, wait=wait)


def turn(db: Database, firm_id: UUID, job: Job, ended: Sequence[Ended], begun: Sequence[Ready]) -> Sequence[int | None]:
    """Put on record how some ended and that the next ones begin: a transaction of its own, in one round trip.

    Returns:
        For each that is to begin, the number of the attempt; None where none does, because it no longer waits.

    Raises:
        LeaseLost: the job is no longer this worker's; nothing was written.
        Transient: the database is away, and nobody knows whether it was written.
    """
    fence = {"job": job.id, "attempt": job.attempts, "worker": job.worker}
    begin = {"begun": [one.envelope.id for one in begun], "said": [one.said for one in begun]}
    columns = {name: [getattr(one, name) for one in ended] for name in Ended._fields}
    [found] = db.look_up(_TURN, {"firm": firm_id, **fence, **begin, **columns}, firm_id)
    if found.numbers is None:
        raise LeaseLost(job.id)
    numbers: Sequence[int | None] = found.numbers
    return numbers


def settle_late(db: Database, firm_id: UUID, ended: Ended) -> None:
    """What a worker knows that was taken for dead meanwhile: its attempt stands corrected, and so does what it left.

    What others have begun since is theirs.
    """
    db.look_up(_LATE, {"firm": firm_id, **ended._asdict(), "is_told": ended.is_told}, firm_id)


_TURN = """
SELECT turn_attempts(
    %(firm)s, %(job)s, %(attempt)s, %(worker)s, %(dispatch_id)s::uuid[], %(number)s::integer[],
    %(due_at)s::timestamptz[], %(state)s::text[], %(outcome)s::text[], %(answer)s::text[], %(code)s::text[],
    %(ref)s::text[], %(steps)s::integer[], %(wait)s::interval[], %(begun)s::uuid[], %(said)s::bytea[]) AS numbers
"""

_LATE = """
WITH noted AS (
    UPDATE dispatch_attempts SET outcome = %(outcome)s, code = %(code)s, answer = %(answer)s, ended_at = gateway_now()
    WHERE firm_id = %(firm)s AND dispatch_id = %(dispatch_id)s AND number = %(number)s
      AND outcome IN ('sending', 'lost')
    RETURNING dispatch_id
), ended AS (
    UPDATE dispatches SET
        state = %(state)s, ref = coalesce(%(ref)s, ref),
        ended_code = CASE WHEN %(state)s = 'waiting' THEN NULL ELSE %(code)s END,
        steps = %(steps)s, path = CASE WHEN %(state)s = 'waiting' THEN coalesce(path, 'retry') END,
        due_at = %(due_at)s, settled_at = gateway_now(),
        not_before = CASE WHEN CAST(%(wait)s AS interval) IS NULL THEN not_before ELSE gateway_now() + %(wait)s END,
        sent_at = CASE WHEN %(is_told)s THEN gateway_now() ELSE sent_at END
    WHERE firm_id = %(firm)s AND id = %(dispatch_id)s AND attempts = %(number)s
      AND state IN ('attempting', 'unknown', 'held') AND EXISTS (SELECT FROM noted)
    RETURNING id
)
UPDATE notices SET state = 'told', ended_at = gateway_now()
WHERE %(is_told)s AND firm_id = %(firm)s AND dispatch_id = %(dispatch_id)s AND state = 'waiting'
  AND EXISTS (SELECT FROM ended)
RETURNING id
"""
