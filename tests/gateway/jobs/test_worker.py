"""Workers in this process: what becomes of a job, whatever its handler does."""

import threading

import pytest
from helpers import job_kinds
from helpers.servers import PATIENCE
from sqlalchemy import text

from gateway.jobs import ledger
from gateway.jobs.kinds import Kind, Kinds


def gate(name="gate"):
    job_kinds.gates[name] = threading.Event()
    return job_kinds.gates[name]


def test_a_job_runs_and_is_done_in_its_own_transaction(book, worker):
    worker()
    job_id = book.add(payload={"word": "read"})
    job = book.wait_for(job_id, "done")
    assert book.traces() == ["read"]
    assert (job.attempts, job.last_error, job.lease_until) == (1, None, None)


def test_a_transient_problem_leaves_nothing_and_is_tried_again_later(book, worker):
    worker()
    job_id = book.add("test.transient")
    book.until(lambda: book.job(job_id).attempts == 2 and book.job(job_id).state == "waiting")
    job = book.job(job_id)
    assert job.last_error == "The partner's server is busy."
    assert (job.not_before - job.created_at).total_seconds() == pytest.approx(300, abs=10)
    assert book.traces() == []


def test_a_permanent_problem_ends_a_job_with_its_sentence(book, worker):
    worker()
    job = book.wait_for(book.add("test.permanent"), "dead")
    assert (job.attempts, job.last_error) == (1, "The partner's server is gone.")


def test_a_bug_is_an_internal_error_to_people_and_is_logged_whole(book, worker, capsys):
    worker()
    job = book.wait_for(book.add("test.bug"), "dead")
    assert (job.attempts, job.last_error) == (3, "Internal error")
    logged = capsys.readouterr().err
    assert "ZeroDivisionError: a secret that no person may see" in logged
    assert "fail_by_a_bug" in logged


def test_a_kind_that_this_version_does_not_know_is_dead_with_a_sentence(book, worker):
    job_id = book.add()
    book.sql("UPDATE jobs SET kind = 'of the future'")
    worker()
    assert "no job of the kind 'of the future'" in book.wait_for(job_id, "dead").last_error


def test_none_is_claimed_before_what_its_kind_needs_is_there_and_other_queues_do_not_wait(book, worker):
    loaded, asked = gate("loaded"), []

    def prepare(office):
        asked.append(office)
        loaded.wait(PATIENCE)

    kinds = Kinds([*job_kinds.KINDS.values(), Kind("test.loaded", "bulk", job_kinds.work, prepare=prepare)])
    job_id = book.add("test.loaded", kinds=kinds)
    worker(pools={"bulk": 3, "normal": 1}, kinds=kinds)
    book.wait_for(book.add(), "done")
    assert (book.job(job_id).attempts, len(asked)) == (0, 1)
    loaded.set()
    book.wait_for(job_id, "done")
    assert len(asked) == 1


def test_what_cannot_be_prepared_holds_no_job_up(book, worker):
    def prepare(office):
        raise ImportError("no such library")

    kinds = Kinds([*job_kinds.KINDS.values(), Kind("test.loaded", "bulk", job_kinds.work, prepare=prepare)])
    worker(pools={"bulk": 2}, kinds=kinds)
    book.wait_for(book.add("test.loaded", kinds=kinds), "done")


def test_a_job_that_no_message_told_about_is_found_by_the_sweep(book, worker):
    worker(job_sweep_seconds=1)
    assert book.db.tell is None, "nobody is told"
    book.wait_for(book.add(), "done")


def test_all_threads_of_a_pool_work_although_one_message_came(book, worker):
    opened = gate()
    ids = [book.add("test.gate", payload={"gate": "gate"}) for _ in range(3)]
    worker({"normal": 3}, job_sweep_seconds=300)
    book.until(lambda: book.sql("SELECT count(*) FROM jobs WHERE state = 'running'") == [(3,)])
    opened.set()
    for job_id in ids:
        book.wait_for(job_id, "done")


