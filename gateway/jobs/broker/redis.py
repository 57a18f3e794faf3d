"""Redis, or Valkey, as the broker."""

from __future__ import annotations

from typing import Any

import dramatiq
import redis
from dramatiq.broker import Consumer
from dramatiq.brokers.redis import RedisBroker

from gateway.db.engine import Addresses

MOST_WAKES = 100  # that wait in a queue: more of them say nothing new, and would fill the memory while no worker runs

_CONNECT_SECONDS, _ANSWER_SECONDS = 1.0, 5.0
_POLL_MS = 50  # the client asks for messages; this often at the least


def make(url: str | None, _addresses: Addresses) -> dramatiq.Broker:
    """A broker at this address."""
    return _Broker(client=_client(url), middleware=[], namespace="gateway")  # type: ignore[no-untyped-call]


def ping(url: str | None, _addresses: Addresses) -> None:
    """Ask the server for an answer."""
    with _client(url) as client:
        client.ping()


def _client(url: str | None) -> redis.Redis:
    return _Client.from_url(
        url or "", socket_connect_timeout=_CONNECT_SECONDS, socket_timeout=_ANSWER_SECONDS, socket_keepalive=True
    )


class _Client(redis.Redis):
    """Takes a server that does not answer for one that is away: Dramatiq knows no other way to be without one."""

    def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as the client has it
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except redis.TimeoutError as error:
            raise redis.ConnectionError(str(error)) from error


class _Broker(RedisBroker):
    """Without queues for delayed messages, and with few wakes at a time."""

    def get_declared_delay_queues(self) -> set[str]:
        return set()

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        return super().consume(queue_name, prefetch, min(timeout, _POLL_MS))

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        if self.do_qsize(message.queue_name) >= MOST_WAKES:
            return message
        return super().enqueue(message, delay=delay)
