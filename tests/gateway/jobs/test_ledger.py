"""What the ledger promises: added with its cause, ended once, tried again on its ladder, never by whoever lost it."""

import contextlib
from datetime import timedelta

import psycopg
import pytest
from helpers.job_kinds import KINDS, work
from helpers.servers import PATIENCE
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway import clock
from gateway.errors import NotFound, Permanent
from gateway.jobs import ledger
from gateway.jobs.claims import Claims
from gateway.jobs.kinds import LADDER, Kind, Kinds, enqueue, retry
from gateway.jobs.ledger import LeaseLost

LEASE = timedelta(seconds=30)


@pytest.fixture
def claim(db):
    def next_of(queue="normal", lease=LEASE, worker="w"):
        return Claims(db, queue, worker, lease).next()

    return next_of


def fail(session, job, sentence):
    """As a worker does when trying again may help."""
    return ledger.fail(session, job, sentence, wait=KINDS[job.kind].wait_after(job))


def test_a_job_comes_with_its_cause_or_not_at_all(db, tenants, book):
    with contextlib.suppress(RuntimeError), db.firm(tenants.northgate) as session:
        enqueue(session, KINDS["test.normal"], {}, firm_id=tenants.northgate)
        raise RuntimeError("the cause")
    assert book.sql("SELECT count(*) FROM jobs") == [(0,)]


def test_workers_are_told_after_the_commit_once_a_queue_and_never_for_what_was_rolled_back(db, tenants, monkeypatch):
    told = []

    def tell(queue):
        with db.system() as other:
            told.append((queue, other.scalar(text("SELECT count(*) FROM jobs"))))

    monkeypatch.setattr(db, "tell", tell)
    with db.firm(tenants.northgate) as session:
        for kind in ("test.normal", "test.normal", "test.bulk"):
            enqueue(session, KINDS[kind], {}, firm_id=tenants.northgate)
        assert told == []
    assert told == [("bulk", 3), ("normal", 3)]
    with contextlib.suppress(RuntimeError), db.firm(tenants.northgate) as session:
        enqueue(session, KINDS["test.normal"], {}, firm_id=tenants.northgate)
        raise RuntimeError
    assert len(told) == 2


def test_who_cannot_be_told_does_no_harm(db, tenants, book, monkeypatch):
    def tell(queue):
        raise OSError("no broker")

    monkeypatch.setattr(db, "tell", tell)
    book.add()
    assert book.sql("SELECT state FROM jobs") == [("waiting",)]


def test_nobody_is_told_of_a_job_that_may_not_run_yet(db, book, monkeypatch):
    told = []
    monkeypatch.setattr(db, "tell", told.append)
    book.add(not_before=clock.now() + timedelta(hours=1))
    assert told == []


def test_a_key_is_one_job_of_its_kind_and_firm_even_when_it_is_done(db, tenants, book, claim):
    first = book.add(key="k")
    assert book.add(key="k") is None
    assert book.add("test.bulk", key="k")
    assert book.add(firm_id=tenants.harbor, key="k")
    with db.system() as session:
        assert enqueue(session, KINDS["test.normal"], {}, firm_id=None, key="k")
        assert enqueue(session, KINDS["test.normal"], {}, firm_id=None, key="k") is None
    with db.system() as session:
        session.execute(text("UPDATE jobs SET state = 'done' WHERE id = :id"), {"id": first})
    assert book.add(key="k") is None
    assert None not in {book.add(), book.add()}


def test_two_kinds_cannot_share_a_name():
    with pytest.raises(ValueError, match=r"two kinds of job are called test\.bug"):
        Kinds([*KINDS.values(), Kind("test.bug", "bulk", work)])


def test_a_firm_sees_its_own_jobs_only_and_none_of_the_platforms(db, tenants, book):
    mine, theirs = book.add(), book.add(firm_id=tenants.harbor)
    with db.system() as session:
        enqueue(session, KINDS["test.normal"], {}, firm_id=None)
    with db.firm(tenants.northgate) as session:
        assert session.scalars(text("SELECT id FROM jobs")).all() == [mine]
        with pytest.raises(NotFound):
            retry(session, KINDS, theirs)
    for other in (tenants.harbor, None):
        with db.firm(tenants.northgate) as session:
            with pytest.raises(DBAPIError) as caught:
                enqueue(session, KINDS["test.normal"], {}, firm_id=other)
            session.rollback()
        assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)


