"""Every way of counting requests must pass this suite."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from gateway.limits import InMemory, OnRedis, Window

MINUTE, DAY = Window("minute", 5, 60), Window("day", 8, 86_400)


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    """A server of this module's own, that keeps nothing."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        pytest.skip("no redis-server on this machine")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        for line in server.stdout:
            if "Ready to accept connections" in line:
                break
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


@pytest.fixture(params=["memory", "redis"])
def counter(request, monkeypatch):
    """An empty counter; the windows are far from their end, for a minute that turns would free calls."""
    if request.param == "memory":
        monkeypatch.setenv("GATEWAY_NOW", "2026-03-01T12:00:01+00:00")
        yield InMemory()
        return
    url = request.getfixturevalue("redis_url")
    with redis.Redis.from_url(url) as connection:
        connection.flushall()
    made = OnRedis(url)
    yield made
    made.close()


def test_calls_are_allowed_until_a_window_is_full(counter):
    decisions = [counter.hit("acme", [MINUTE, DAY]) for _ in range(7)]
    assert [one.allowed for one in decisions] == [True] * 5 + [False] * 2
    assert [one.standings[0].remaining for one in decisions][:5] == [4, 3, 2, 1, 0]
    assert decisions[-1].standings[0].window == MINUTE
    assert 1 <= decisions[-1].retry_after <= 61


def test_a_refused_call_counts_in_no_window(counter):
    for _ in range(9):
        counter.hit("acme", [MINUTE, DAY])
    day = next(one for one in counter.look("acme", [MINUTE, DAY]).standings if one.window == DAY)
    assert day.remaining == 3


def test_looking_does_not_count(counter):
    for _ in range(9):
        assert counter.look("acme", [MINUTE]).standings[0].remaining == 5


def test_callers_do_not_share(counter):
    for _ in range(5):
        counter.hit("acme", [MINUTE])
    assert not counter.hit("acme", [MINUTE]).allowed
    assert counter.hit("globex", [MINUTE]).allowed


def test_a_call_may_cost_more_than_one(counter):
    assert counter.hit("acme", [MINUTE], cost=4).allowed
    assert not counter.hit("acme", [MINUTE], cost=2).allowed
    assert counter.hit("acme", [MINUTE], cost=1).allowed


def test_many_threads_get_exactly_what_is_allowed(counter):
    wide = Window("minute", 200, 60)
    with ThreadPoolExecutor(16) as bulkhead:
        decisions = list(bulkhead.map(lambda _: counter.hit("acme", [wide]).allowed, range(400)))
    assert sum(decisions) == 200


def test_the_window_before_counts_with_the_share_that_still_overlaps(monkeypatch):
    counter = InMemory()
    for now, allowed in [("12:00:30", True), ("12:01:00", False), ("12:01:30", True), ("12:03:00", True)]:
        monkeypatch.setenv("GATEWAY_NOW", f"2026-03-01T{now}+00:00")
        cost = 5 if now == "12:00:30" else 2
        assert counter.hit("acme", [MINUTE], cost=cost).allowed is allowed, now


def test_two_processes_count_together_on_redis(redis_url):
    one, other = OnRedis(redis_url), OnRedis(redis_url)
    decisions = [each.hit("shared", [MINUTE]).allowed for each in (one, other) * 5]
    one.close()
    other.close()
    assert sum(decisions) == 5


def test_without_redis_each_process_counts_for_itself_and_nobody_waits(monkeypatch):
    with socket.socket() as silent:  # takes connections and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        counter = OnRedis(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        decisions = [counter.hit("acme", [MINUTE]).allowed for _ in range(7)]
        counter.close()
    assert sum(decisions) == 5
    assert counter.is_away


def test_redis_is_asked_again_after_its_rest(redis_url, monkeypatch):
    monkeypatch.setattr("gateway.limits.REST_SECONDS", 0.05)
    counter = OnRedis("redis://127.0.0.1:1/0")
    counter.hit("acme", [MINUTE])
    assert counter.is_away
    rested = threading.Event()
    rested.wait(0.06)
    assert not counter.is_away
