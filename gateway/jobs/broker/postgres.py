"""The broker where none is set: LISTEN and NOTIFY on the database, so nothing else must run.

Nothing is stored: every process that listens hears every wake, and whoever does not is helped by its sweep.
"""

from __future__ import annotations

import threading
from typing import Any

import dramatiq
import psycopg
from dramatiq.broker import Consumer, MessageProxy

from gateway.db.engine import Addresses
from gateway.jobs.broker import message
from gateway.jobs.broker.listening import Listener, connect

CHANNEL = "gateway_jobs"


def make(_url: str | None, addresses: Addresses) -> dramatiq.Broker:
    """A broker on the application's database."""
    return PostgresBroker(addresses.app)


def ping(_url: str | None, addresses: Addresses) -> None:
    """Connect and say something that nobody hears."""
    with connect(addresses.app, "gateway doctor") as connection:
        connection.execute("SELECT 1")


class PostgresBroker(dramatiq.Broker):
    """Satisfies Dramatiq's brokers as far as wakes need: no delays, no dead letters, no joining."""

    def __init__(self, url: str) -> None:
        super().__init__(middleware=[])
        self._url = url
        self._lock = threading.Lock()
        self._speaker: psycopg.Connection[Any] | None = None
        self._listener: Listener | None = None
        self.queues: dict[str, threading.Event] = {}

    def declare_queue(self, queue_name: str) -> None:
        """Make the queue known in this process; there is nothing to make in the database."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = threading.Event()
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:  # noqa: ARG002 - wakes are not delayed
        """Notify the queue's name.

        Raises:
            psycopg.Error: the database is away.
        """
        with self._lock:
            try:
                self._notify(message.queue_name)
            except psycopg.Error:  # the connection may have died while nothing was said
                self._hang_up()
                self._notify(message.queue_name)
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 1000) -> Consumer:  # noqa: ARG002 - nothing is stored
        """Hear the wakes of a queue; one connection serves all queues."""
        with self._lock:
            if self._listener is None:
                self._listener = Listener(self._url, CHANNEL, self._heard)
        return _Wakes(self.queues[queue_name], queue_name, timeout / 1000)

    def close(self) -> None:
        """Close both connections."""
        if self._listener:
            self._listener.close()
        with self._lock:
            self._hang_up()

    def _notify(self, queue_name: str) -> None:
        if self._speaker is None:
            self._speaker = connect(self._url, "gateway nudger")
        self._speaker.execute("SELECT pg_notify(%s, %s)", [CHANNEL, queue_name])

    def _hang_up(self) -> None:
        if self._speaker is not None:
            self._speaker.close()
            self._speaker = None

    def _heard(self, queue_name: str | None) -> None:
        for name, wake in self.queues.items():
            if queue_name in {None, name}:
                wake.set()


class _Wakes(Consumer):
    """The wakes of one queue; those that come before one is taken are one."""

    def __init__(self, wake: threading.Event, queue_name: str, seconds: float) -> None:
        self._wake, self._queue_name, self._seconds = wake, queue_name, seconds

    def __next__(self) -> MessageProxy | None:
        if not self._wake.wait(self._seconds):
            return None
        self._wake.clear()
        return MessageProxy(message(self._queue_name.removeprefix("gateway.")))

    def ack(self, message: MessageProxy) -> None:
        """Nothing was stored."""

    def nack(self, message: MessageProxy) -> None:
        """Nothing was stored."""