def test_a_claim_counts_an_attempt_and_has_a_lease(book, claim):
    job_id = book.add(payload={"import_id": "x"})
    job = claim()
    assert (job.id, job.attempts, job.payload) == (job_id, 1, {"import_id": "x"})
    kept = book.job(job_id)
    assert (kept.state, kept.attempts, kept.worker) == ("running", 1, job.worker)
    assert claim() is None


def test_what_may_not_run_yet_is_not_claimed_until_then(book, claim, monkeypatch):
    job_id = book.add(not_before=clock.now() + timedelta(hours=1))
    assert claim() is None
    monkeypatch.setenv("GATEWAY_NOW", (clock.now() + timedelta(minutes=61)).isoformat())
    assert claim().id == job_id


def test_work_and_its_end_are_committed_together(db, tenants, book, claim):
    book.add()
    job = claim()
    with contextlib.suppress(RuntimeError), db.firm(tenants.northgate) as session:
        ledger.finish(session, job)
        raise RuntimeError
    assert book.job(job.id).state == "running"
    with db.firm(tenants.northgate) as session:
        ledger.finish(session, job)
    assert book.job(job.id).state == "done"
    assert book.job(job.id).lease_until is None


@pytest.mark.parametrize(
    "end", [ledger.finish, ledger.hold, lambda session, job: ledger.fail(session, job, "x", wait=None)]
)
@pytest.mark.parametrize("lost", ["claimed by another", "claimed by itself", "waiting again", "done"])
def test_whoever_lost_the_lease_ends_nothing(db, book, claim, end, lost):
    book.add()
    job = claim(lease=timedelta(0))
    with db.system() as session:
        ledger.reclaim(session)
    if lost == "claimed by another":
        assert claim(worker="other").attempts == 2
    elif lost == "claimed by itself":
        assert claim().attempts == 2
    elif lost == "done":
        with db.system() as session:
            session.execute(text("UPDATE jobs SET state = 'done'"))
    before = book.job(job.id)
    with db.system() as session, pytest.raises(LeaseLost):
        end(session, job)
    assert book.job(job.id) == before


def test_a_claim_that_a_crash_took_back_is_told_from_the_next_one(db, book, claim):
    """A claim need not reach the disk; afterwards the same attempt is somebody else's."""
    book.add()
    lost = claim()
    with db.system() as session:
        session.execute(text("UPDATE jobs SET state = 'waiting', attempts = 0, lease_until = NULL"))
    assert claim(worker="other").attempts == lost.attempts
    with db.system() as session, pytest.raises(LeaseLost):
        ledger.finish(session, lost)


def test_a_failed_job_waits_longer_each_time_and_is_dead_in_the_end(db, book, claim, monkeypatch):
    now = clock.now()
    monkeypatch.setenv("GATEWAY_NOW", now.isoformat())
    job_id = book.add()
    for wait in LADDER:
        job = claim()
        with db.system() as session:
            assert fail(session, job, "The server is busy.") == "waiting"
        assert book.job(job_id).not_before == now + wait
        assert book.job(job_id).last_error == "The server is busy."
        now += wait
        monkeypatch.setenv("GATEWAY_NOW", now.isoformat())
    job = claim()
    with db.system() as session:
        assert fail(session, job, "The server is busy.") == "dead"
    assert book.job(job_id).attempts == 5 == book.job(job_id).max_attempts


def test_what_cannot_help_is_not_tried_again(db, book, claim):
    book.add()
    job = claim()
    with db.system() as session:
        assert ledger.fail(session, job, "Gone.", wait=None) == "dead"
    assert claim() is None


def test_a_dead_job_that_is_retried_climbs_its_whole_ladder_again(db, tenants, book, claim, monkeypatch):
    job_id = book.add(key="k")
    job = claim()
    with db.system() as session:
        ledger.fail(session, job, "Gone.", wait=None)
    told = []
    monkeypatch.setattr(db, "tell", told.append)
    with db.firm(tenants.northgate) as session:
        retry(session, KINDS, job_id)
    assert told == ["normal"]
    now = clock.now()
    monkeypatch.setenv("GATEWAY_NOW", now.isoformat())
    waits = []
    while (job := claim()) is not None:
        with db.system() as session:
            fail(session, job, "Gone.")
        waits.append(book.job(job_id).not_before - now)
        now += max(LADDER)
        monkeypatch.setenv("GATEWAY_NOW", now.isoformat())
    assert waits[:-1] == list(LADDER)
    assert (book.job(job_id).state, book.job(job_id).attempts, book.job(job_id).key) == ("dead", 6, "k")


