"""Follows imports for whoever wants to see them move: an event stream each, few of one caller, one listener for all."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import anyio
import msgspec
from litestar.response import ServerSentEventMessage

from gateway.jobs.broker.listening import Bulletin
from gateway.web.bulkheads import FOLLOWERS, FOLLOWERS_EACH, Bulkhead, name_of
from gateway.web.calls import Call
from gateway.web.problems import Rejected
from ingest.standing import Standing, follow


class Following:
    """Everybody who follows an import in this process.

    Attributes:
        bulletin: where they hear that something moved.
    """

    def __init__(self, bulletin: Bulletin) -> None:
        self.bulletin = bulletin
        self._bulkhead = Bulkhead(FOLLOWERS_EACH, FOLLOWERS)
        self._threads = anyio.CapacityLimiter(FOLLOWERS)  # of their own: they wait in them, and nobody else may

    def events(self, call: Call, import_id: UUID) -> AsyncIterator[ServerSentEventMessage]:
        """What an import's stream says: `progress` whenever it has come further, `end` with its state.

        Raises:
            Rejected: 429 `too_many_at_once`, 503 `busy`.
        """
        self._bulkhead.check(name_of(call.who))
        return self._events(call, import_id)

    async def _events(self, call: Call, import_id: UUID) -> AsyncIterator[ServerSentEventMessage]:
        """Counted from the first event on: a caller that left before then would never be counted out again."""
        try:
            with self._bulkhead.within(name_of(call.who)):
                async for one in self._looks(call, import_id):
                    yield one
        except Rejected:
            return  # somebody was faster; the answer has begun, so this stream just ends

    async def _looks(self, call: Call, import_id: UUID) -> AsyncIterator[ServerSentEventMessage]:
        """Each look at the import waits in a thread; a caller that leaves ends it at the next one."""
        left = threading.Event()
        standings = follow(call.office.db, self.bulletin, call.who.firm_id, import_id, left)
        try:
            while (now := await self._next(standings)) is not None:
                name = "progress" if now.is_open else "end"
                yield ServerSentEventMessage(data=msgspec.json.encode(now).decode(), event=name)
        finally:
            left.set()

    async def _next(self, standings: Iterator[Standing]) -> Standing | None:
        return await anyio.to_thread.run_sync(next, standings, None, abandon_on_cancel=True, limiter=self._threads)
