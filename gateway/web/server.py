"""Serves the application over HTTP until it is told to end."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from contextlib import suppress
from socket import socket

import uvicorn
from litestar import Litestar
from litestar.concurrency import sync_to_thread

from gateway.settings import Settings
from gateway.web import pacing
from gateway.web.app import create_app

_MOST_WAITING = 512  # connections that the system keeps for us while we are busy


_TURN_SECONDS = 1.0


class Server(uvicorn.Server):
    """One that can be asked whether it moves: its loop goes round, and its handlers find a thread."""

    _has_turned = True

    async def serve(self, sockets: list[socket] | None = None) -> None:
        """Answer requests until `should_exit` is set."""
        watching = [
            asyncio.create_task(self._turn()),
            asyncio.create_task(pacing.look_at(self.server_state.connections)),
        ]
        try:
            await super().serve(sockets)
        finally:
            for one in watching:
                one.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*watching)

    def has_turned(self) -> bool:
        """Whether loop and threads came round since somebody last asked."""
        turned, self._has_turned = self._has_turned, False
        return turned

    async def _turn(self) -> None:
        while True:
            await sync_to_thread(self._note_turn)
            await asyncio.sleep(_TURN_SECONDS)

    def _note_turn(self) -> None:
        self._has_turned = True


def make(settings: Settings) -> Server:
    """A server that has not started yet; it ends once its `should_exit` is set."""
    return around(create_app(settings), settings)


def around(app: Litestar, settings: Settings) -> Server:
    """One for an application that stands already."""
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        backlog=_MOST_WAITING,
        timeout_graceful_shutdown=settings.drain_seconds,
        http=pacing.Paced,
        log_config=None,  # our own log has a line for each request
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),  # what others say of themselves counts for nothing
    )
    return Server(config)


def serve(settings: Settings, ending: threading.Event, vital: Callable[[Callable[[], bool]], None]) -> None:
    """Answer requests; when `ending` is set, take no more, finish those that are being served, and return.

    Args:
        settings: of the installation.
        ending: set when told to end.
        vital: takes what tells whether the server moves.
    """
    server = make(settings)
    gc.freeze()  # what stands now stays: to look through it for waste took 130 ms of every fifth page
    vital(server.has_turned)

    def end() -> None:
        ending.wait()
        server.should_exit = True

    threading.Thread(target=end, name="ending", daemon=True).start()
    server.run()
    ending.set()
