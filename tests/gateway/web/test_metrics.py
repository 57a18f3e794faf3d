"""Figures for Prometheus: right over all processes, cheap, and without a word about a person."""

import re
import subprocess
import sys
from collections import Counter

import pytest
from helpers.callers import asking
from helpers.inbox import people, person
from helpers.servers import free_port
from litestar.testing import TestClient
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from gateway.db.session import driver
from gateway.limits import OnRedis, Window
from gateway.web.app import create_app

LABELS = {
    "route",
    "method",
    "status",
    "le",
    "decision",
    "counted_by",
    "outcome",
    "kind",
    "queue",
    "state",
    "partner",
    "feed",
}


@pytest.fixture
def local(settings):
    """Asks from this machine."""
    with asking(settings, "127.0.0.1") as client:
        yield client


def scrape(client):
    """Value by name and labels."""
    found = client.get("/metrics")
    assert found.status_code == 200, found.text
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(found.text)
        for sample in family.samples
    }


def one(figures, name, **labels):
    return figures.get((name, *sorted(labels.items())), 0.0)


def gained(before, after, name, **labels):
    return one(after, name, **labels) - one(before, name, **labels)


def test_requests_are_told_by_route_and_not_by_what_was_asked(local):
    before = scrape(local)
    local.get("/health/live")
    local.get("/v1/clients/not-an-id")
    local.request("BREW", "/coffee")
    after = scrape(local)
    count = "gateway_request_seconds_count"
    assert gained(before, after, count, route="/health/live", method="GET", status="200") == 1
    assert gained(before, after, count, route="unknown", method="GET", status="404") >= 1
    assert one(after, count, route="unknown", method="other", status="404") >= 1
    assert gained(before, after, count, route="/metrics", method="GET", status="200") == 1


def test_imports_and_rows_are_counted_by_partner_once_each_has_come_to_its_state(local, inbox):
    before = scrape(local)
    inbox.drop("roster.csv", [*people(2), person(3, dob="soon")])
    inbox.drop("roster.csv", [*people(2), person(3, dob="soon")])
    after = scrape(local)
    assert gained(before, after, "gateway_imports_total", partner="acme", state="loaded_with_errors") == 1
    assert gained(before, after, "gateway_imports_total", partner="acme", state="no_change") == 1
    assert gained(before, after, "gateway_import_rows_total", partner="acme", outcome="created") == 2
    assert gained(before, after, "gateway_import_rows_total", partner="acme", outcome="rejected") == 1
    assert 0 <= one(after, "gateway_feed_age_seconds", partner="acme", feed="roster") < 60


def test_a_file_that_is_held_or_fails_waits_for_somebody_and_no_row_of_it_counts(local, inbox, db):
    inbox.drop("roster.csv", people(40))
    before = scrape(local)
    inbox.drop("roster.csv", people(4))
    with db.system() as session:
        driver(session).execute("UPDATE imports SET state = 'failed' WHERE state = 'loaded'")
    after = scrape(local)
    assert gained(before, after, "gateway_imports_total", partner="acme", state="held") == 1
    assert gained(before, after, "gateway_import_rows_total", partner="acme", outcome="unchanged") == 0
    assert one(after, "gateway_imports_waiting", partner="acme", state="held") == 1
    assert one(after, "gateway_imports_waiting", partner="acme", state="failed") == 1
    with db.system() as session:
        driver(session).execute("UPDATE imports SET received_at = received_at - interval '25 h' WHERE state = 'failed'")
    assert one(scrape(local), "gateway_imports_waiting", partner="acme", state="failed") == 0


def test_imports_without_a_receipt_are_told(local, inbox, db):
    inbox.drop("roster.csv", people(1))
    assert one(scrape(local), "gateway_receipts_missing") == 0
    with db.system() as session:
        driver(session).execute("UPDATE imports SET receipt_at = NULL")
    assert one(scrape(local), "gateway_receipts_missing") == 1


def test_queues_are_told_by_what_could_run_and_for_how_long(local, db):
    with db.system() as session:
        driver(session).execute(
            "INSERT INTO jobs (turn, kind, queue, max_attempts, state, not_before, lease_until)"
            " SELECT '00000000-0000-0000-0000-000000000000', 'ingest.sweep', queue, 5, state,"
            " now() + wait, CASE state WHEN 'running' THEN now() END FROM (VALUES ('normal', 'waiting', '-1 min'::interval),"
            " ('normal', 'waiting', '-5 min'), ('normal', 'waiting', '1 h'), ('bulk', 'running', '0'), ('bulk', 'dead', '0'))"
            " v (queue, state, wait)"
        )
    told = scrape(local)
    assert one(told, "gateway_queue_jobs", queue="normal", state="waiting") == 2
    assert one(told, "gateway_queue_jobs", queue="normal", state="later") == 1
    assert one(told, "gateway_queue_jobs", queue="bulk", state="running") == 1
    assert ("gateway_queue_jobs", ("queue", "urgent"), ("state", "waiting")) in told, "none is 0, and not silence"
    assert 299 < one(told, "gateway_queue_age_seconds", queue="normal") < 400
    assert one(told, "gateway_queue_age_seconds", queue="bulk") == 0
    assert one(told, "gateway_dead_jobs", kind="ingest.sweep") == 1
    assert one(told, "gateway_scheduler_leaders") == 0