def test_a_job_that_waits_for_its_next_attempt_may_be_sent_at_once(db, book, claim):
    job_id = book.add(not_before=clock.now() + timedelta(hours=1))
    with db.system() as session:
        retry(session, KINDS, job_id)
    assert claim().id == job_id


def test_a_running_or_done_job_is_not_retried(db, book, claim):
    job_id = book.add()
    job = claim()
    with db.system() as session, pytest.raises(Permanent, match="is running"):
        retry(session, KINDS, job_id)
    with db.system() as session:
        ledger.finish(session, job)
    with db.system() as session, pytest.raises(Permanent, match="is done"):
        retry(session, KINDS, job_id)


def test_only_what_ran_out_is_reclaimed_and_the_last_attempt_is_dead(db, book, claim):
    dead, alive = book.add("test.bug"), book.add("test.bulk")
    claim("bulk")
    for _ in range(3):
        assert claim(lease=timedelta(0)).id == dead
        with db.system() as session:
            ledger.reclaim(session)
    assert (book.job(dead).state, book.job(dead).last_error) == ("dead", ledger.WORKER_DIED)
    assert book.job(alive).state == "running"


def test_a_lease_that_is_kept_does_not_run_out_and_tells_how_far_the_job_is(db, addresses, book, claim):
    book.add(), book.add()
    mine, other = claim(lease=timedelta(0)), claim(lease=timedelta(0))
    with psycopg.connect(addresses.app, autocommit=True) as listener:
        listener.execute(f"LISTEN {ledger.PROGRESS}")
        with db.system() as session:
            ledger.keep(session, [(mine, {"rows": 5})], LEASE)
        assert [one.payload for one in listener.notifies(timeout=PATIENCE, stop_after=1)] == [str(mine.id)]
    with db.system() as session:
        ledger.reclaim(session)
    assert (book.job(mine.id).state, book.job(mine.id).progress) == ("running", {"rows": 5})
    assert book.job(other.id).state == "waiting"


def test_nobody_keeps_a_lease_that_is_lost(db, book, claim):
    book.add()
    job = claim(lease=timedelta(0))
    with db.system() as session:
        ledger.reclaim(session)
    again = claim(lease=timedelta(0))
    with db.system() as session:
        ledger.keep(session, [(job, {"rows": 5})], LEASE)
        ledger.reclaim(session)
    assert book.job(job.id).state == "waiting"
    assert again.attempts == 2


def test_a_job_that_is_just_being_ended_is_neither_kept_nor_reclaimed_nor_given_back(db, tenants, book, claim):
    book.add()
    job = claim(lease=timedelta(0))
    with db.firm(tenants.northgate) as session:
        ledger.finish(session, job)
        with db.system() as other:
            other.execute(text("SET LOCAL lock_timeout = '1s'"))
            ledger.keep(other, [(job, None)], LEASE)
            ledger.reclaim(other)
            ledger.give_back(other, [job])
    assert book.job(job.id).state == "done"


def test_a_job_given_back_has_lost_no_attempt(db, book, claim):
    book.add()
    job = claim()
    with db.system() as session:
        ledger.give_back(session, [job])
    again = claim()
    assert again.max_attempts - again.attempts == job.max_attempts - job.attempts


def test_done_jobs_go_after_a_month_and_dead_ones_stay(db, book, claim):
    for _ in range(5):
        book.add()
    done, young, dead, _running = claim(), claim(), claim(), claim()
    with db.system() as session:
        ledger.finish(session, done)
        ledger.finish(session, young)
        ledger.fail(session, dead, "x", wait=None)
        session.execute(
            text("UPDATE jobs SET finished_at = now() - interval '31 days' WHERE id = ANY (:ids)"),
            {"ids": [done.id, dead.id]},
        )
    with db.system() as session:
        assert ledger.purge(session, clock.now() - timedelta(days=30), 10) == 1
    assert {row[0] for row in book.sql("SELECT state FROM jobs")} == {"done", "dead", "running", "waiting"}
    assert book.sql("SELECT count(*) FROM jobs") == [(4,)]
