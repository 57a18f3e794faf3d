"""An HRIS that is asked over HTTP: it pages, counts and limits calls, shuffles its answers, and is away at times.

It keeps the gateway's clock, so a test moves both at once. What it was asked is on its list.
"""

from __future__ import annotations

import base64
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from gateway import clock

KEY = "key of the HRIS"
CLIENT, CLIENT_SECRET = "northgate", "secret of the client"
HOUR = timedelta(hours=1)


@dataclass
class Hris:
    """What it knows, how it behaves, and what it was asked.

    Attributes:
        size: records of a page.
        hourly: calls that it allows in any 60 minutes; it refuses more with 429.
        answers: statuses that it gives instead of its next answers, with header fields.
        is_away: answers everything with 500.
        asked: when, and for which path with its query.
        tokens: how many it gave; the first `revoked` of them are refused.
    """

    size: int = 50
    hourly: int | None = None
    by_number: bool = False
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    is_away: bool = False
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    refused: int = 0
    tokens: int = 0
    revoked: int = 0
    url: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(7)

    def change(self, person: str, salary: int, at: datetime | None = None) -> None:
        """Somebody's pay is another one now."""
        with self._lock:
            self.people[person] = {
                "employeeId": person,
                "last": f"Name of {person}",
                "salary": salary,
                "updatedAt": (at or clock.now()).isoformat().replace("+00:00", "Z"),
            }

    def calls(self, part: str = "") -> list[str]:
        """The paths that were asked for, of those with this in them."""
        return [path for _, path in self.asked if part in path]

    def busiest(self, span: timedelta = HOUR) -> int:
        """The most calls within any such span."""
        times = sorted(at for at, _ in self.asked)
        begin = most = 0
        for end, at in enumerate(times):
            while times[begin] <= at - span:
                begin += 1
            most = max(most, end - begin + 1)
        return most

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """What it says to a request."""
        with self._lock:
            now = clock.now()
            recent = sum(1 for at, _ in self.asked if at > now - HOUR)
            self.asked.append((now, target))
            if self.answers:
                return *self.answers.pop(0), b"{}"
            if self.is_away:
                return 500, {}, b"out of order"
            if self.hourly is not None and recent >= self.hourly:
                self.refused += 1
                return 429, {"Retry-After": "60"}, b"{}"
            return self._told(method, urlsplit(target), headers, body)

    def _told(self, method: str, parts: SplitResult, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if method == "POST" and parts.path == "/oauth/token":
            return self._token(headers, body)
        good = {f"Bearer token-{number}" for number in range(self.revoked + 1, self.tokens + 1)}
        if headers.get("Authorization") not in good | {f"Bearer {KEY}"}:
            return 401, {}, b"{}"
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/employees"):
            return 200, {}, self._page(query)
        one = self.people.get(unquote(parts.path.rpartition("/")[2]))
        return (200, {}, json.dumps({"data": {"employee": one}}).encode()) if one else (404, {}, b"{}")

    def _token(self, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        pair = base64.b64encode(f"{CLIENT}:secret%20of%20the%20client".encode()).decode()
        if headers.get("Authorization") != f"Basic {pair}" or b"grant_type=client_credentials" not in body:
            return 401, {}, b'{"error": "invalid_client"}'
        self.tokens += 1
        told = {"access_token": f"token-{self.tokens}", "token_type": "Bearer", "expires_in": 900}
        return 200, {}, json.dumps(told).encode()

    def _page(self, query: dict[str, str]) -> bytes:
        since, before = query.get("updatedSince", ""), query.get("updatedBefore", "9999")
        found = sorted(
            (one for one in self.people.values() if _at(since) <= _at(one["updatedAt"]) < _at(before)),
            key=_place,
        )
        if self.by_number:
            begin = (int(query.get("page", 1)) - 1) * self.size
        else:  # a cursor names the last record, so nobody is missed who stands behind somebody that changes meanwhile
            last = tuple(query["cursor"].split("/")) if "cursor" in query else ("", "")
            begin = sum(1 for one in found if _place(one) <= last)
        page = found[begin : begin + self.size]
        is_last = begin + self.size >= len(found) or self.by_number
        following = None if is_last else "/".join(_place(page[-1]))
        self._random.shuffle(page)
        return json.dumps({"meta": {"next": following}, "data": {"employees": page}}).encode()


def _place(one: dict[str, Any]) -> tuple[str, str]:
    return one["updatedAt"], one["employeeId"]


def _at(text: str) -> datetime:
    if text in {"", "9999"}:
        return datetime.fromisoformat(f"{text or '0001'}-01-01T00:00:00+00:00")
    return datetime.fromisoformat(text)


@contextmanager
def serving(hris: Hris) -> Iterator[Hris]:
    """The HRIS on a port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, fields, told = hris.answer(method, self.path, self.headers, body)
            self.send_response(status)
            for name, value in {**fields, "Content-Length": str(len(told))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """It keeps a list of its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    hris.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hris
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
