"""Where sign-ins wait for their turn: people at their usual places apart from all others, who may be a flood."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from anyio import CapacityLimiter, to_thread

from gateway import clock
from gateway.domain.access import sessions
from gateway.office import Office
from gateway.web.bulkheads import SIGN_INS, SIGN_INS_EACH, SIGNING_IN, Bulkhead

_FRESH = timedelta(minutes=1)  # so long the places that were read are taken for today's


class Queue(NamedTuple):
    """Who waits, and the threads for which they wait."""

    crowd: Bulkhead
    threads: CapacityLimiter


class Lobby:
    """Two queues that do not know of each other: whoever fills one keeps nobody in the other waiting.

    An address is usual when somebody of any firm's staff has signed in there within 30 days. That is asked ahead of any
    password, for all addresses together and once a minute, so that a flood costs no question each.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self.usual, self.others = _queue(), _queue()
        self._places: frozenset[str] = frozenset()
        self._asked_at: datetime | None = None

    async def queue_for(self, origin: str) -> Queue:
        """Where somebody who comes from a network address waits.

        Raises:
            Transient: the database cannot be asked.
        """
        now = clock.now()
        if self._asked_at is None or now - self._asked_at >= _FRESH:
            self._asked_at = now  # ahead of the question: whoever comes meanwhile does not ask as well
            self._places = await to_thread.run_sync(self._read)
        return self.usual if origin in self._places else self.others

    def welcome(self, origin: str) -> None:
        """Take an address for a usual one from now on, for somebody has just signed in there."""
        self._places |= {origin}

    def _read(self) -> frozenset[str]:
        with self._office.db.signing_in() as session:
            return sessions.usual_places(session)


def _queue() -> Queue:
    return Queue(Bulkhead(SIGN_INS_EACH, SIGN_INS), CapacityLimiter(SIGNING_IN))
