"""A worker killed between any two steps: everything arrives all the same, under one id, and in order.

The test decides where a worker dies: it holds the lock that the worker needs next, or keeps it waiting for an answer,
and kills it there.
"""

import base64
import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from helpers.inbox import person

from gateway.db.session import _STORE

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

WORKER = Path(__file__).parents[1] / "helpers" / "job_kinds.py"
SECONDS = 40
COUNT = 3
POINTS = {  # where it dies -> the table that cannot be written
    "before the fact becomes parcels": "delivery_lines",
    "before its parcels are on record": "parcels",
    "before the attempt is on record": "parcel_attempts",
}


@pytest.fixture
def worker(settings, tmp_path):
    """Starts worker processes; they are killed with the test."""
    started = []
    environment = os.environ | {
        "GATEWAY_DATA_DIR": str(settings.data_dir),
        "GATEWAY_SECRETS_DIR": str(settings.secrets_dir),
        "GATEWAY_DATABASE_URL": settings.database_url or "",
        "GATEWAY_SYSTEM_DATABASE_URL": settings.system_database_url or "",
        "GATEWAY_OWNER_DATABASE_URL": settings.owner_database_url or "",
        "GATEWAY_MASTER_KEY": base64.b64encode(settings.master_key or b"").decode(),
        "GATEWAY_ALLOW_PRIVATE": "127.0.0.0/8",
        "GATEWAY_JOB_LEASE_SECONDS": "2",
        "GATEWAY_JOB_SWEEP_SECONDS": "1",
        "GATEWAY_DRAIN_SECONDS": "0",
    }

    def start():
        with (tmp_path / f"worker-{len(started)}.log").open("wb") as out:
            process = subprocess.Popen([sys.executable, "-P", str(WORKER), "normal"], env=environment, stderr=out)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def observer(addresses):
    with psycopg.connect(addresses.owner, options="-c role=gateway_owner", autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(addresses):
    """Opens connections that hold locks, until a test lets go of them."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(psycopg.connect(addresses.owner, options="-c role=gateway_owner"))


def until(look):
    """What others do is looked at; nothing announces it."""
    for _ in range(SECONDS * 50):
        if found := look():
            return found
        threading.Event().wait(0.02)
    raise AssertionError("it did not come about")


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def waits_for(observer, table):
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
    return observer.execute(query, [table]).fetchone()[0] > 0


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
def test_a_worker_killed_before_anything_was_sent(changed, receiver, worker, owner, observer, point):
    holder = owner()
    holder.execute(f"LOCK TABLE {POINTS[point]} IN EXCLUSIVE MODE")
    first = worker()
    until(lambda: waits_for(observer, POINTS[point]))
    kill(first)
    assert receiver.received == []
    holder.rollback()
    worker()
    assert settled(changed, receiver) == ([1] * COUNT, {"delivered": COUNT})


def test_a_worker_killed_before_what_it_made_is_on_record(changed, receiver, worker, owner, observer, settings):
    """The bytes of the first parcel are in the store, and no row names them."""
    holder = owner()
    firm = int.from_bytes(changed.firm_id.bytes[12:], signed=True)
    holder.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_STORE, firm])
    first = worker()
    until(
        lambda: observer.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ).fetchone()[0]
    )
    kill(first)
    assert len(list((settings.data_dir / "files").rglob("parcels/*/*"))) == 1
    assert changed.sql("SELECT count(storage_key), count(*) FROM parcels") == [(0, COUNT)]
    holder.rollback()
    worker()
    assert settled(changed, receiver) == ([1] * COUNT, {"delivered": COUNT})
    assert len(list((settings.data_dir / "files").rglob("parcels/*/*"))) == COUNT


def test_a_worker_killed_while_it_waits_for_an_answer(changed, receiver, worker):
    arrived, dead = threading.Event(), threading.Event()

    def answer(_one):
        if len(receiver.received) == 1:
            arrived.set()
            dead.wait(SECONDS)
        return 200

    receiver.answer = answer
    first = worker()
    assert arrived.wait(SECONDS)
    assert changed.sql("SELECT outcome FROM parcel_attempts") == [("sending",)]
    kill(first)
    dead.set()
    worker()
    assert settled(changed, receiver) == ([2, 1, 1], {"delivered": COUNT, "lost": 1})


def test_a_worker_killed_between_the_answer_and_its_record(changed, receiver, worker, owner, observer):
    holder, arrived, held = owner(), threading.Event(), threading.Event()

    def answer(_one):
        if len(receiver.received) == 2:  # the second parcel: the first one has gone through
            arrived.set()
            held.wait(SECONDS)
        return 200

    receiver.answer = answer
    first = worker()
    assert arrived.wait(SECONDS)
    holder.execute("LOCK TABLE parcel_attempts IN EXCLUSIVE MODE")
    held.set()
    until(lambda: waits_for(observer, "parcel_attempts"))
    kill(first)
    holder.rollback()
    worker()
    assert settled(changed, receiver) == ([1, 2, 1], {"delivered": COUNT, "lost": 1})


def test_a_worker_taken_for_dead_that_wakes_up_records_nothing(changed, receiver, worker, tmp_path):
    arrived, awake = threading.Event(), threading.Event()

    def answer(_one):
        if len(receiver.received) == 1:
            arrived.set()
            awake.wait(SECONDS)
        return 200

    receiver.answer = answer
    first = worker()
    assert arrived.wait(SECONDS)
    os.kill(first.pid, signal.SIGSTOP)
    until(
        lambda: (
            changed.sql(
                "SELECT lease_until < clock_timestamp() FROM jobs WHERE kind = 'deliveries.carry' AND state = 'running'"
            )
            == [(True,)]
        )
    )
    worker()
    counts, outcomes = settled(changed, receiver)
    awake.set()
    os.kill(first.pid, signal.SIGCONT)
    until(lambda: "job was taken over" in (tmp_path / "worker-0.log").read_text())
    assert (counts, outcomes) == ([2, 1, 1], {"delivered": COUNT, "lost": 1})
    assert changed.sql("SELECT outcome, count(*) FROM parcel_attempts GROUP BY 1 ORDER BY 1") == [
        ("delivered", COUNT),
        ("lost", 1),
    ]
