"""Sends what people are to be told, once each as far as anybody can know: the jobs, and how they are asked for.

One worker at a time is at a firm and channel. It takes what is due in batches, and hands it over one by one on a line
that it keeps open. Each attempt is on record before anything leaves; one of which nobody knows what became is never
sent again in silence (`outbound.notify.recovering`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import String, and_, cast, exists, func, or_, select
from sqlalchemy.orm import Session

from gateway.db.models import Dispatch, Firm, JobRow
from gateway.db.session import moment
from gateway.jobs import ledger
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind, enqueue
from outbound.notify.channels import CHANNELS
from outbound.notify.claiming import next_at
from outbound.notify.handing import Hand
from outbound.notify.recovering import note_lost, reconcile

_SEEN_TO = timedelta(minutes=2)


# ------------------------------------------------------------------------------------------------ jobs


def wake(session: Session, firm_id: UUID) -> None:
    """Have what waits to be told leave when it is due: for whoever makes dispatches, in the same transaction.

    Args:
        session: of the firm, or of the system.
        firm_id: whose.
    """
    session.flush()
    waiting = select(Dispatch.channel, func.min(Dispatch.not_before)).where(
        Dispatch.firm_id == firm_id, Dispatch.state == "waiting", Dispatch.channel.in_(CHANNELS)
    )
    for channel, at in session.execute(waiting.group_by(Dispatch.channel)):
        _queue(session, firm_id, channel, at if at > moment(session) else None)


def send(handling: Handling) -> None:
    """Send what is due of a firm by a channel."""
    firm_id, channel = handling.job.firm_id, CHANNELS[handling.job.payload["channel"]]
    assert firm_id is not None  # noqa: S101 - `_queue` says whose
    note_lost(handling, firm_id, channel.name)
    reconcile(handling, firm_id, channel)
    Hand(handling, firm_id, channel).run()
    reconcile(handling, firm_id, channel)
    with handling.transaction() as session:
        ledger.stand_in(session, handling.job)
        at = next_at(session, channel.name)
        if at is not None:
            _queue(session, firm_id, channel.name, at)


def sweep(handling: Handling) -> None:
    """Make jobs for what is due, or in doubt, and that no job will see to."""
    with handling.transaction() as session:
        soon = func.gateway_now() + _SEEN_TO
        has_job = exists().where(
            JobRow.kind == SEND.name,
            JobRow.turn == Dispatch.firm_id,
            JobRow.payload["channel"].astext == Dispatch.channel,
            or_(JobRow.state == "running", and_(JobRow.state == "waiting", JobRow.not_before <= soon)),
        )
        due = and_(Dispatch.state.in_(("waiting", "unknown")), Dispatch.not_before <= func.gateway_now())
        found = (
            select(Dispatch.firm_id, Dispatch.channel)
            .join(Firm, and_(Firm.id == Dispatch.firm_id, Firm.wrapped_key.is_not(None)))
            .where(or_(due, Dispatch.state == "attempting"), Dispatch.channel.in_(CHANNELS), ~has_job)
        )
        for firm_id, channel in session.execute(found.distinct()):
            _queue(session, firm_id, channel, None)


# a failure is the database's, or ours: what a provider says is no failure of the job
SEND = Kind("notices.send", "notices", send, ladder=(timedelta(0), *[timedelta(minutes=1)] * 5))
SWEEP = Kind("notices.sweep", "notices", sweep, clockwork=Clockwork("waiting notices", "* * * * *"))
KINDS = (SEND, SWEEP)


def _queue(session: Session, firm_id: UUID, channel: str, at: datetime | None) -> None:
    """Have a worker see to a firm and channel; two are never at it at once.

    One that waits for an earlier time will see to the later one as well. One that could run now may have begun, and
    not see what is only being written.
    """
    if at is not None:
        waits = exists().where(
            JobRow.kind == SEND.name,
            JobRow.queue == SEND.queue,
            JobRow.turn == firm_id,
            JobRow.state == "waiting",
            JobRow.payload["channel"].astext == cast(channel, String),
        )
        if session.scalar(select(waits.where(JobRow.not_before <= at))):
            return
    lane = f"notices/{firm_id}/{channel}"
    enqueue(session, SEND, {"channel": channel}, firm_id=firm_id, lane=lane, not_before=at)
