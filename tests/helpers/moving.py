"""A day in fast motion: the clock is moved minute by minute, and all that is due then is done, in this process."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gateway import clock
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind, enqueue
from gateway.jobs.queues import QUEUES
from gateway.office import Office
from gateway.wings import KINDS


class Day:
    """The clock and the workers of an installation."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch, begins: datetime) -> None:
        self._office, self._patch = office, monkeypatch
        self.set(begins)

    def set(self, instant: datetime) -> None:
        self._patch.setenv("GATEWAY_NOW", instant.isoformat())

    def move(self, **span: float) -> None:
        """Let time pass, in which nothing is done."""
        self.set(clock.now() + timedelta(**span))

    def minute(self, *clockwork: Kind) -> None:
        """Let a minute pass, and do what the clock asks for and what follows from it."""
        self.move(minutes=1)
        with self._office.db.system() as session:
            for kind in clockwork:
                enqueue(session, kind, {}, firm_id=None)
        self.work()

    def work(self) -> None:
        """Do all jobs that there are, queue by queue, until there are none."""
        while any(self._work(queue) for queue in QUEUES):
            pass

    def _work(self, queue) -> bool:
        claims, worked = Claims(self._office.db, queue, "day", timedelta(minutes=5)), False
        while job := claims.next():
            handling = Handling(self._office, job)
            KINDS[job.kind].handler(handling)
            if not handling.is_finished:
                with self._office.db.system() as session:
                    handling.finish(session)
            worked = True
        return worked
