"""One connection on which a process hears what the database notifies, and that comes back by itself when it breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from gateway.logging import get_logger

_LOOK_SECONDS = 0.5  # how long an ending process waits for the thread to notice
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0  # seconds before connecting again

log = get_logger(__name__)


class Listener:
    """Calls `heard` with each payload on a channel; with None after a gap, when anything may have been missed."""

    def __init__(self, url: str, channel: str, heard: Callable[[str | None], None]) -> None:
        self._url, self._channel, self._heard = url, channel, heard
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"listener of {channel}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear no more."""
        self._closed.set()
        self._thread.join(2 * _LOOK_SECONDS)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            try:
                with connect(self._url, "gateway listener") as connection:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
                    self._heard(None)
                    pause = _FIRST_PAUSE
                    self._hear(connection)
            except psycopg.Error as error:
                if pause == _FIRST_PAUSE and not self._closed.is_set():
                    log.warning("lost the database's notifications; connecting again", error=str(error).strip())
                self._closed.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _hear(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        while not self._closed.is_set():
            for notified in connection.notifies(timeout=_LOOK_SECONDS):
                self._heard(notified.payload)


class Bulletin:
    """One listener for everybody in this process who waits for news of a channel; it connects for the first of them."""

    def __init__(self, url: str, channel: str) -> None:
        self._url, self._channel = url, channel
        self._waiting: set[threading.Event] = set()
        self._lock = threading.Lock()
        self._listener: Listener | None = None

    @contextmanager
    def news(self) -> Iterator[threading.Event]:
        """An event that is set whenever something was notified; whoever waits clears it."""
        mine = threading.Event()
        with self._lock:
            self._waiting.add(mine)
            self._listener = self._listener or Listener(self._url, self._channel, self._tell)
        try:
            yield mine
        finally:
            with self._lock:
                self._waiting.discard(mine)

    def close(self) -> None:
        """Hear no more."""
        if self._listener is not None:
            self._listener.close()

    def _tell(self, _: str | None) -> None:
        with self._lock:
            for each in self._waiting:
                each.set()


def connect(url: str, name: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection for LISTEN or NOTIFY; through a pooler it must be one of a session, not of a transaction."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    return psycopg.connect(plain, autocommit=True, connect_timeout=2, application_name=name)
