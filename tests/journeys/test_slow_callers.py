"""Five hundred callers who never come to the point keep nobody from being served, and are ended."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import httpx
import pytest
from helpers.inbox import as_csv, people
from helpers.servers import until
from helpers.serving import installed

from gateway.web.pacing import BODY_SECONDS, HEAD_SECONDS

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]

EACH = 125  # of four kinds
BOUND = 2.0  # seconds in which others are answered meanwhile
SLACK = 5.0  # seconds


@pytest.fixture
def lab():
    with installed() as made:
        made.add_partners("northgate", "acme", "globex")
        made.serve("--role", "api")
        yield made


def opened(stack: ExitStack, port: int, sent: bytes) -> socket.socket:
    line = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
    line.sendall(sent)
    line.settimeout(0)
    return line


def drip(lines: list[socket.socket], ending: threading.Event) -> None:
    """A byte a second for each."""
    while not ending.wait(1):
        for line in lines:
            with suppress(OSError):
                line.send(b"x")


def is_ended(line: socket.socket) -> bool:
    try:
        return not line.recv(10_000)
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_callers_who_never_come_to_the_point_keep_nobody_from_being_served(lab):
    port = int(lab.environment["GATEWAY_HTTP_PORT"])
    slow, quick = lab.key("acme"), lab.key("globex")
    body = f"POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: {slow['Authorization']}\r\nContent-Length: 100000\r\n"
    body += "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    with ExitStack() as stack, httpx.Client(base_url=lab.url, timeout=30) as http:
        until(lambda: lab.is_ready(http))
        begun = time.monotonic()
        nothing, half, heads, bodies = (
            [opened(stack, port, sent) for _ in range(EACH)]
            for sent in (b"", b"GET /v1/me HT", b"GET /v1/me HTTP/1.1\r\nX-Long: ", body.encode())
        )
        ending = threading.Event()
        pool = stack.enter_context(ThreadPoolExecutor(1))
        dripping = pool.submit(drip, heads, ending)
        stack.callback(ending.set)
        left, longest = {*nothing, *half, *heads, *bodies}, 0.0
        while left and time.monotonic() - begun < max(HEAD_SECONDS, BODY_SECONDS) + SLACK:
            asked = time.monotonic()
            assert http.get("/v1/me", headers=quick).status_code == 200
            longest = max(longest, time.monotonic() - asked)
            left -= {line for line in left if is_ended(line)}
            ending.wait(0.1)  # or the quick one meets its limit
        assert not left, f"{len(left)} are still there"
        assert longest < BOUND
        ending.set()
        dripping.result()
        for headers in (quick, slow):
            sent = http.post("/v1/files", files={"file": ("roster_20260301.csv", as_csv(people(3)))}, headers=headers)
            assert sent.status_code == 202, sent.text
    assert "Traceback" not in lab.said()
