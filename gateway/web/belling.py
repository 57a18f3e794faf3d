"""Tells staff at once what has come under their bell: an event stream each, few of one person, one listener for all.

A stream waits without a thread, for everybody who is signed in has one open all day; it takes one only to look.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import anyio
import msgspec
from litestar.response import ServerSentEventMessage

from gateway.jobs.broker.listening import Listener
from gateway.web.bulkheads import BELLS, BELLS_EACH, Bulkhead, name_of
from gateway.web.calls import Call
from gateway.web.problems import Rejected
from outbound.notify import inbox
from outbound.notify.inbox import Message

LOOK_SECONDS = 10.0  # between looks of which nothing was heard, each of which says that the stream lives
_LOOKERS = 4  # threads of all streams together
_CLOSED = {"message": "What let you listen has ended; sign in again."}


class Belling:
    """Everybody who listens for their bell in this process.

    Args:
        url: of the database, which tells for whom something has come.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._bulkhead = Bulkhead(BELLS_EACH, BELLS)
        self._threads = anyio.CapacityLimiter(_LOOKERS)
        self._ears: defaultdict[str, set[_Ear]] = defaultdict(set)
        self._lock = threading.Lock()
        self._listener: Listener | None = None

    def events(
        self, call: Call, after: int | None, may_still: Callable[[], bool]
    ) -> AsyncIterator[ServerSentEventMessage]:
        """What the stream of a member of staff says: `message` for each behind `after`, and each that comes.

        Raises:
            Rejected: 429 `too_many_at_once`, 503 `busy`.
        """
        self._bulkhead.check(name_of(call.who))
        return self._events(_Bell(call, may_still), after)

    def close(self) -> None:
        """Hear no more."""
        if self._listener is not None:
            self._listener.close()

    async def _events(self, bell: _Bell, after: int | None) -> AsyncIterator[ServerSentEventMessage]:
        """Counted from the first event on: a caller that left before then would never be counted out again."""
        ear = _Ear(asyncio.get_running_loop(), asyncio.Event())
        try:
            with self._bulkhead.within(name_of(bell.call.who)):
                self._join(str(bell.call.who.id), ear)
                try:
                    async for one in self._looks(bell, after, ear):
                        yield one
                finally:
                    self._leave(str(bell.call.who.id), ear)
        except Rejected:
            return  # somebody was faster; the answer has begun, so this stream just ends

    async def _looks(self, bell: _Bell, after: int | None, ear: _Ear) -> AsyncIterator[ServerSentEventMessage]:
        """Waits where the last look found nothing more; one that found all that it may show looks on at once."""
        seen = after
        while True:
            ear.news.clear()
            look = await self._look(bell, seen)
            if look is None:
                yield ServerSentEventMessage(data=msgspec.json.encode(_CLOSED).decode(), event="closed")
                return
            for message in look.messages:
                yield _event(message)
            if not look.messages:
                yield ServerSentEventMessage(data=None, comment="still here")
            seen = look.seen
            if not look.has_more:
                await _wait(ear.news)

    async def _look(self, bell: _Bell, after: int | None) -> _Look | None:
        return await anyio.to_thread.run_sync(bell.look, after, abandon_on_cancel=True, limiter=self._threads)

    def _join(self, staff_id: str, ear: _Ear) -> None:
        with self._lock:
            self._ears[staff_id].add(ear)
            self._listener = self._listener or Listener(self._url, inbox.BELL, self._heard)

    def _leave(self, staff_id: str, ear: _Ear) -> None:
        with self._lock:
            self._ears[staff_id].discard(ear)
            if not self._ears[staff_id]:
                del self._ears[staff_id]

    def _heard(self, staff_id: str | None) -> None:
        """None after a gap: anybody's may have been missed."""
        with self._lock:
            heard = (
                [*self._ears.get(staff_id, ())] if staff_id else [one for ears in self._ears.values() for one in ears]
            )
        for ear in heard:
            ear.ring()


class _Ear(NamedTuple):
    """Where one stream waits."""

    loop: asyncio.AbstractEventLoop
    news: asyncio.Event

    def ring(self) -> None:
        """From the listener's thread; a loop that has ended has nobody who waits."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.news.set)


class _Look(NamedTuple):
    """What a look has found; `seen` is the last message that the stream has told, or need not tell."""

    messages: list[Message]
    seen: int
    has_more: bool


class _Bell(NamedTuple):
    """The bell of somebody who listens, within walls that may be put up meanwhile."""

    call: Call
    may_still: Callable[[], bool]

    def look(self, after: int | None) -> _Look | None:
        """What is behind `after`; None to whoever may not see it any more. Rights are looked at last."""
        with self.call.acting() as acting:
            if after is None:
                look = _Look([], inbox.newest(acting), has_more=False)
            else:
                shown = inbox.listed(acting, after=after, limit=inbox.MOST)
                messages = list(shown.data)
                look = _Look(messages, messages[-1].seq if messages else after, shown.has_more)
        return look if self.may_still() else None


async def _wait(news: asyncio.Event) -> None:
    with anyio.move_on_after(LOOK_SECONDS):
        await news.wait()


def _event(message: Message) -> ServerSentEventMessage:
    return ServerSentEventMessage(data=msgspec.json.encode(message).decode(), event="message", id=message.seq)
