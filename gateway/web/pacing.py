"""Ends connections that keep us waiting: no request, half a head, a body that does not come, an answer not taken.

A connection costs a descriptor, a request that is being read a place among few (`gateway.web.bulkheads`). Whoever moves
is left alone, however slowly: event streams with nothing to tell, and reports over a thin line.
"""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from collections.abc import Collection
from typing import cast

from msgspec import json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_SECONDS = 10.0  # for the head of a request, and before that for its first byte
BODY_SECONDS, BODY_PACE = 20.0, 1_000  # in each span so many bytes a second come, or the whole rest
STALL_SECONDS = 120.0  # in which a caller takes something of what was sent
LOOK_SECONDS = 1.0  # between looks at all connections

_TOO_SLOW = "The request did not come in time; send it again, whole."


class Paced(HttpToolsProtocol):
    """A connection that can be asked whether somebody moves at its other end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Nothing has come yet."""
        super().connection_made(transport)
        self._waited = 0.0  # seconds for the caller: its next request, the rest of a head or of a span
        self._in_head = self._in_body = False
        self._came = 0  # bytes of a body in this span
        self._left, self._stood = 0, 0.0  # bytes that were sent and not taken yet, and for how long it was as many

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._wait(in_head=True)

    def on_headers_complete(self) -> None:
        """A whole head."""
        super().on_headers_complete()
        self._wait(in_body=True)

    def on_body(self, body: bytes) -> None:
        """More of a body."""
        self._came += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A whole request."""
        super().on_message_complete()
        self._wait()

    def on_response_complete(self) -> None:
        """A whole answer; the caller may be sending its next request, or a rest that nobody reads."""
        super().on_response_complete()
        self._wait(in_head=self._in_head, in_body=self._in_body)

    def look(self, passed: float) -> None:
        """End it where it keeps us waiting; so many seconds have passed since somebody looked."""
        self._waited += passed
        if self._is_stalled(passed):
            self.transport.abort()
        elif not self.transport.is_closing() and self._is_late():
            self._end()

    def _wait(self, *, in_head: bool = False, in_body: bool = False) -> None:
        self._in_head, self._in_body = in_head, in_body
        self._waited, self._came = 0.0, 0

    def _is_late(self) -> bool:
        if self._in_body:
            return self._is_body_late()
        return self._is_answered() and self._waited > HEAD_SECONDS

    def _is_answered(self) -> bool:
        """Whether nothing is due from us."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def _is_body_late(self) -> bool:
        """While we do not read, it is not the caller who is slow."""
        if self.flow.read_paused or self.cycle.waiting_for_100_continue:
            self._wait(in_body=True)
        elif self._waited > BODY_SECONDS:
            if self._came < BODY_PACE * BODY_SECONDS:
                return True
            self._wait(in_body=True)
        return False

    def _is_stalled(self, passed: float) -> bool:
        left = self.transport.get_write_buffer_size() + _unacknowledged(self.transport)
        self._stood = self._stood + passed if left == self._left else 0.0
        self._left = left
        return left > 0 and self._stood > STALL_SECONDS

    def _end(self) -> None:
        """Whoever has begun a request hears why; a connection without any is just closed, as browsers expect."""
        if self._in_head or (self._in_body and not self.cycle.response_started):
            self.transport.write(_ANSWER)
        self.transport.close()


async def look_at(connections: Collection[object]) -> None:
    """Look at all connections of a server, again and again.

    What passes while we stand still ourselves does not count: a caller's bytes may be there, and nobody has read them.
    """
    loop = asyncio.get_running_loop()
    while True:
        looked = loop.time()
        await asyncio.sleep(LOOK_SECONDS)
        passed = min(loop.time() - looked, 2 * LOOK_SECONDS)
        for one in [*connections]:
            if isinstance(one, Paced):
                one.look(passed)


def _unacknowledged(transport: asyncio.Transport) -> int:
    """What the system has sent for us, or still holds, and the other end has not taken; 0 where it does not tell."""
    line = transport.get_extra_info("socket")
    try:
        return cast("int", struct.unpack("i", fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0])
    except (OSError, ValueError):  # it does not tell, or is closed
        return 0


def _answer() -> bytes:
    told = {"type": "about:blank", "title": "Request Timeout", "status": 408, "detail": _TOO_SLOW}
    body = json.encode(told | {"error": "too_slow", "message": _TOO_SLOW, "details": []})
    head = (
        "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/problem+json\r\nconnection: close\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


_ANSWER = _answer()
