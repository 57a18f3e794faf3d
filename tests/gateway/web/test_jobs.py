"""Admins ask the API what of their firm's work waits, runs for too long, or is dead."""

from __future__ import annotations

import pytest
from helpers.idle import idle_job


@pytest.fixture
def asked(web, as_staff):
    def get(path: str, role: str = "admin"):
        return web.get(f"/v1/jobs{path}", headers=as_staff(role))

    return get


def test_late_ones_are_those_that_wait_or_run_beyond_their_queues_patience(asked, office, tenants):
    waits = idle_job(office, tenants.northgate, "expiry.sweep", "waiting", minutes=6)
    runs = idle_job(office, tenants.northgate, "ingest.run", "running", minutes=31)
    idle_job(office, tenants.northgate, "expiry.sweep", "waiting", minutes=4)
    idle_job(office, tenants.northgate, "expiry.sweep", "waiting", minutes=-60)
    idle_job(office, tenants.northgate, "ingest.run", "running", minutes=29)
    idle_job(office, tenants.northgate, "expiry.sweep", "dead", minutes=600)
    idle_job(office, tenants.harbor, "expiry.sweep", "waiting", minutes=600)
    found = asked("?late=true").json()["data"]
    assert {one["id"] for one in found} == {str(waits), str(runs)}
    assert [one["id"] for one in asked("?late=true&state=running").json()["data"]] == [str(runs)]
    queues = {one.pop("queue"): one for one in asked("/queues").json()}
    assert (queues["normal"] | {"oldest_at": None}) == {
        "waiting": 2,
        "oldest_at": None,
        "running": 0,
        "late": 1,
        "dead": 1,
        "patience_seconds": 300,
    }
    assert queues["normal"]["oldest_at"] == next(one["not_before"] for one in found if one["id"] == str(waits))
    assert [queues["ingest"][name] for name in ("waiting", "running", "late", "dead")] == [0, 2, 1, 0]
    assert queues["bulk"]["oldest_at"] is None


def test_one_is_shown_to_admins_of_its_firm_alone(asked, office, tenants):
    ours = idle_job(office, tenants.northgate, "expiry.sweep", last_error="The disk is full.")
    theirs, nobodys = (idle_job(office, firm, "expiry.sweep") for firm in (tenants.harbor, None))
    assert asked(f"/{ours}").json()["last_error"] == "The disk is full."
    assert [asked(f"/{one}").status_code for one in (theirs, nobodys)] == [404, 404]
    assert [asked(path, "attorney").status_code for path in (f"/{ours}", "/queues")] == [403, 403]
