"""Follows imports and checks for whoever wants to see them move: a stream each, few of one caller, one listener."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import NamedTuple

import anyio
import msgspec
from litestar.response import ServerSentEventMessage

from gateway.errors import NotFound
from gateway.jobs.broker.listening import Bulletin
from gateway.jobs.following import Standing, follow
from gateway.office import Acting
from gateway.web.bulkheads import FOLLOWERS, FOLLOWERS_EACH, Bulkhead, name_of
from gateway.web.calls import Call
from gateway.web.problems import Rejected

_CLOSED = {"message": "What let you follow this has ended; ask for it again."}

Look = Callable[[Acting], Standing]


class Following:
    """Everybody who follows something in this process.

    Attributes:
        bulletin: where they hear that something moved.
    """

    def __init__(self, bulletin: Bulletin) -> None:
        self.bulletin = bulletin
        self._bulkhead = Bulkhead(FOLLOWERS_EACH, FOLLOWERS)
        self._threads = anyio.CapacityLimiter(FOLLOWERS)  # of their own: they wait in them, and nobody else may

    def events(self, call: Call, look: Look, may_still: Callable[[], bool]) -> AsyncIterator[ServerSentEventMessage]:
        """What a stream says: `progress` whenever it has come further, `end` with its state.

        At each look, and so before each event and every two seconds, the caller must still be somebody who may see it;
        else the stream says `closed`.

        Args:
            call: whose it is.
            look: how far it is; NotFound to whoever may not see it.
            may_still: whether the caller is still who it was.

        Raises:
            Rejected: 429 `too_many_at_once`, 503 `busy`.
        """
        self._bulkhead.check(name_of(call.who))
        return self._events(_Sight(call, look, may_still))

    async def _events(self, sight: _Sight) -> AsyncIterator[ServerSentEventMessage]:
        """Counted from the first event on: a caller that left before then would never be counted out again."""
        try:
            with self._bulkhead.within(name_of(sight.call.who)):
                async for one in self._looks(sight):
                    yield one
        except Rejected:
            return  # somebody was faster; the answer has begun, so this stream just ends

    async def _looks(self, sight: _Sight) -> AsyncIterator[ServerSentEventMessage]:
        """Each look waits in a thread; a caller that leaves ends it at the next one."""
        left = threading.Event()
        standings, is_open = follow(sight.look, self.bulletin, left), True
        try:
            while (now := await self._next(standings)) is not None:
                is_open = now.is_open
                yield _event("progress" if is_open else "end", now)
            if is_open:
                yield _event("closed", _CLOSED)
        finally:
            left.set()

    async def _next(self, standings: Iterator[Standing]) -> Standing | None:
        return await anyio.to_thread.run_sync(next, standings, None, abandon_on_cancel=True, limiter=self._threads)


class _Sight(NamedTuple):
    """Something as somebody sees it, within walls that may be put up meanwhile."""

    call: Call
    glance: Look
    may_still: Callable[[], bool]

    def look(self) -> Standing | None:
        """How far it is; None where it is out of sight. Rights are looked at last: what they allowed before is past."""
        try:
            with self.call.acting() as acting:
                now = self.glance(acting)
        except NotFound:
            return None
        return now if self.may_still() else None


def _event(name: str, told: object) -> ServerSentEventMessage:
    return ServerSentEventMessage(data=msgspec.json.encode(told).decode(), event=name)
