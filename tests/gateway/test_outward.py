"""Calls go out through one door: guarded, bounded, and their failures are told for people."""

import gzip
import os
import socket
import time
import tracemalloc
import zlib
from contextlib import contextmanager

import pytest
from helpers.authority import Authority
from helpers.listening import listening

from gateway import certificates
from gateway.dialing import Failed, Refused, Timeout
from gateway.outward import Limits, Outward
from gateway.settings import Settings

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Two: a\r\nX-Two: b\r\n\r\nok"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def closed(tmp_path):
    return Settings(data_dir=tmp_path, config_dir=tmp_path, secrets_dir=tmp_path)


@pytest.fixture
def opened(tmp_path):
    return Settings(data_dir=tmp_path, config_dir=tmp_path, secrets_dir=tmp_path, allow_private=("127.0.0.0/8",))


@pytest.fixture
def door(opened, authority):
    return Outward(opened, trust=authority.trust, resolve=lambda *_: [(socket.AF_INET, "127.0.0.1")])


def test_what_is_said_arrives_and_what_is_answered_comes_back(door):
    with listening(OK) as server:
        answer = door.send("POST", f"http://hr.acme.example:{server.port}/in?a=1", {"X-Id": "7"}, b"hello")
    assert answer == (200, {"content-length": "2", "x-two": "a, b"}, b"ok")
    head = server.heard[0].lower()
    assert head.startswith(b"post /in?a=1 http/1.1\r\n")
    for line in (f"host: hr.acme.example:{server.port}".encode(), b"x-id: 7", b"content-length: 5"):
        assert line in head


