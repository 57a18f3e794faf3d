"""What is due by the clock, in every zone and over every change of it; one leader; missed runs once."""

from datetime import UTC, datetime, timedelta

import pytest
from helpers.job_kinds import KINDS
from sqlalchemy import text

from gateway import clock
from gateway.db.models import Schedule
from gateway.jobs import leases
from gateway.jobs.cron import due_since
from gateway.jobs.kinds import enqueue
from gateway.jobs.schedule import tick
from gateway.wings import KINDS as OURS

NEW_YORK = "America/New_York"


def utc(words):
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "last", "now", "due"),
    [
        pytest.param("0 6 * * *", NEW_YORK, "2026-01-10 12:00", "2026-01-11 10:59", None, id="not yet"),
        pytest.param("0 6 * * *", NEW_YORK, "2026-01-10 12:00", "2026-01-11 11:00", "2026-01-11 11:00", id="winter"),
        pytest.param("0 6 * * *", NEW_YORK, "2026-07-10 12:00", "2026-07-11 10:00", "2026-07-11 10:00", id="summer"),
        pytest.param("0 6 * * *", NEW_YORK, "2026-01-10 11:00", "2026-01-10 11:00", None, id="its own instant is done"),
        pytest.param("0 6 * * *", "UTC", "2026-01-01 06:00", "2026-01-09 05:00", "2026-01-08 06:00", id="missed for a week: the latest"),
        pytest.param("0 6 1 * *", "UTC", "2026-01-01 06:00", "2026-03-20 05:00", "2026-03-01 06:00", id="monthly, missed"),
        pytest.param("* * * * *", "UTC", "2025-01-01 00:00", "2026-03-20 05:00:30", "2026-03-20 05:00", id="every minute, missed for a year"),
        # 2026-03-08, 02:00 EST becomes 03:00 EDT (07:00 UTC)
        pytest.param("30 2 * * *", NEW_YORK, "2026-03-07 07:30", "2026-03-08 06:59", None, id="before the gap"),
        pytest.param("30 2 * * *", NEW_YORK, "2026-03-07 07:30", "2026-03-08 07:00", "2026-03-08 07:00", id="in the gap: right after it"),
        pytest.param("30 2 * * *", NEW_YORK, "2026-03-08 07:00", "2026-03-09 06:29", None, id="once that day"),
        pytest.param("30 2 * * *", NEW_YORK, "2026-03-08 07:00", "2026-03-09 06:30", "2026-03-09 06:30", id="the day after the gap"),
        # 2026-11-01, 02:00 EDT becomes 01:00 EST (06:00 UTC)
        pytest.param("30 1 * * *", NEW_YORK, "2026-10-31 05:30", "2026-11-01 05:30", "2026-11-01 05:30", id="the first 1:30"),
        pytest.param("30 1 * * *", NEW_YORK, "2026-11-01 05:30", "2026-11-01 06:45", None, id="not the second 1:30"),
        pytest.param("30 1 * * *", NEW_YORK, "2026-11-01 05:30", "2026-11-02 06:29", None, id="nor any more that day"),
        pytest.param("30 1 * * *", NEW_YORK, "2026-11-01 05:30", "2026-11-02 06:30", "2026-11-02 06:30", id="the day after"),
        pytest.param("0 * * * *", NEW_YORK, "2026-11-01 05:00", "2026-11-01 06:00", "2026-11-01 06:00", id="every hour, twice at 1:00"),
    ],
)  # fmt: skip
def test_what_is_due(cron, zone, last, now, due):
    assert due_since(cron, zone, utc(last), utc(now)) == (utc(due) if due else None)


@pytest.mark.parametrize("cron", ["30 1 * * *", "30 2 * * *", "0 6 * * *", "15 * * * *", "*/30 1-3 * * *"])
@pytest.mark.parametrize("day", ["2026-03-07", "2026-10-31"])
def test_asking_every_minute_over_a_change_of_the_clocks_runs_each_instant_once_and_in_order(cron, day):
    last = now = utc(f"{day} 12:00")
    runs = []
    while now < utc(f"{day} 12:00") + timedelta(days=2):
        now += timedelta(minutes=1)
        if due := due_since(cron, NEW_YORK, last, now):
            runs.append(due)
            last = due
    assert runs == sorted(set(runs))
    if "*" not in cron.split()[1] and "-" not in cron:
        assert len(runs) == 2


