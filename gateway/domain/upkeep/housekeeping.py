"""The platform's own jobs: what keeps the database fit."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from gateway import clock, events
from gateway.db.models import ANSWERS_KEPT, IdempotencyKey
from gateway.db.session import PARTITION_DAYS, ensure_audit_partitions
from gateway.domain.access import sign_in_delays
from gateway.jobs import ledger
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind

KEPT = timedelta(days=30)  # a done job, for whoever asks what became of it
EVENTS_KEPT = timedelta(days=400)  # as long as the files from which they came

_AT_ONCE = 10_000  # rows a transaction deletes


def make_partitions(handling: Handling) -> None:
    """Make the audit log's partitions of the coming month."""
    with handling.transaction() as session:
        ensure_audit_partitions(session, PARTITION_DAYS)


def purge(handling: Handling) -> None:
    """Delete done jobs after a month, answers that are given no more, and tries to sign in that count no more.

    Dead jobs stay until somebody has looked.
    """
    with handling.office.db.system() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - ANSWERS_KEPT))
    last = _AT_ONCE
    while last == _AT_ONCE:
        with handling.office.db.system() as session:
            last = sign_in_delays.forget(session, _AT_ONCE)
    before, gone, last = clock.now() - KEPT, 0, _AT_ONCE
    while last == _AT_ONCE:
        with handling.office.db.system() as session:
            last = ledger.purge(session, before, _AT_ONCE)
        gone += last
        handling.tell(deleted=gone)


def forget_events(handling: Handling) -> None:
    """Delete events that nobody will ask for again."""
    gone, last = 0, _AT_ONCE
    while last == _AT_ONCE:
        with handling.office.db.system() as session:
            last = events.purge(session, EVENTS_KEPT.days, _AT_ONCE)
        gone += last
        handling.tell(deleted=gone)


KINDS = (
    Kind("audit.partitions", "normal", make_partitions, clockwork=Clockwork("audit partitions", "15 1 * * *")),
    Kind("jobs.purge", "bulk", purge, clockwork=Clockwork("old jobs", "45 2 * * *")),
    Kind("events.purge", "bulk", forget_events, clockwork=Clockwork("old events", "50 2 * * *")),
)