def test_a_body_in_pieces_is_sent_with_its_length_or_chunked(door):
    def take(connection, listener):
        head = listener.head(connection)
        while not head.endswith((b"onetwo", b"0\r\n\r\n")):
            head += connection.recv(100)
        listener.heard.append(head)
        connection.sendall(OK)

    with listening(take) as server:
        url = f"http://hr.acme.example:{server.port}"
        door.send("PUT", url, {"Content-Length": "6"}, iter([b"one", b"two"]))
        door.send("PUT", url, {}, iter([b"one", b"two"]))
    assert server.heard[1].endswith(b"onetwo")
    assert server.heard[3].endswith(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def test_a_redirect_is_an_answer_and_is_not_followed(door):
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    with listening(moved) as server:
        answer = door.send("GET", f"http://hr.acme.example:{server.port}")
        assert (answer.status, answer.headers["location"], server.connections) == (302, "http://127.0.0.1/", 1)


def test_no_proxy_of_the_environment_is_used(door, monkeypatch):
    with listening(OK) as server, listening(b"HTTP/1.1 500 Proxy\r\nContent-Length: 0\r\n\r\n") as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert door.send("GET", f"http://hr.acme.example:{server.port}").status == 200
        assert proxy.connections == 0


def test_nobody_is_called_whose_network_is_not_opened(closed):
    with listening(OK) as server:
        with pytest.raises(Refused, match="GATEWAY_ALLOW_PRIVATE"):
            Outward(closed).send("GET", f"http://127.0.0.1:{server.port}")
        with pytest.raises(Refused, match="GATEWAY_ALLOW_PRIVATE"):
            Outward(closed).send("GET", f"https://localhost:{server.port}")
        assert server.connections == 0


def test_a_name_that_is_rebound_reaches_what_was_looked_at(opened, authority):
    answers = ["127.0.0.1", "127.0.0.66"]
    door = Outward(opened, trust=authority.trust, resolve=lambda *_: [(socket.AF_INET, answers.pop(0))])
    with listening(OK, tls=authority.serving("hr.acme.example")) as server:
        assert door.send("GET", f"https://hr.acme.example:{server.port}").body == b"ok"
    assert answers == ["127.0.0.66"]


def test_whom_the_system_trusts_is_read_once_and_again_when_that_changes(opened, authority, tmp_path, monkeypatch):
    """To read it takes longer than most calls."""
    bundle = tmp_path / "trusted.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    bundle.write_bytes(authority.file.read_bytes())
    assert certificates.system_trust() is certificates.system_trust()
    here = {"resolve": lambda *_: [(socket.AF_INET, "127.0.0.1")]}
    with listening(OK, tls=authority.serving("hr.acme.example")) as server:
        url = f"https://hr.acme.example:{server.port}"
        assert Outward(opened, **here).send("GET", url).status == 200
        bundle.write_bytes(Authority(tmp_path, "Another CA").file.read_bytes())
        os.utime(bundle, ns=(1, 1))
        with pytest.raises(Failed, match="certificate"):
            Outward(opened, **here).send("GET", url)


def test_http_is_for_opened_networks_alone(opened, monkeypatch):
    """A public address stands behind a door of ours here, for no test may go there."""
    with listening(OK) as server:
        door = Outward(opened)
        monkeypatch.setattr(door, "connect", lambda *_: (socket.create_connection(("127.0.0.1", server.port)), False))
        with pytest.raises(Refused, match="write https"):
            door.send("GET", "http://hr.acme.example/")
    assert server.heard in ([], [b""])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://hr.acme.example/", "https"),
        ("hr.acme.example", "https"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://user:hunter2@hr.acme.example/", "login"),
        ("https://hr.acme.example/a b", "blank"),
        ("https://hr.acme.example\\@127.0.0.1/", "blank"),
        ("https://hr.acme.example/\r\nX: y", "line break"),
        ("https://bücher.example/", "xn--"),
        ("https://[::1/", "not an address"),
        ("https://hr.acme.example:99999/", "not an address"),
        ("https://a_b.example%2eevil/", "names no host"),
    ],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(door, url, said):
    with pytest.raises(Refused, match=said) as refused:
        door.send("GET", url)
    assert refused.value.code == "address_invalid"
    assert "hunter2" not in refused.value.sentence


@pytest.mark.parametrize("headers", [{"X-Key": "hunter2\r\nEvil: 1"}, {"X Key": "hunter2"}, {"X-Key": "hünter2"}])
def test_a_header_that_is_none_is_refused_and_not_repeated(door, headers):
    with listening(OK) as server:
        with pytest.raises(Refused, match="header") as refused:
            door.send("GET", f"http://hr.acme.example:{server.port}", headers)
        assert "unter2" not in refused.value.sentence
    assert not any(server.heard)


def test_a_host_of_the_callers_own_does_not_count(door):
    with listening(OK) as server:
        door.send("GET", f"http://hr.acme.example:{server.port}", {"Host": "evil.example"})
    assert server.heard[0].lower().count(b"host:") == 1
    assert b"evil" not in server.heard[0]


def test_tls_is_held_against_the_name(door, authority):
    with listening(OK, tls=authority.serving("hr.acme.example")) as server:
        assert door.send("GET", f"https://hr.acme.example:{server.port}").status == 200
        with pytest.raises(Failed) as failed:
            door.send("GET", f"https://other.example:{server.port}")
    assert failed.value.code == "certificate_refused"
    assert "other.example" in failed.value.sentence
    assert "It is for hr.acme.example, issued by CN=Throwaway CA" in failed.value.sentence


def test_an_expired_certificate_says_when_it_did(door, authority):
    said = r"has expired\. It is for hr.acme.example, .* to 20\d\d-\d\d-\d\d"
    expired = authority.serving("hr.acme.example", days=-3)
    with listening(OK, tls=expired) as server, pytest.raises(Failed, match=said) as failed:
        door.send("GET", f"https://hr.acme.example:{server.port}")
    assert failed.value.code == "certificate_refused"


def test_a_certificate_of_nobody_we_trust_is_refused_and_nothing_is_said(door, tmp_path):
    evil = Authority(tmp_path, "Evil CA").serving("hr.acme.example")
    with listening(OK, tls=evil) as server, pytest.raises(Failed, match="issued by CN=Evil CA"):
        door.send("POST", f"https://hr.acme.example:{server.port}", {"X-Key": "hunter2"})
    assert not any(server.heard)


def test_a_port_that_speaks_no_tls_is_named(door):
    def plain(connection, listener):
        connection.recv(10)
        connection.sendall(b"220 mail.acme.example ESMTP\r\n")

    with listening(plain) as server, pytest.raises(Failed, match="speaks no TLS") as failed:
        door.send("GET", f"https://hr.acme.example:{server.port}")
    assert failed.value.code == "tls_failed"


def silent(connection, listener):
    listener.head(connection)
    listener.release.wait(30)


def test_silence_ends_the_call(door):
    with listening(silent) as server, pytest.raises(Timeout, match=r"said nothing for 0\.1 s") as late:
        door.send("GET", f"http://hr.acme.example:{server.port}", limits=Limits(read=0.1))
    assert late.value.code == "answer_timed_out"


def test_a_handshake_that_never_ends_ends_the_call(door):
    with listening(lambda _, listener: listener.release.wait(30)) as server, pytest.raises(Timeout, match="TLS"):
        door.send("GET", f"https://hr.acme.example:{server.port}", limits=Limits(connect=0.1))


def test_a_drop_now_and_then_does_not_keep_a_call_beyond_its_total(door):
    def drip(connection, listener):
        listener.head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not listener.release.wait(0.01):
            connection.sendall(b".")

    started = time.perf_counter()
    with listening(drip) as server, pytest.raises(Timeout):
        door.send("GET", f"http://hr.acme.example:{server.port}", limits=Limits(read=5, total=0.3))
    assert time.perf_counter() - started < 3


def test_whoever_takes_nothing_of_what_we_send_ends_the_call(door):
    with listening(lambda _, listener: listener.release.wait(30)) as server, pytest.raises(Timeout):
        door.send("POST", f"http://hr.acme.example:{server.port}", {}, b"x" * 50_000_000, limits=Limits(read=0.2))


def test_an_answer_before_the_end_of_what_we_say_is_taken(door):
    def refuse(connection, listener):
        listener.head(connection)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass

    with listening(refuse) as server:
        assert door.send("POST", f"http://hr.acme.example:{server.port}", {}, b"x" * 10_000_000).status == 413


def told(body, coding=None, length=None):
    packed = f"Content-Encoding: {coding}\r\n" if coding else ""
    return f"HTTP/1.1 200 OK\r\n{packed}Content-Length: {length or len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", gzip.compress(b"a" * 1000, mtime=0)), ("deflate", zlib.compress(b"a" * 1000)), (None, b"a" * 1000)],
)
def test_an_answer_is_unpacked_and_not_beyond_its_limit(door, coding, body):
    with listening(told(body, coding)) as server:
        url = f"http://hr.acme.example:{server.port}"
        assert door.send("GET", url, limits=Limits(most=1000)).body == b"a" * 1000
        assert door.send("GET", url, limits=Limits(most=999, whole=False)).body == b"a" * 999
        with pytest.raises(Failed, match="more than 999 bytes") as failed:
            door.send("GET", url, limits=Limits(most=999))
    assert failed.value.code == "answer_too_large"


