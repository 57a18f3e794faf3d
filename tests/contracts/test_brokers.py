"""What every broker promises: a wake arrives at once, whoever sends it never waits, and it comes back by itself."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from dramatiq.errors import ConnectionClosed
from helpers.job_kinds import KINDS
from helpers.servers import SERVERS, Rabbit, Served, free_port, until
from sqlalchemy import text

from gateway import metrics
from gateway.db.session import Database
from gateway.jobs import broker
from gateway.jobs.broker import BROKERS, listen, make_broker
from gateway.jobs.broker.nudging import Nudger
from gateway.jobs.kinds import enqueue
from gateway.jobs.worker import Worker
from gateway.wings import office_of

pytestmark = pytest.mark.timeout(180)

QUICK = 0.1  # seconds from a wake to the worker
PROBE = """
import sys, time
from gateway.db.engine import Addresses
from gateway.jobs.broker import listen, make_broker
from gateway.settings import load
made = make_broker(load(), Addresses("", sys.argv[1], ""))
worker = listen(made, ["normal"], lambda queue: print(queue, flush=True))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _collected():
    """pika leaves the sockets of connections that failed to the garbage collector, which would tell a later test.

    Dramatiq's threads may outlive their worker by a pause before they connect again, and hold such a connection.
    """
    before = set(threading.enumerate())
    yield
    until(lambda: set(threading.enumerate()) <= before)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module", params=SERVERS)
def service(request):
    kind = SERVERS[request.param]
    if issubclass(kind, Served) and not shutil.which(kind.program):
        pytest.skip(f"{kind.program} is not installed on this machine")
    folder = Path(
        tempfile.mkdtemp(prefix="gateway-broker-")
    )  # not below pytest's: the database has an account of its own
    made = kind(folder)
    yield made
    made.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def installation(service, settings):
    return msgspec.structs.replace(settings, broker_url=service.url)


@pytest.fixture
def reached(service, addresses):
    return addresses._replace(app=service.database or addresses.app)


class Ear:
    """A worker that notes when it was woken."""

    def __init__(self, installation, reached, queues=("normal",)):
        self.heard: list[tuple[str, float]] = []
        self.broker = make_broker(installation, reached)
        self.worker = listen(self.broker, list(queues), lambda queue: self.heard.append((queue, time.perf_counter())))

    def wakes(self, queue="normal"):
        return [at for name, at in self.heard if name == queue]

    def close(self):
        self.worker.stop(timeout=2000)
        self.broker.close()


@pytest.fixture
def ear(installation, reached):
    made = Ear(installation, reached)
    nudger = Nudger(installation, reached)
    deaf_until_heard(made, nudger)
    nudger.close()
    yield made
    made.close()


def deaf_until_heard(ear, nudger):
    """Nudge until one arrives, and all that were sent have."""
    until(lambda: nudger.nudge("normal") or time.sleep(0.1) or ear.heard)
    time.sleep(0.3)
    ear.heard.clear()


@pytest.fixture
def nudger(installation, reached):
    made = Nudger(installation, reached)
    yield made
    made.close()


def test_every_broker_is_held_to_this_contract():
    assert {kind.module for kind in BROKERS.values()} == set(SERVERS)