def test_a_wake_that_comes_while_the_last_job_ends_is_not_lost(book, worker):
    one = worker({"normal": 1}, job_sweep_seconds=300)
    for _ in range(100):
        job_id = book.add("test.nothing")
        one._wake("normal")
        book.wait_for(job_id, "done")


def test_a_backfill_does_not_delay_an_urgent_notice(book, worker):
    opened = gate()
    for _ in range(5):
        book.add("test.slow bulk", payload={"gate": "gate"})
    worker({"urgent": 1, "normal": 1, "bulk": 1})
    book.until(lambda: book.sql("SELECT count(*) FROM jobs WHERE state = 'running'") == [(1,)])
    book.wait_for(book.add("test.urgent"), "done")
    assert book.sql("SELECT count(*) FROM jobs WHERE kind = 'test.slow bulk' AND state = 'done'") == [(0,)]
    opened.set()


def test_a_job_that_takes_longer_than_its_lease_stays_its_workers(book, worker):
    opened = gate()
    job_id = book.add("test.gate", payload={"gate": "gate"})
    worker(job_lease_seconds=2, job_sweep_seconds=1)
    job_kinds.until_entered()
    threading.Event().wait(4)
    assert (book.job(job_id).state, book.job(job_id).attempts) == ("running", 1)
    assert book.job(job_id).progress == {"rows": 7}
    opened.set()
    assert book.wait_for(job_id, "done").attempts == 1
    assert len(book.traces()) == 1


def test_jobs_of_two_queues_that_take_longer_than_their_leases_stay_their_workers(book, worker):
    opened = gate()
    ids = [book.add(kind, payload={"gate": "gate"}) for kind in ("test.gate", "test.slow bulk")]
    worker({"normal": 1, "bulk": 1}, job_lease_seconds=2, job_sweep_seconds=1)
    for _ in ids:
        job_kinds.until_entered()
    threading.Event().wait(4)
    opened.set()
    assert [book.wait_for(job_id, "done").attempts for job_id in ids] == [1, 1]


def test_a_job_whose_lease_was_lost_cannot_commit(book, worker):
    opened = gate()
    job_id = book.add("test.gate", payload={"gate": "gate"})
    worker({"normal": 2})
    job_kinds.until_entered()
    with book.db.system() as session:
        session.execute(text("UPDATE jobs SET lease_until = now() - interval '1 min'"))
        ledger.reclaim(session)
    job_kinds.until_entered()  # the second attempt is at the gate as well
    opened.set()
    assert book.wait_for(job_id, "done").attempts == 2
    threading.Event().wait(0.5)
    assert len(book.traces()) == 1, "the first attempt has committed"


def test_a_stopping_worker_lets_its_jobs_end(book, worker):
    opened = gate()
    job_id = book.add("test.gate", payload={"gate": "gate"})
    one = worker(drain_seconds=20)
    job_kinds.until_entered()
    left = book.add()
    ending = threading.Thread(target=one.stop)
    ending.start()
    threading.Event().wait(0.3)
    opened.set()
    ending.join(PATIENCE)
    assert book.job(job_id).state == "done"
    assert book.job(left).state in {"waiting", "done"}


def test_a_stopping_worker_gives_back_what_does_not_end_in_time(book, worker):
    opened = gate()
    job_id = book.add("test.gate", payload={"gate": "gate"})
    one = worker(drain_seconds=0)
    job_kinds.until_entered()
    assert one.stop() is False
    job = book.job(job_id)
    assert job.state == "waiting"
    assert job.max_attempts - job.attempts == 5
    opened.set()
    threading.Event().wait(0.5)
    assert book.traces() == [], "the old attempt has committed"
    worker()
    book.wait_for(job_id, "done")
    assert len(book.traces()) == 1


def test_a_worker_tells_that_it_lives_and_takes_its_leave(book, worker):
    one = worker({"urgent": 1, "normal": 1})
    [(about,)] = book.sql("SELECT about FROM leases WHERE name = %s AND until > now()", f"worker {one.name}")
    assert about["queues"] == ["urgent", "normal"]
    one.stop()
    assert book.sql("SELECT * FROM leases") == []
