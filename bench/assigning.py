"""The row about assignment: a burst of new cases given to attorneys, against as many rows updated one by one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import perf_counter
from uuid import UUID, uuid4

import psycopg
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from realtime import installation
from sqlalchemy import func, select

from gateway import settings
from gateway.db.models import Attorney, Case, Staff
from gateway.db.session import Database
from gateway.events import CaseOpened
from gateway.jobs.worker import Worker, connections_for
from gateway.office import Office
from gateway.wings import KINDS, office_of

CASES = int(os.environ.get("BENCH_CASES", "5000"))
WORKERS, ATTORNEYS = 32, 100
_AT_ONCE = 10  # files that bring them


def _assign(lab: Laboratory) -> Samples:
    firm, partner, _ = installation(lab)
    loaded = settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)})
    office = office_of(
        Database(Database.open(loaded).addresses, connections=connections_for({"normal": WORKERS})), loaded
    )
    _hire(office, UUID(firm))
    _open(office, UUID(firm), UUID(partner))
    lab.settle()
    worker = Worker(office, KINDS, {"normal": WORKERS})
    begun = perf_counter()
    worker.start()
    while _left(office, UUID(firm)):
        Event().wait(0.02)
    real = perf_counter() - begun
    worker.stop()
    office.db.close()
    yield "assign", Sample(real, _updates(lab), 0.0)


def _hire(office: Office, firm: UUID) -> None:
    """So many attorneys that all cases find room, and some is left."""
    with office.db.firm(firm) as session:
        people = [
            Staff(firm_id=firm, id=uuid4(), email=f"a{n}@bench.example", name=f"A{n}", role="attorney")
            for n in range(ATTORNEYS)
        ]
        session.add_all(people)
        session.flush()
        capacity = CASES // ATTORNEYS + 10
        session.add_all(
            Attorney(firm_id=firm, staff_id=one.id, licence="NY 1", senior=True, capacity=capacity) for one in people
        )


def _open(office: Office, firm: UUID, partner: UUID) -> None:
    for _ in range(_AT_ONCE):
        ids = [uuid4() for _ in range(CASES // _AT_ONCE)]
        with office.db.firm(firm) as session:
            session.add_all(
                Case(firm_id=firm, id=one, partner_id=partner, case_number=one.hex, case_type="H1B") for one in ids
            )
            session.flush()
            office.tell(session, firm, CaseOpened(partner_id=partner, records=ids))


def _left(office: Office, firm: UUID) -> bool:
    with office.db.firm(firm) as session:
        return session.scalars(select(func.count(Case.attorney_id))).one() < CASES


def _updates(lab: Laboratory) -> float:
    url = lab.server.url("superuser")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE plain_cases (n int PRIMARY KEY, attorney int)")
        connection.execute(f"INSERT INTO plain_cases SELECT n, NULL FROM generate_series(1, {CASES}) n")

    def update(first: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for number in range(first, CASES + 1, WORKERS):
                connection.execute("UPDATE plain_cases SET attorney = 1 WHERE n = %s", [number])

    begun = perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(update, range(1, WORKERS + 1)))
    return perf_counter() - begun


SCENARIOS = (
    Scenario(
        {
            "assign": Budget(
                f"{CASES:,} new cases given to {ATTORNEYS} attorneys by {WORKERS} workers, each with its reasons",
                "as many rows updated one by one at the same concurrency",
                5.0,
            )
        },
        _assign,
        rounds=1,
    ),
)
