"""Connections that do not move are ended, and those that do are not, however slowly; over real sockets."""

import socket
import threading
import time

import httpx
import pytest
from helpers.servers import free_port, until
from litestar import get
from litestar.response import Stream
from msgspec.structs import replace

from gateway.web import app, pacing
from gateway.web.calls import OPEN
from gateway.web.server import make

SECONDS = 1.0  # what a caller has, instead of its 10, 20 and 120
ENDED = 4  # seconds in which whoever is late has been ended
FORM = "multipart/form-data; boundary=x"
LARGE = 40 << 20  # more than the system holds for a connection


@get("/large", sync_to_thread=False, **OPEN)
def give_much() -> Stream:
    """A report that is long."""
    return Stream(iter([bytes(1 << 20)] * (LARGE >> 20)))


@get("/quiet", **OPEN)
async def give_nothing_for_long() -> Stream:
    """An event stream with nothing to tell for longer than anybody may be silent."""

    async def events():
        yield b"begun"
        import anyio

        await anyio.sleep(3 * SECONDS)
        yield b"ended"

    return Stream(events())


@get("/standing", **OPEN)
async def stand_still() -> None:
    """Something keeps the server's loop for longer than anybody may be silent."""
    time.sleep(3 * SECONDS)  # noqa: ASYNC251 - that is the point


@pytest.fixture
def port(settings, db, monkeypatch):
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "STALL_SECONDS"):
        monkeypatch.setattr(pacing, name, SECONDS)
    monkeypatch.setattr(pacing, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(app, "OPEN_ROUTES", [*app.OPEN_ROUTES, give_much, give_nothing_for_long, stand_still])
    monkeypatch.setattr(app, "_is_ours", lambda handler: str(handler).startswith("gateway."))
    made = make(replace(settings, http_port=free_port(), drain_seconds=1))
    thread = threading.Thread(target=made.run)
    thread.start()
    until(lambda: made.started)
    yield made.config.port
    made.should_exit = True
    thread.join(20)


@pytest.fixture
def line(port):
    """Opens connections; what was sent at once is given."""
    opened = []

    def one(sent=b"", **options):
        made = socket.socket()
        for option, value in options.items():
            made.setsockopt(socket.SOL_SOCKET, getattr(socket, option), value)
        made.settimeout(ENDED)
        made.connect(("127.0.0.1", port))
        made.sendall(sent)
        opened.append(made)
        return made

    yield one
    for each in opened:
        each.close()


def heard(line):
    """All that the other end says until it ends; it must end."""
    said = b""
    while more := line.recv(1 << 20):
        said += more
    return said


def drip(line, pieces, pause=0.2):
    """Send one piece after the other until the other end has had enough; whether it had."""
    for piece in pieces:
        try:
            line.sendall(piece)
        except OSError:
            return True
        time.sleep(pause)  # the pace is what is tested
    return False


def post(headers, length):
    return (
        f"POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: {headers['Authorization']}\r\n"
        f"Content-Length: {length}\r\nContent-Type: {FORM}\r\n\r\n"
    ).encode()


def test_a_connection_on_which_nothing_comes_is_closed(line):
    assert heard(line()) == b""


@pytest.mark.parametrize("sent", [b"G", b"GET /health/live", b"GET /health/live HTTP/1.1\r\nHost: x\r\n"])
def test_half_a_head_is_told_and_closed(line, sent):
    said = heard(line(sent))
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"error":"too_slow"' in said


def test_a_head_that_comes_a_byte_at_a_time_is_ended(line):
    one = line(b"GET /health/live HTTP/1.1\r\nX-Long: ")
    assert drip(one, [b"x"] * 30)


def test_line_breaks_alone_are_no_request(line):
    assert drip(line(), [b"\r\n"] * 30)


def test_a_body_that_does_not_come_is_told_and_closed(line, acme_key):
    said = heard(line(post(acme_key, 1_000) + b"--x"))
    assert said.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_comes_too_slowly_is_ended(line, acme_key):
    assert drip(line(post(acme_key, 100_000)), [b"x" * 10] * 30)


def test_a_body_that_comes_slowly_and_moves_is_read_to_its_end(line, acme_key):
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="roster_20260301.csv"\r\n\r\nEMP_ID\r\n'
    body = part + b"E1\r\n" * 4_000 + b"\r\n--x--\r\n"
    one = line(post(acme_key, len(body)))
    pieces = [body[at : at + 500] for at in range(0, len(body), 500)]
    assert len(pieces) * 0.1 > 3 * SECONDS
    assert not drip(one, pieces, pause=0.1)
    assert one.recv(100).startswith(b"HTTP/1.1 202 ")


def test_time_in_which_we_stand_still_is_not_the_callers(line, acme_key):
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="roster_20260301.csv"\r\n\r\nEMP_ID\r\n'
    rest = b"E1\r\n\r\n--x--\r\n"
    one = line(post(acme_key, len(part + rest)) + part)
    line(b"GET /standing HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(SECONDS)  # it stands still now
    one.sendall(rest)
    assert one.recv(100).startswith(b"HTTP/1.1 202 ")


def test_a_body_of_which_nobody_reads_the_rest_is_ended_as_well(line):
    one = line(post({"Authorization": "Bearer nobody"}, 100_000))
    assert one.recv(100).startswith(b"HTTP/1.1 401 ")
    assert drip(one, [b"x"] * 30)


def test_a_connection_is_kept_between_requests_and_closed_when_none_comes(line):
    one = line(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert one.recv(10_000).startswith(b"HTTP/1.1 200 ")
    one.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"HTTP/1.1 200 " in heard(one)


def test_a_stream_with_nothing_to_tell_is_left_alone(port):
    with httpx.stream("GET", f"http://127.0.0.1:{port}/quiet", timeout=10) as answer:
        assert b"".join(answer.iter_raw()) == b"begunended"


def test_an_answer_that_is_taken_slowly_comes_whole(line):
    one = line(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", SO_RCVBUF=64 << 10)
    taken = 0
    for _ in range(40):
        taken += len(one.recv(30_000))
        time.sleep(0.1)  # so that the system holds the same bytes of ours for longer than a caller may stand still
    assert taken + len(heard(one)) > LARGE


def test_an_answer_that_nobody_takes_is_cut(line):
    one = line(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", SO_RCVBUF=64 << 10)
    time.sleep(3 * SECONDS)  # nobody reads
    assert len(heard(one)) < LARGE // 2
