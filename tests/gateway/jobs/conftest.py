"""A ledger with kinds of its own, and workers in this process."""

import threading

import pytest
from helpers import job_kinds
from helpers.servers import until
from sqlalchemy import text

from gateway.db.session import Database, driver
from gateway.jobs.kinds import enqueue
from gateway.jobs.worker import Worker, connections_for
from gateway.wings import office_of


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    monkeypatch.setattr(job_kinds, "entered", threading.Semaphore(0))
    job_kinds.gates.clear()


class Book:
    """What a test writes into the ledger, and reads from it."""

    def __init__(self, db, tenants):
        self.db, self.tenants = db, tenants

    def add(self, kind="test.normal", firm_id=None, count=1, kinds=job_kinds.KINDS, **more):
        """Jobs of Northgate, unless another firm is named."""
        firm_id = firm_id or self.tenants.northgate
        payload = more.pop("payload", {})
        with self.db.firm(firm_id) as session:
            return [enqueue(session, kinds[kind], payload, firm_id=firm_id, **more) for _ in range(count)][-1]

    def sql(self, query, *params):
        with self.db.system() as session:
            found = driver(session).execute(query, params)
            return found.fetchall() if found.description else []

    def job(self, job_id):
        with self.db.system() as session:
            return session.execute(text("SELECT * FROM jobs WHERE id = :id"), {"id": job_id}).one()

    def traces(self):
        return [word for (word,) in self.sql("SELECT action FROM audit_log ORDER BY id")]

    def wait_for(self, job_id, state):
        """Look until the job is in this state; nothing else announces it."""
        return self.until(lambda: (job := self.job(job_id)).state == state and job)

    def until(self, look):
        return until(look, told=lambda: self.sql("SELECT kind, state, attempts, last_error FROM jobs"))


@pytest.fixture
def book(db, tenants):
    return Book(db, tenants)


@pytest.fixture
def worker(addresses, settings):
    """Starts workers on this test's database; they end with it."""
    started = []

    def start(pools=None, kinds=job_kinds.KINDS, **changed):
        import msgspec

        pools = pools or {"normal": 2}
        database = Database(addresses, connections=connections_for(pools))
        one = Worker(
            office_of(database, msgspec.structs.replace(settings, **{"drain_seconds": 0} | changed)),
            kinds,
            pools,
        )
        one.start()
        started.append((one, database))
        return one

    yield start
    for gate in job_kinds.gates.values():
        gate.set()
    for one, database in started:
        one.stop()
        database.close()