@pytest.fixture
def at(monkeypatch):
    def set_clock(words):
        monkeypatch.setenv("GATEWAY_NOW", utc(words).isoformat())

    set_clock("2026-05-04 10:00:30")
    return set_clock


@pytest.fixture
def only(db, at):
    """One schedule of a test's own, and none of the built-in ones."""
    tick(db, KINDS, "me")
    with db.system() as session:
        session.execute(text("UPDATE schedules SET enabled = false"))
        session.add(
            Schedule(name="reports", cron="0 6 * * *", time_zone=NEW_YORK, kind="test.normal", payload={"a": "b"})
        )


def keys(book):
    return [key for (key,) in book.sql("SELECT key FROM jobs ORDER BY id")]


def test_a_new_schedule_waits_for_its_first_instant(db, book, at, only):
    assert tick(db, KINDS, "me") == []
    at("2026-05-05 09:59")
    assert tick(db, KINDS, "me") == []
    at("2026-05-05 10:00")
    assert tick(db, KINDS, "me") == ["reports@2026-05-05T10:00:00+00:00"]
    assert tick(db, KINDS, "me") == []
    assert book.sql("SELECT kind, payload, firm_id, state FROM jobs") == [("test.normal", {"a": "b"}, None, "waiting")]


def test_missed_runs_are_caught_up_once(db, book, at, only):
    at("2026-05-20 12:00")
    tick(db, KINDS, "me")
    tick(db, KINDS, "me")
    assert keys(book) == ["reports@2026-05-20T10:00:00+00:00"]


def test_a_run_that_was_made_already_is_not_made_again_whatever_the_table_says(db, book, at, only):
    at("2026-05-20 12:00")
    tick(db, KINDS, "me")
    book.sql("UPDATE schedules SET last_run = '2026-05-19'")
    tick(db, KINDS, "me")
    assert len(keys(book)) == 1


def test_a_disabled_schedule_rests(db, book, at, only):
    book.sql("UPDATE schedules SET enabled = false")
    at("2026-05-20 12:00")
    assert tick(db, KINDS, "me") == []


def test_a_schedule_of_a_firm_makes_the_firms_job(db, tenants, book, at, only):
    book.sql("UPDATE schedules SET firm_id = %s WHERE name = 'reports'", tenants.northgate)
    at("2026-05-20 12:00")
    tick(db, KINDS, "me")
    assert book.sql("SELECT firm_id FROM jobs") == [(tenants.northgate,)]


def test_of_two_schedulers_one_leads_and_the_other_takes_over_when_the_lease_is_up(db, book, at, only):
    at("2026-05-20 12:00")
    assert tick(db, KINDS, "other") == []
    assert len(tick(db, KINDS, "me")) == 1
    at("2026-05-21 12:00")
    book.sql("UPDATE leases SET until = now() - interval '1 s'")
    assert len(tick(db, KINDS, "other")) == 1
    assert tick(db, KINDS, "me") == []
    with db.system() as session:
        leases.give_up(session, "other")
    at("2026-05-22 12:00")
    assert len(tick(db, KINDS, "me")) == 1


def test_what_every_installation_does_by_the_clock_is_known_and_follows_the_code(db, book, at):
    tick(db, KINDS, "me")
    book.sql("UPDATE schedules SET cron = '0 0 1 1 *', enabled = (name <> 'old jobs')")
    tick(db, KINDS, "me")
    found = {row[0]: row[1:] for row in book.sql("SELECT name, cron, kind, enabled FROM schedules")}
    clockworks = {kind.clockwork: kind.name for kind in OURS.values() if kind.clockwork}
    assert found == {one.name: (one.cron, kind, one.name != "old jobs") for one, kind in clockworks.items()}


def test_the_built_in_jobs_run(db, book, worker, at):
    tick(db, KINDS, "me")
    for name in ("audit.partitions", "jobs.purge", "ingest.sweep"):
        with db.system() as session:
            enqueue(session, KINDS[name], {}, firm_id=None)
    worker({"normal": 1, "bulk": 1})
    book.until(lambda: book.sql("SELECT DISTINCT state FROM jobs") == [("done",)])
    [(last,)] = book.sql(
        "SELECT max(relname) FROM pg_class WHERE relispartition AND relname LIKE 'audit_log_%%' AND relkind = 'r'"
    )
    assert last[-8:] >= f"{clock.now() + timedelta(days=30):%Y%m%d}"
