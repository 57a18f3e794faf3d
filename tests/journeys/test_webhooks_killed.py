"""A gateway that is killed while it takes a call: the sender calls again, and there is one import of it."""

from __future__ import annotations

import threading
from contextlib import suppress

import httpx
import pytest
from helpers.killing import kill, killable
from helpers.servers import PATIENCE, until
from helpers.webhooks import NEW, event, post, settings_with, signed

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

POINTS = {  # where it dies -> the table that it cannot read or write
    "before the sender's limits are read": "rate_limits",
    "before it is known whether the call came before": "feeds",
    "before the stored file is on record": "files",
    "before the import": "imports",
    "before the audit log": "audit_log",
    "before the job": "jobs",
    "before the call is noted, at the very end": "webhook_calls",
}


@pytest.fixture
def lab(addresses, inbox, tmp_path):
    """A gateway over the test's database, and acme, whose feed takes signed calls."""
    (tmp_path / "secrets" / "northgate").mkdir(parents=True)
    (tmp_path / "secrets" / "northgate" / "HOOK").write_text(NEW)
    inbox.apply(settings_with("{via: webhook, name: 'changes_{time}.json', secret: HOOK}"))
    with killable(addresses, tmp_path) as made:
        yield made


@pytest.fixture
def api(lab):
    """Starts a process that answers."""

    def start():
        process = lab.serve("--role", "api")
        with httpx.Client(base_url=lab.url) as http:
            until(lambda: lab.is_ready(http))
        return process

    return start


def call(lab, heard):
    with suppress(httpx.TransportError), httpx.Client(base_url=lab.url, timeout=60) as http:
        heard.append(post(http, event(1, 2), signed(event(1, 2), "msg_1")))


def assert_once(lab, inbox, import_id):
    assert inbox.sql("SELECT id::text FROM imports") == [(import_id,)]
    assert inbox.sql("SELECT count(*) FROM files") == [(1,)]
    assert inbox.sql("SELECT kind, about::text FROM jobs WHERE kind = 'ingest.run'") == [("ingest.run", import_id)]
    lab.serve("--role", "ingest")
    until(lambda: inbox.sql("SELECT state FROM imports WHERE receipt_at IS NOT NULL") == [("loaded",)])
    assert inbox.sql("SELECT count(*) FROM clients") == [(2,)]


@pytest.mark.parametrize("point", POINTS)
def test_a_call_that_a_killed_gateway_did_not_answer_left_nothing_and_comes_again(lab, api, inbox, locks, point):
    mode = "ACCESS EXCLUSIVE" if point.endswith(("read", "before")) else "EXCLUSIVE"
    process, heard = api(), []
    with locks.held(POINTS[point], mode):
        caller = threading.Thread(target=call, args=[lab, heard])
        caller.start()
        locks.until_awaited(POINTS[point], process)
        kill(process)
        caller.join(PATIENCE)
    assert heard == []
    until(lambda: inbox.sql("SELECT count(*) FROM imports") == [(0,)])
    api()
    call(lab, heard)
    [answer] = heard
    assert answer.status_code == 200, answer.text
    assert "idempotency-replayed" not in answer.headers
    assert_once(lab, inbox, answer.json()["import_id"])


@pytest.mark.parametrize("is_answered", [False, True])
def test_a_call_that_is_on_record_is_what_it_became_after_the_gateway_was_killed(lab, api, inbox, is_answered):
    process, heard = api(), []
    caller = threading.Thread(target=call, args=[lab, heard])
    caller.start()
    until(lambda: heard if is_answered else inbox.sql("SELECT count(*) FROM webhook_calls") == [(1,)])
    kill(process)
    caller.join(PATIENCE)
    api()
    call(lab, heard)
    assert heard[-1].status_code == 200
    assert heard[-1].headers["idempotency-replayed"] == "true"
    assert_once(lab, inbox, heard[-1].json()["import_id"])
