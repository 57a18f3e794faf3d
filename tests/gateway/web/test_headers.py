"""What browsers are told with every answer: nothing of ours is framed, loads anything, or goes by http again."""

import threading
from contextlib import contextmanager

import httpx
import pytest
from helpers.servers import free_port, until
from msgspec.structs import replace

from gateway.web.server import make

BY_HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/me", 200),
        ("/v1/reports/import_errors?format=csv", 200),
        ("/v1/nothing", 404),
        ("/v1/me/password", 405),
        ("/v1/clients", 403),
        ("/docs/nothing", 404),
        ("/health/live", 200),
    ],
)
def test_every_answer_says_that_it_is_not_to_be_framed_or_to_load_anything(http, acme_key, path, status):
    answer = http.get(path, headers=acme_key)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_an_answer_of_a_bug_says_so_as_well(http, acme_key, monkeypatch):
    monkeypatch.setattr("gateway.domain.people.employees.status_of", lambda *_: 1 / 0)
    answer = http.get("/v1/employees/E1/status", headers=acme_key)
    assert (answer.status_code, answer.headers["x-frame-options"]) == (500, "DENY")


@contextmanager
def served(settings, **more):
    made = make(replace(settings, http_port=free_port(), drain_seconds=1, **more))
    thread = threading.Thread(target=made.run)
    thread.start()
    until(lambda: made.started)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{made.config.port}") as client:
            yield client
    finally:
        made.should_exit = True
        thread.join(20)


def test_whoever_came_by_https_is_told_to_come_by_it_alone_if_a_proxy_that_we_trust_says_so(settings, db):
    with served(settings) as behind_a_proxy:
        told = behind_a_proxy.get("/health/live", headers=BY_HTTPS).headers
        assert told["strict-transport-security"] == "max-age=31536000"
        assert "strict-transport-security" not in behind_a_proxy.get("/health/live").headers
    with served(settings, trusted_proxies=("192.0.2.1",)) as alone:
        assert "strict-transport-security" not in alone.get("/health/live", headers=BY_HTTPS).headers