ELSEWHERE = """
import random, sys
from gateway import tallies
from gateway.db.engine import Addresses
from gateway.db.session import Database
from gateway.metrics import JOBS

db = Database(Addresses(*sys.argv[1:]))
kinds = [f"kind {number}" for number in range(40)]
for _ in range(40):
    random.shuffle(kinds)
    for kind in kinds:
        JOBS.observe(0.1, kind, "done")
    tallies.settle(db)
db.close()
"""


def test_what_other_processes_counted_is_added_up_even_when_all_do_at_once(local, addresses):
    before = scrape(local)
    others = [subprocess.Popen([sys.executable, "-c", ELSEWHERE, *addresses]) for _ in range(3)]
    assert [other.wait(60) for other in others] == [0, 0, 0]
    after = scrape(local)
    for kind in (f"kind {number}" for number in range(40)):
        assert gained(before, after, "gateway_job_seconds_count", kind=kind, outcome="done") == 120
        assert gained(before, after, "gateway_job_seconds_bucket", kind=kind, outcome="done", le="0.25") == 120
        assert gained(before, after, "gateway_job_seconds_bucket", kind=kind, outcome="done", le="0.05") == 0


def test_a_limiter_whose_redis_is_away_says_so(settings, db):
    gone = f"redis://127.0.0.1:{free_port()}/0"
    counter = OnRedis(gone)
    with asking(replace(settings, limits_url=gone), "127.0.0.1") as client:
        before = scrape(client)
        assert one(before, "gateway_limits_breaker_open") == 0
        counter.hit("somebody", [Window("minute", 10, 60)])
        client.app.state.counter.hit("somebody", [Window("minute", 10, 60)])
        after = scrape(client)
    counter.close()
    assert gained(before, after, "gateway_limit_decisions_total", decision="allowed", counted_by="stand-in") == 2
    assert one(after, "gateway_limits_breaker_open") == 1


def test_without_a_database_there_are_no_figures_rather_than_half_of_them(settings, db, monkeypatch):
    with asking(settings, "127.0.0.1") as client:
        before = scrape(client)
        with monkeypatch.context() as patched:
            patched.setattr(client.app.state.office.db, "_system", away())
            client.get("/health/live")
            assert client.get("/metrics").status_code == 503
        after = scrape(client)
    count = "gateway_request_seconds_count"
    assert gained(before, after, count, route="/health/live", method="GET", status="200") == 1, "it was not lost"
    assert gained(before, after, count, route="/metrics", method="GET", status="503") == 1


def away():
    from gateway.db.engine import make_engine

    return make_engine(f"postgresql://nobody@127.0.0.1:{free_port()}/gateway", connections=1)


def test_labels_name_no_person_and_no_file_and_none_repeats(local, inbox, as_staff, acme_key):
    inbox.drop("roster of Zelenka.csv", people(2), feed="roster")
    local.post("/v1/auth/login", json={"email": "zelenka@northgate.example", "password": "wrong-lamp"})
    local.get("/v1/clients", params={"search": "zelenka"}, headers=as_staff("admin"))
    local.get("/v1/zelenka")
    local.post("/v1/files", files={"file": ("zelenka.csv", b"x")}, headers=acme_key)
    text = local.get("/metrics").text
    assert "zelenka" not in text.lower()
    assert not re.search(r"@|[0-9a-f]{8}-[0-9a-f]{4}", text), "an address or an id"
    ours = [
        sample
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("gateway_")
    ]
    assert {name for sample in ours for name in sample.labels} <= LABELS
    assert max(Counter((one.name, *sorted(one.labels.items())) for one in ours).values()) == 1
    families = re.findall(r"^# TYPE (gateway_\w+)", text, re.MULTILINE)
    assert len(families) == len(set(families))


def test_with_a_token_in_the_settings_only_who_knows_it_sees_figures(settings, db):
    with TestClient(create_app(replace(settings, metrics_token="a-long-token"))) as http:
        assert http.get("/metrics").status_code == 403
        assert http.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 403
        assert http.get("/metrics", headers={"Authorization": "Bearer a-long-token"}).status_code == 200
