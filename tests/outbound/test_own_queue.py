"""Deliveries have workers of their own: neither do other jobs keep them waiting, nor they other jobs."""

import threading
from contextlib import contextmanager

import msgspec
import pytest
from helpers import job_kinds
from helpers.inbox import people
from helpers.servers import until

from gateway.db.session import Database
from gateway.jobs.kinds import enqueue
from gateway.jobs.queues import QUEUES
from gateway.jobs.worker import Worker, connections_for
from gateway.wings import office_of


@pytest.fixture
def working(addresses, settings):
    """A worker with one thread for each queue, until the block ends; what must open first is opened then."""

    @contextmanager
    def work(gate):
        pools = dict.fromkeys(QUEUES, 1)
        database = Database(addresses, connections=connections_for(pools))
        quick = msgspec.structs.replace(settings, drain_seconds=5, job_sweep_seconds=1)
        worker = Worker(office_of(database, quick), job_kinds.KINDS, pools)
        worker.start()
        try:
            yield
        finally:
            gate.set()
            worker.stop()
            database.close()

    return work


def test_other_jobs_however_slow_keep_no_delivery_waiting(partner, receiver, office, working, inbox, monkeypatch):
    gate = threading.Event()
    monkeypatch.setitem(job_kinds.gates, "shut", gate)
    with office.db.system() as session:
        for kind in ("test.gate", "test.slow bulk"):
            enqueue(session, job_kinds.KINDS[kind], {"gate": "shut"}, firm_id=inbox.firm_id)
    with working(gate):
        for _ in range(2):
            assert job_kinds.entered.acquire(timeout=20)
        partner().drop("roster_20260301.csv", people(1))
        until(lambda: receiver.taken, seconds=20)
        assert not gate.is_set()


def test_a_slow_receiver_keeps_no_other_job_waiting(partner, receiver, office, working, inbox):
    gate = threading.Event()
    receiver.answer = lambda _one: 200 if gate.wait(30) else 500
    partner().drop("roster_20260301.csv", people(1))
    with working(gate):
        until(lambda: receiver.received, seconds=20)
        with office.db.system() as session:
            for queue in ("urgent", "normal", "bulk"):
                enqueue(session, job_kinds.KINDS[f"test.{queue}"], {}, firm_id=inbox.firm_id)
        done = "SELECT count(*) FROM jobs WHERE starts_with(kind, 'test.') AND state = 'done'"
        until(lambda: inbox.sql(done) == [(3,)], seconds=20)
        assert receiver.taken == []
