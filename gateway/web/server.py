"""Serves the application over HTTP until it is told to end."""

from __future__ import annotations

import threading

import uvicorn

from gateway.settings import Settings
from gateway.web.app import create_app

_MOST_WAITING = 512  # connections that the system keeps for us while we are busy


def make(settings: Settings) -> uvicorn.Server:
    """A server that has not started yet; it ends once its `should_exit` is set."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.http_host,
        port=settings.http_port,
        backlog=_MOST_WAITING,
        timeout_graceful_shutdown=settings.drain_seconds,
        log_config=None,  # our own log has a line for each request
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),  # what others say of themselves counts for nothing
    )
    return uvicorn.Server(config)


def serve(settings: Settings, ending: threading.Event) -> None:
    """Answer requests; when `ending` is set, take no more, finish those that are being served, and return."""
    server = make(settings)

    def end() -> None:
        ending.wait()
        server.should_exit = True

    threading.Thread(target=end, name="ending", daemon=True).start()
    server.run()
    ending.set()