def test_a_wake_reaches_a_worker_at_once(ear, nudger):
    nudger.nudge("normal")
    until(lambda: ear.heard)
    took = []
    for _ in range(20):
        ear.heard.clear()
        begun = time.perf_counter()
        nudger.nudge("normal")
        until(lambda: ear.heard)
        took.append(ear.heard[0][1] - begun)
        time.sleep(0.15)  # a poll of the client's, so that each finds it idle
    took.sort()
    assert took[len(took) * 9 // 10] < QUICK, took


def test_a_wake_is_for_its_queue_only(installation, reached, ear, nudger):
    other = Ear(installation, reached, ["bulk", "urgent"])
    until(lambda: nudger.nudge("bulk") or time.sleep(0.1) or other.wakes("bulk"))
    other.heard.clear()
    nudger.nudge("normal")
    nudger.nudge("bulk")
    until(lambda: ear.wakes("normal") and other.wakes("bulk"))
    other.close()
    assert not other.wakes("urgent")
    assert not ear.wakes("bulk")


def test_every_process_can_be_woken(installation, reached, service, nudger):
    environment = os.environ | {"GATEWAY_BROKER_URL": service.url or ""}
    command = [sys.executable, "-c", PROBE, reached.app]
    processes = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    heard = [[], []]
    for process, lines in zip(processes, heard, strict=True):
        assert process.stdout.readline() == "ready\n"

        def note(stream=process.stdout, to=lines):
            for line in stream:
                to.append(line)

        threading.Thread(target=note, daemon=True).start()
    until(lambda: nudger.nudge("normal") or time.sleep(0.05) or all(heard))
    for process in processes:
        process.kill()
        process.communicate()


def failures() -> float:
    """Wakes that came to nothing since the last time."""
    return metrics.take().get(metrics.Note("gateway_job_nudges_total", ("failed",)), 0.0)


def test_who_nudges_does_not_wait_while_the_broker_is_away_and_the_wake_follows_when_it_is_back(
    service, installation, reached, ear, nudger
):
    nudger.nudge("normal")
    until(lambda: ear.heard)
    service.stop()
    try:
        slowest = 0.0
        for _ in range(50):
            begun = time.perf_counter()
            nudger.nudge("normal")
            slowest = max(slowest, time.perf_counter() - begun)
            time.sleep(0.01)
        assert slowest < QUICK
        metrics.take()
        until(failures)
        until(failures)  # the last one was tried in vain, and is owed
        fresh = Nudger(installation, reached)
        fresh.nudge("normal")
        begun = time.perf_counter()
        fresh.close(0.5)
        assert time.perf_counter() - begun < 1.5, "an ending process waits no longer than it was told"
        ear.heard.clear()
    finally:
        service.start()
    until(lambda: ear.heard)
    deaf_until_heard(ear, nudger)
    nudger.nudge("normal")
    until(lambda: ear.heard)


def test_a_broker_that_was_emptied_is_used_again(service, ear, nudger):
    if service.empty is None:
        pytest.skip("nothing is stored in this broker")
    nudger.nudge("normal")
    until(lambda: ear.heard)
    service.empty()
    ear.heard.clear()
    until(lambda: nudger.nudge("normal") or ear.heard)


def test_a_consumer_whose_queue_was_deleted_leaves_no_connection(service, installation, reached):
    if not isinstance(service, Rabbit):
        pytest.skip("has no channels")
    made = make_broker(installation, reached)
    made.declare_queue("gateway.normal")
    made.consume("gateway.normal").close()
    service.empty()
    consumer = made.consume("gateway.normal", timeout=100)
    with pytest.raises(ConnectionClosed):
        next(consumer)
    assert consumer.connection.is_open
    with suppress(ConnectionClosed):
        consumer.close()
    assert consumer.connection.is_closed
    made.close()


def test_a_worker_ends_in_peace_although_the_broker_has_fallen_silent(service, addresses, installation, reached, db):
    if not isinstance(service, Served):
        pytest.skip("the ledger is in this broker")
    made = make_broker(installation, reached)
    made.declare_queue("gateway.bulk")
    for _ in range(5):
        made.enqueue(broker.message("bulk"))
    made.close()
    threads = threading.active_count()
    database, woken = Database(addresses), threading.Event()
    worker = Worker(office_of(database, installation), KINDS, {"bulk": 1})

    def wake(queue):
        service.stall()  # this wake cannot be acknowledged, and further ones have been fetched
        woken.set()

    worker._wake = wake
    worker.start()
    try:
        assert woken.wait(20)
        begun = time.perf_counter()
        assert worker.stop(), "no job was at work"
        assert time.perf_counter() - begun < 15
    finally:
        service.resume()
    until(lambda: threading.active_count() <= threads)  # and what they hold is given up
    with db.system() as session:
        assert session.scalar(text("SELECT count(*) FROM leases WHERE name LIKE 'worker %'")) == 0
    database.close()


def test_wakes_that_nobody_takes_do_not_pile_up(service, installation, reached, nudger):
    made = make_broker(installation, reached)
    made.declare_queue("gateway.urgent")
    for _ in range(250):
        made.enqueue(broker.message("urgent"))
    made.close()
    other = Ear(installation, reached, ["urgent"])
    until(lambda: nudger.nudge("urgent") or time.sleep(0.1) or other.heard)
    time.sleep(1)
    assert len(other.heard) < 130
    other.close()


def test_doctor_sees_whether_it_answers(service, installation, reached):
    from gateway.domain.upkeep.queues import broker_check

    assert broker_check(installation, reached).level == "ok"
    away = msgspec.structs.replace(
        installation,
        broker_url=(installation.broker_url or "").replace(str(getattr(service, "port", 0)), str(free_port())) or None,
    )
    if away.broker_url:
        check = broker_check(away, reached)
        assert check.level == "warning"
        assert "does not answer" in check.found


def test_jobs_get_done_while_the_broker_is_away_and_nothing_is_lost_when_it_was_emptied(
    service, addresses, installation, db, tenants
):
    """The ledger's own database stays; a broker that is that database has a test of its own, with `gateway serve`."""
    if not isinstance(service, Served):
        pytest.skip("the ledger is in this broker")
    settings = msgspec.structs.replace(installation, job_sweep_seconds=1, drain_seconds=5)
    database = Database(addresses)
    worker = Worker(office_of(database, settings), KINDS, {"normal": 2})
    worker.start()

    def all_done():
        with db.system() as session:
            return session.scalars(text("SELECT DISTINCT state FROM jobs")).all() == ["done"]

    def add(word):
        with database.firm(tenants.northgate) as session:
            for _ in range(5):
                enqueue(session, KINDS["test.normal"], {"word": word}, firm_id=tenants.northgate)

    try:
        add("before")
        until(all_done)
        service.stop()
        add("while it is away")
        until(all_done)
    finally:
        service.start()
    add("after")
    service.empty()
    until(all_done)
    worker.stop()
    database.close()
    with db.system() as session:
        assert session.scalar(text("SELECT count(*) FROM audit_log WHERE actor = 'test'")) == 15
