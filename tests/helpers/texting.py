"""A provider of texts on loopback, as Twilio's API is: accounts by Basic login, forms in, JSON out."""

from __future__ import annotations

import base64
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

ACCOUNT, TOKEN = "AC0123456789abcdef0123456789abcdef", "hunter2-hunter2-hunter2"
SENDER = "+13125550199"
PATH = f"/2010-04-01/Accounts/{ACCOUNT}"

Answer = tuple[int, dict[str, Any], dict[str, str]]


class Provider:
    """The server.

    Attributes:
        refuses: numbers, and the code with which each is refused.
        answer: in place of what it would answer to a text.
        texts: those that it took, by their ids.
        tries: how many texts it was given, taken or not.
    """

    def __init__(self) -> None:
        self.refuses: dict[str, int] = {}
        self.answer: Callable[[], Answer] | None = None
        self.texts: dict[str, dict[str, str]] = {}
        self.tries = 0
        self._numbers = itertools.count(1)
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self._say(*(provider._denied(self) or provider._post(dict(parse_qsl(body)))))

            def do_GET(self) -> None:
                self._say(*(provider._denied(self) or provider._get(self.path)))

            def _say(self, status: int, said: dict[str, Any], headers: dict[str, str]) -> None:
                raw = json.dumps(said).encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(raw))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def _denied(self, request: BaseHTTPRequestHandler) -> Answer | None:
        login = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers["authorization"] != f"Basic {login}":
            return refusal(401, 20003)
        return None if request.path.startswith(PATH) else refusal(404, 20404)

    def _post(self, form: dict[str, str]) -> Answer:
        self.tries += 1
        if self.answer is not None:
            return self.answer()
        if form["To"] in self.refuses:
            return refusal(400, self.refuses[form["To"]], f"The 'To' number {form['To']} is not valid.")
        sid = f"SM{next(self._numbers):032x}"
        self.texts[sid] = form | {"status": "queued"}
        return 201, {"sid": sid, "status": "queued", "error_code": None}, {}

    def _get(self, path: str) -> Answer:
        sid = path.rpartition("/")[2].removesuffix(".json")
        if sid == ACCOUNT:
            return 200, {"sid": ACCOUNT, "status": "active"}, {}
        if sid not in self.texts:
            return refusal(404, 20404)
        return 200, {"sid": sid, "status": self.texts[sid]["status"]}, {}


def refusal(status: int, code: int, message: str = "no", headers: dict[str, str] | None = None) -> Answer:
    return status, {"code": code, "message": message, "status": status}, headers or {}


@contextmanager
def providing() -> Iterator[Provider]:
    one = Provider()
    thread = threading.Thread(target=one.server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.server.shutdown()
        one.server.server_close()
        thread.join()


def over(settings: Any, provider: Provider) -> Any:
    """Settings of an installation whose texts go to this provider."""
    from msgspec.structs import replace

    return replace(
        settings,
        sms_url=provider.url,
        sms_account=ACCOUNT,
        sms_token=TOKEN,
        sms_from=SENDER,
        public_url="https://gateway.example",
        allow_private=("127.0.0.1/32",),
    )
