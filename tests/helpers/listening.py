"""A server on loopback that says byte for byte what a test wants, and keeps what it heard."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Listener:
    """Takes connections until it is closed.

    Attributes:
        heard: the head of each request, in order.
        release: set when the test is over: whoever keeps a connection open waits for it.
    """

    def __init__(self, say: Callable[[socket.socket, Listener], None], tls: ssl.SSLContext | None) -> None:
        self._say, self._tls = say, tls
        self.heard: list[bytes] = []
        self.connections = 0
        self.release = threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def head(self, connection: socket.socket) -> bytes:
        """What was asked, without a body."""
        got = b""
        while b"\r\n\r\n" not in got and (piece := connection.recv(65_536)):
            got += piece
        self.heard.append(got)
        return got

    def close(self) -> None:
        self.release.set()
        self._door.close()

    def _take(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self._door.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:  # a caller that hangs up, or does not trust us
            connection.settimeout(10)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                self._say(connection, self)


@contextmanager
def listening(
    say: Callable[[socket.socket, Listener], None] | bytes, *, tls: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    """A server that does `say` with each connection, or answers each request with these bytes."""

    def answer(connection: socket.socket, listener: Listener) -> None:
        listener.head(connection)
        connection.sendall(say)

    one = Listener(answer if isinstance(say, bytes) else say, tls)
    try:
        yield one
    finally:
        one.close()
