"""What doctor says of jobs, workers and schedules."""

import pytest
from helpers.job_kinds import KINDS

from gateway.domain.upkeep.queues import checks
from gateway.jobs.schedule import tick


@pytest.fixture
def seen(db):
    def look():
        with db.system() as session:
            return {check.name: check for check in checks(session)}

    return look


def test_an_installation_without_jobs_or_services_is_warned_and_no_more(seen):
    assert {name: check.level for name, check in seen().items()} == {
        "dead jobs": "ok",
        "waiting jobs": "ok",
        "workers": "warning",
        "schedules": "warning",
    }


def test_dead_jobs_are_counted_by_kind_and_the_way_out_is_told(book, seen):
    book.add(count=2)
    book.sql("UPDATE jobs SET state = 'dead'")
    check = seen()["dead jobs"]
    assert (check.level, check.found) == ("problem", "2 test.normal.")
    assert "gateway job retry" in check.advice


@pytest.mark.parametrize(
    ("queue", "age", "level"),
    [
        ("urgent", "50 seconds", "ok"),
        ("urgent", "2 minutes", "problem"),
        ("normal", "4 minutes", "ok"),
        ("normal", "6 minutes", "problem"),
        ("ingest", "20 minutes", "ok"),
        ("bulk", "2 hours", "problem"),
        ("bulk", "-1 hours", "ok"),
    ],
)
def test_a_queue_that_waits_longer_than_its_work_may_is_a_problem(book, seen, queue, age, level):
    book.add(f"test.{queue}")
    book.sql(f"UPDATE jobs SET not_before = now() - interval '{age}'")
    check = seen()["waiting jobs"]
    assert check.level == level
    assert (queue in check.found) is not age.startswith("-")


def test_workers_are_counted_by_queue_while_they_are_heard_of(book, worker, seen):
    worker({"urgent": 1, "normal": 1})
    assert seen()["workers"].found == "Nobody works on ingest, bulk, arrivals, deliveries, notices, models."
    worker({"ingest": 1, "bulk": 1, "arrivals": 1, "deliveries": 1, "notices": 1, "models": 1})
    worker({"ingest": 1})
    assert seen()["workers"].level == "ok"
    assert "2 for ingest" in seen()["workers"].found
    book.sql("UPDATE leases SET until = now() - interval '1 s'")
    assert seen()["workers"].found == "None runs."


def test_a_schedule_that_is_not_run_is_named(db, book, worker, seen):
    worker({"normal": 1})
    assert seen()["schedules"].level == "problem", "there are workers, but nobody makes jobs by the clock"
    tick(db, KINDS, "me")
    assert seen()["schedules"].level == "ok"
    book.sql("UPDATE schedules SET last_run = now() - interval '2 days' WHERE name = 'old jobs'")
    check = seen()["schedules"]
    assert (check.level, check.found) == ("problem", "Not run: old jobs.")
    book.sql("UPDATE schedules SET enabled = false WHERE name = 'old jobs'")
    assert seen()["schedules"].level == "ok"
