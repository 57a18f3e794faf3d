"""A worker killed between any two steps: everything arrives all the same, under one id, and in order.

The test decides where a worker dies: it holds the lock that the worker needs next, or keeps it waiting for an answer,
and kills it there.
"""

import os
import signal
import threading

import pytest
from helpers.inbox import person
from helpers.killing import kill
from helpers.servers import PATIENCE, until

from gateway.db.session import _STORE

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

COUNT = 3
POINTS = {  # where it dies -> the table that cannot be written
    "before the fact becomes parcels": "delivery_lines",
    "before its parcels are on record": "parcels",
    "before the attempt is on record": "parcel_attempts",
}


@pytest.fixture
def changed(partner):
    """Three changes of one person, told and left to a worker."""
    inbox = partner()
    for number in range(COUNT):
        inbox.drop(f"roster_202603{number + 1:02}.csv", [person(1, salary=str(50_000 + number))])
    return inbox


def settled(inbox, receiver):
    """Once all has left: the ids in the order in which they came first, and how often each came."""
    until(lambda: inbox.sql("SELECT count(*) FROM parcels WHERE state = 'sent'") == [(COUNT,)])
    until(lambda: inbox.sql("SELECT count(*) FROM jobs WHERE kind = 'deliveries.carry' AND state <> 'done'") == [(0,)])
    came = [one.id for one in receiver.received]
    known = [str(one) for (one,) in inbox.sql("SELECT id FROM parcels ORDER BY id")]
    assert list(dict.fromkeys(came)) == known, "in the order of their ids"
    assert came == sorted(came), "none before one that was tried again"
    outcomes = inbox.sql("SELECT outcome, count(*) FROM parcel_attempts GROUP BY 1 ORDER BY 1")
    return [came.count(one) for one in known], dict(outcomes)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_before_anything_was_sent(changed, receiver, worker_process, locks, point):
    locks.kill_at(POINTS[point], lambda: worker_process("deliveries"))
    assert receiver.received == []
    worker_process("deliveries")
    assert settled(changed, receiver) == ([1] * COUNT, {"delivered": COUNT})


def test_a_worker_killed_before_what_it_made_is_on_record(changed, receiver, worker_process, locks, settings):
    """The bytes of the first parcel are in the store, and no row names them."""
    firm = int.from_bytes(changed.firm_id.bytes[12:], signed=True)
    with locks.holder() as holder:
        holder.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_STORE, firm])
        first = worker_process("deliveries")
        until(locks.waiting_for_advisory_locks)
        kill(first)
        assert len(list((settings.data_dir / "files").rglob("parcels/*/*"))) == 1
        assert changed.sql("SELECT count(storage_key), count(*) FROM parcels") == [(0, COUNT)]
    worker_process("deliveries")
    assert settled(changed, receiver) == ([1] * COUNT, {"delivered": COUNT})
    assert len(list((settings.data_dir / "files").rglob("parcels/*/*"))) == COUNT


def test_a_worker_killed_while_it_waits_for_an_answer(changed, receiver, worker_process):
    arrived, dead = threading.Event(), threading.Event()

    def answer(_one):
        if len(receiver.received) == 1:
            arrived.set()
            dead.wait(PATIENCE)
        return 200

    receiver.answer = answer
    first = worker_process("deliveries")
    assert arrived.wait(PATIENCE)
    assert changed.sql("SELECT outcome FROM parcel_attempts") == [("sending",)]
    kill(first)
    dead.set()
    worker_process("deliveries")
    assert settled(changed, receiver) == ([2, 1, 1], {"delivered": COUNT, "lost": 1})


def test_a_worker_killed_between_the_answer_and_its_record(changed, receiver, worker_process, locks):
    arrived, held = threading.Event(), threading.Event()

    def answer(_one):
        if len(receiver.received) == 2:  # the second parcel: the first one has gone through
            arrived.set()
            held.wait(PATIENCE)
        return 200

    receiver.answer = answer
    first = worker_process("deliveries")
    assert arrived.wait(PATIENCE)
    with locks.held("parcel_attempts"):
        held.set()
        locks.until_awaited("parcel_attempts", first)
        kill(first)
    worker_process("deliveries")
    assert settled(changed, receiver) == ([1, 2, 1], {"delivered": COUNT, "lost": 1})


def test_a_worker_taken_for_dead_that_wakes_up_records_nothing(changed, receiver, worker_process, tmp_path):
    arrived, awake = threading.Event(), threading.Event()

    def answer(_one):
        if len(receiver.received) == 1:
            arrived.set()
            awake.wait(PATIENCE)
        return 200

    receiver.answer = answer
    first = worker_process("deliveries")
    assert arrived.wait(PATIENCE)
    os.kill(first.pid, signal.SIGSTOP)
    until(
        lambda: (
            changed.sql(
                "SELECT lease_until < clock_timestamp() FROM jobs WHERE kind = 'deliveries.carry' AND state = 'running'"
            )
            == [(True,)]
        )
    )
    worker_process("deliveries")
    counts, outcomes = settled(changed, receiver)
    awake.set()
    os.kill(first.pid, signal.SIGCONT)
    until(lambda: "job was taken over" in (tmp_path / "worker-0.log").read_text())
    assert (counts, outcomes) == ([2, 1, 1], {"delivered": COUNT, "lost": 1})
    assert changed.sql("SELECT outcome, count(*) FROM parcel_attempts GROUP BY 1 ORDER BY 1") == [
        ("delivered", COUNT),
        ("lost", 1),
    ]
