"""A partner's own HTTP server on loopback: keeps what it is sent, and answers as a test has it answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Received(NamedTuple):
    """One request; `headers` by names in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Receiver:
    """The server.

    Attributes:
        answer: decides about a request: a status, or a status, a body and headers. It may block.
        taken: what was answered with 2xx, in order.
        received: all that came, in order.
    """

    def __init__(self) -> None:
        self.answer: Callable[[Received], object] = lambda _received: 200
        self.received: list[Received] = []
        self.taken: list[Received] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                one = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                receiver.received.append(one)
                told = receiver.answer(one)
                status, said, more = told if isinstance(told, tuple) else (told, b"noted", {})
                if 200 <= status < 300:
                    receiver.taken.append(one)
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A server until the block ends."""
    one = Receiver()
    thread = threading.Thread(target=one.server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.server.shutdown()
        one.server.server_close()
        thread.join()