def test_a_bomb_is_not_unpacked(door):
    bomb = told(gzip.compress(b"\0" * 200_000_000, 9, mtime=0), "gzip")
    with listening(bomb) as server, remembered() as peak:
        with pytest.raises(Failed, match="more than 1,048,576 bytes"):
            door.send("GET", f"http://hr.acme.example:{server.port}")
        assert peak() < 8_000_000


@contextmanager
def remembered():
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_an_answer_without_end_is_left(door):
    def endless(connection, listener):
        listener.head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n")

    with listening(endless) as server, pytest.raises(Failed, match="more than"):
        door.send("GET", f"http://hr.acme.example:{server.port}")


@pytest.mark.parametrize(
    "answer",
    [
        told(b"short", length=100),
        b"",
        b"220 mail.acme.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
    ],
)
def test_an_answer_that_breaks_off_or_is_none_is_told(door, answer):
    with listening(answer) as server, pytest.raises(Failed, match="ended the connection") as failed:
        door.send("GET", f"http://hr.acme.example:{server.port}")
    assert failed.value.code == "connection_broken"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (told(b"ok", "br"), "br"),
        (told(b"no zip", "gzip"), "not packed as it says"),
        (told(gzip.compress(b"a", mtime=0) + gzip.compress(b"b"), "gzip"), "several parts"),
        (told(gzip.compress(b"a" * 5000, mtime=0)[:-6], "gzip"), "ends too early"),
    ],
)
def test_an_answer_that_cannot_be_unpacked_is_told(door, answer, why):
    with listening(answer) as server, pytest.raises(Failed, match=why) as failed:
        door.send("GET", f"http://hr.acme.example:{server.port}")
    assert failed.value.code == "answer_unreadable"


def test_no_sentence_shows_what_follows_the_host(door):
    with listening(b"") as server, pytest.raises(Failed) as failed:
        door.send("POST", f"http://hr.acme.example:{server.port}/hooks/hunter2?key=hunter2", {"X-Key": "hunter2"})
    assert "hunter2" not in failed.value.sentence
