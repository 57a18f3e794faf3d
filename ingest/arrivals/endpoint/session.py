"""One client speaking SFTP: its requests are done one after the other, in the order in which they came.

What takes bytes is done at once; what asks the database or stores an arrival is done elsewhere, and the channel is not
read meanwhile. A client that does not take its answers is not read either. So neither can make us hold more than the
channel's window and one packet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import asyncssh

from ingest.arrivals.endpoint import wire
from ingest.arrivals.endpoint.desk import Desk
from ingest.arrivals.endpoint.requests import Done, Requests, refusal
from ingest.arrivals.endpoint.wire import Kind, Malformed, Request

_LENGTH = 4  # bytes before a packet


class Session(asyncssh.SSHServerSession[bytes]):
    """One channel.

    Args:
        desk: what its login may do.
        tasks: what is being done elsewhere; whoever ends us waits for them.
    """

    def __init__(self, desk: Desk, tasks: set[asyncio.Task[None]]) -> None:
        self._requests, self._tasks = Requests(desk), tasks
        self._chan: asyncssh.SSHServerChannel[bytes] | None = None
        self._buffer = bytearray()
        self._is_busy = self._is_blocked = self._has_ended = self._is_gone = self._is_greeted = False

    # ------------------------------------------------------------------------------------------------ the channel

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """It is open."""
        self._chan = chan

    def pty_requested(self, *_: object) -> bool:
        """There is no terminal."""
        return False

    def shell_requested(self) -> bool:
        """There is no shell."""
        return False

    def exec_requested(self, command: str) -> bool:  # noqa: ARG002 - whatever it is
        """There are no commands, scp among them."""
        return False

    def subsystem_requested(self, subsystem: str) -> bool:
        """There is SFTP."""
        return subsystem == "sftp"

    def data_received(self, data: bytes, datatype: int | None) -> None:  # noqa: ARG002 - there is but one
        """Do what has come whole."""
        self._buffer += data
        self._pump()

    def eof_received(self) -> bool:
        """Nothing more will come; what has come is done and answered."""
        self._has_ended = True
        self._pump()
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it came about
        """Whoever closed a file before the connection was lost has closed it."""
        self._is_gone = self._has_ended = True
        self._is_blocked = False
        self._pump()

    def pause_writing(self) -> None:
        """The client does not take its answers."""
        self._is_blocked = True
        self._hold()

    def resume_writing(self) -> None:
        """It takes them again."""
        self._is_blocked = False
        self._go_on()

    # ------------------------------------------------------------------------------------------------ requests

    def _pump(self) -> None:
        """Do requests until one has to be waited for."""
        at = 0
        while not (self._is_busy or self._is_blocked) and len(self._buffer) - at >= _LENGTH:
            length = int.from_bytes(self._buffer[at : at + _LENGTH])
            if not 0 < length <= wire.MOST_PACKET:
                self._break_off()
                return
            if len(self._buffer) - at - _LENGTH < length:
                break
            packet = bytes(memoryview(self._buffer)[at + _LENGTH : at + _LENGTH + length])
            at += _LENGTH + length
            self._do(packet)
        del self._buffer[:at]
        if self._has_ended and not (self._is_busy or self._is_blocked):
            self._end()

    def _do(self, packet: bytes) -> None:
        try:
            request = Request(packet)
        except Malformed:
            self._has_ended = True
            return
        if not self._is_greeted:
            self._greet(request)
            return
        try:
            done = self._requests.begin(request)
        except Exception as error:  # noqa: BLE001 - all of them are answers
            self._write(refusal(request.id, error))
            return
        if isinstance(done, bytes):
            self._write(done)
        else:
            self._wait_for(request.id, done)

    def _greet(self, request: Request) -> None:
        self._is_greeted = request.kind == Kind.INIT
        if self._is_greeted:
            self._write(wire.version([b"posix-rename@openssh.com", b"limits@openssh.com"]))
        else:
            self._has_ended = True

    def _wait_for(self, request_id: int, work: Coroutine[Any, Any, Done]) -> None:
        self._is_busy = True
        self._hold()
        task = asyncio.get_running_loop().create_task(self._finish(request_id, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, request_id: int, work: Coroutine[Any, Any, Done]) -> None:
        try:
            done = await work
        except Exception as error:  # noqa: BLE001 - as in `_do`
            done = Done(refusal(request_id, error))
        self._is_busy = False
        is_told = self._write(done.answer)
        if is_told and done.then is not None:
            done.then()
        self._go_on()

    # ------------------------------------------------------------------------------------------------ helpers

    def _write(self, answer: bytes) -> bool:
        """Whether it is on its way."""
        if self._chan is None or self._is_gone or self._chan.is_closing():
            return False
        self._chan.write(answer)
        return True

    def _hold(self) -> None:
        if self._chan is not None and not self._is_gone:
            self._chan.pause_reading()

    def _go_on(self) -> None:
        self._pump()
        if self._chan is not None and not (self._is_busy or self._is_blocked or self._is_gone):
            self._chan.resume_reading()

    def _break_off(self) -> None:
        """What came is no SFTP."""
        self._buffer.clear()
        self._end()

    def _end(self) -> None:
        """Leave what is open to whoever goes on with it."""
        self._requests.cut()
        if self._chan is not None and not self._is_gone:
            self._is_gone = True
            self._chan.exit(0)
