"""What is done by the clock: cron expressions with a time zone become keyed jobs, made by one leader."""

from __future__ import annotations

import os
import socket
import threading
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Schedule
from gateway.db.session import Database
from gateway.errors import Problem
from gateway.jobs import leases
from gateway.jobs.broker.nudging import Nudger
from gateway.jobs.cron import due_since
from gateway.jobs.kinds import Kinds, enqueue
from gateway.logging import get_logger
from gateway.settings import Settings

_TICK_SECONDS = 1.0

log = get_logger(__name__)


class Scheduler:
    """One process that would lead. Several may run: one makes the jobs, and another within seconds after its end."""

    def __init__(self, db: Database, settings: Settings, kinds: Kinds) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._db, self._kinds = db, kinds
        self._nudger = Nudger(settings, db.addresses)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Make jobs from now on while this process leads, until `stop`."""
        self._db.tell = self._nudger.nudge
        self._thread.start()

    def stop(self) -> None:
        """Hand over."""
        self._stopping.set()
        self._thread.join()
        try:
            with self._db.system() as session:
                leases.give_up(session, self.name)
        except Problem as problem:  # the database is away: the lease runs out
            log.warning("cannot hand over", why=problem.sentence)
        self._nudger.close()

    def is_whole(self) -> bool:
        """Whether its thread is there; what it waits for is no matter."""
        return self._thread.is_alive()

    def _run(self) -> None:
        is_away = False
        while not self._stopping.wait(_TICK_SECONDS):
            try:
                tick(self._db, self._kinds, self.name)
                is_away = False
            except Problem as problem:
                if not is_away:
                    log.warning("cannot make jobs by the clock", why=problem.sentence)
                is_away = True
            except Exception:
                log.exception("cannot make jobs by the clock")


def tick(db: Database, kinds: Kinds, name: str) -> list[str]:
    """Make the jobs that are due, unless somebody else leads; returns their keys.

    The lease is renewed in the transaction that makes the jobs, so two leaders can never both have made them.
    """
    with db.system() as session:
        if not leases.take(session, leases.SCHEDULER, name):
            return []
        _know_built_in(session, kinds)
        return [key for one in _enabled(session) if (key := _run_one(session, kinds, one))]


def _know_built_in(session: Session, kinds: Kinds) -> None:
    """What every installation does by the clock; `enabled` in the table is left as it is."""
    known = {one.name: one for one in session.scalars(select(Schedule).where(Schedule.firm_id.is_(None)))}
    for kind in kinds.values():
        if (clockwork := kind.clockwork) is None:
            continue
        one = known.get(clockwork.name)
        if one is None:
            one = Schedule(name=clockwork.name)
            session.add(one)
        one.cron, one.time_zone, one.kind = clockwork.cron, clockwork.time_zone, kind.name
    session.flush()


def _enabled(session: Session) -> list[Schedule]:
    return list(session.scalars(select(Schedule).where(Schedule.enabled).order_by(Schedule.id)))


def _run_one(session: Session, kinds: Kinds, one: Schedule) -> str | None:
    """Add the job of a schedule that is due; its key."""
    instant = due_since(one.cron, one.time_zone, one.last_run, clock.now())
    if instant is None:
        return None
    key = f"{one.name}@{instant.isoformat()}"
    if kind := kinds.get(one.kind):
        enqueue(session, kind, one.payload, firm_id=one.firm_id, key=key)
    else:
        log.error("a schedule asks for a kind of job that there is not", schedule=one.name, kind=one.kind)
    one.last_run = instant
    return key
