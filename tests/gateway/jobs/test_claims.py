"""Whose turn it is: fair between firms, one at a time in a lane, never the same job twice."""

import threading
from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from helpers.job_kinds import KINDS
from helpers.servers import PATIENCE
from sqlalchemy import text

from gateway.db.session import Database
from gateway.jobs import claims as module
from gateway.jobs import ledger
from gateway.jobs.claims import Claims
from gateway.jobs.kinds import enqueue

LEASE = timedelta(seconds=30)


@pytest.fixture
def claims(db):
    return Claims(db, "normal", "w", LEASE)


def take(claims, count):
    return [claims.next() for _ in range(count)]


def test_a_firm_with_one_job_does_not_wait_behind_a_firm_with_a_thousand(db, tenants, book, claims):
    book.add(count=1000)
    take(claims, 5)
    theirs = book.add(firm_id=tenants.harbor)
    assert theirs in {job.id for job in take(claims, 2)}


def test_within_a_firm_the_oldest_comes_first(book, claims):
    ids = [book.add() for _ in range(5)]
    assert [job.id for job in take(claims, 5)] == ids
    assert claims.next() is None


def test_firms_take_turns_and_the_platform_is_one_of_them(db, tenants, book, claims):
    book.add(count=6)
    book.add(firm_id=tenants.harbor, count=6)
    with db.system() as session:
        for _ in range(6):
            enqueue(session, KINDS["test.normal"], {}, firm_id=None)
    taken = [job.firm_id for job in take(claims, 18)]
    for first in range(0, 18, 3):
        assert set(taken[first : first + 3]) == {tenants.northgate, tenants.harbor, None}


def test_a_firm_with_fewer_jobs_running_comes_first(db, tenants, book, claims):
    book.add(count=3)
    running = take(claims, 3)
    book.add(firm_id=tenants.harbor, count=2)
    take(claims, 1)
    book.add()
    assert claims.next().firm_id == tenants.harbor, "one running against three, though served last"
    with db.system() as session:
        for job in running:
            ledger.finish(session, job)
    book.add(firm_id=tenants.harbor)
    assert claims.next().firm_id == tenants.northgate


def test_who_was_served_longest_ago_comes_first(db, tenants, book, claims):
    book.add(firm_id=tenants.harbor)
    with db.system() as session:
        ledger.finish(session, claims.next())
    book.add()
    with db.system() as session:
        ledger.finish(session, claims.next())
    book.add()
    book.add(firm_id=tenants.harbor)
    assert claims.next().firm_id == tenants.harbor


def test_a_firm_that_comes_during_a_long_round_is_let_in_within_a_second(db, tenants, book, claims, monkeypatch):
    for number in range(20):
        with db.system() as session:
            firm = session.scalar(
                text("INSERT INTO firms (slug, name) VALUES (:slug, 'x') RETURNING id"), {"slug": f"firm-{number}"}
            )
            for _ in range(3):
                enqueue(session, KINDS["test.normal"], {}, firm_id=firm)
    take(claims, 21)  # all of them once, and the next round has begun
    theirs = book.add(firm_id=tenants.harbor)
    monkeypatch.setattr(module, "_ROUND_SECONDS", 0.0)
    assert claims.next().id == theirs


def test_queues_do_not_see_each_other(db, book, claims):
    book.add("test.bulk")
    assert claims.next() is None
    assert Claims(db, "bulk", "w", LEASE).next()


def test_jobs_of_a_lane_run_one_after_the_other_and_others_pass_them(db, book, claims):
    first, second, other = book.add(lane="acme"), book.add(lane="acme"), book.add(lane="globex")
    free = book.add()
    one = claims.next()
    assert one.id == first
    assert [job.id for job in take(claims, 2)] == [other, free]
    assert claims.next() is None
    with db.system() as session:
        ledger.finish(session, one)
    assert claims.next().id == second


def test_two_that_open_a_lane_at_the_same_moment_do_not_both_get_in(db, addresses, book, claims):
    book.add(lane="acme", count=2)
    free = book.add(lane="globex")
    with psycopg.connect(addresses.system) as slow:  # has claimed, and has not committed yet
        slow.execute("SET ROLE gateway_system")
        slow.execute(
            "UPDATE jobs SET state = 'running', attempts = 1, lease_until = now() + '1 min'"
            " WHERE id = (SELECT id FROM jobs ORDER BY id LIMIT 1)"
        )
        got = []
        thread = threading.Thread(target=lambda: got.append(claims.next()))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive(), "it waits for the other's commit"
        slow.commit()
        thread.join(PATIENCE)
    assert got[0].id == free


def test_nobody_waits_for_another_who_is_just_claiming(addresses, book, claims):
    book.add()
    free = book.add()
    with psycopg.connect(addresses.system) as slow:
        slow.execute("SET ROLE gateway_system")
        slow.execute("SELECT FROM jobs ORDER BY id LIMIT 1 FOR UPDATE")
        got = []
        thread = threading.Thread(target=lambda: got.append(claims.next()))
        thread.start()
        thread.join(PATIENCE)
        assert [job.id for job in got] == [free]


@pytest.mark.parametrize("processes", [8])
def test_no_job_is_claimed_twice_by_many_at_once(addresses, tenants, book, processes):
    book.add(count=150)
    book.add(firm_id=tenants.harbor, count=150)
    lanes = [book.add(lane=f"lane {number % 5}") for number in range(50)]
    database = Database(addresses, connections=processes)
    taken, at_once = Counter(), []

    def work():
        mine = Claims(database, "normal", "w", LEASE)
        while job := mine.next():
            taken[job.id] += 1
            with database.system() as session:
                at_once.extend(
                    session.scalars(
                        text("SELECT count(*) FROM jobs WHERE state = 'running' AND lane IS NOT NULL GROUP BY lane")
                    )
                )
                ledger.finish(session, job)

    threads = [threading.Thread(target=work) for _ in range(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claims = Claims(database, "normal", "w", LEASE)
    while job := claims.next():  # of a lane that was busy when the last one looked
        taken[job.id] += 1
        with database.system() as session:
            ledger.finish(session, job)
    database.close()
    assert len(taken) == 350
    assert set(taken.values()) == {1}
    assert set(lanes) <= set(taken)
    assert set(at_once) == {1}


def test_ten_thousand_waiting_jobs_are_claimed_without_reading_them_all(db, tenants, book, claims):
    with db.system() as session:
        session.execute(text("INSERT INTO firms (slug, name) SELECT 'f' || n, 'f' FROM generate_series(1, 200) n"))
        session.execute(
            text(
                "INSERT INTO jobs (firm_id, turn, kind, queue, max_attempts)"
                " SELECT id, id, 'test.normal', 'normal', 5 FROM firms, generate_series(1, 50) WHERE slug LIKE 'f%'"
            )
        )
    claims.next()
    with db.system() as session:
        turns = list(session.scalars(module._TURNS, {"queue": "normal"}))
        values = {"queue": "normal", "turns": turns, "worker": "w", "lease": LEASE}
        explain = text(f"EXPLAIN (ANALYZE, TIMING OFF) {module._CLAIM.text}")
        plan = "\n".join(session.scalars(explain, values))
    assert len(turns) == 200
    assert "Seq Scan" not in plan
    [locked] = [line for line in plan.splitlines() if "LockRows" in line]
    assert "rows=1.00 loops=1)" in locked, f"it locked more than the one that it took: {plan}"
