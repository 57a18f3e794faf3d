"""The row about assignment: a burst of new cases given to attorneys, against as many rows updated one by one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event
from time import perf_counter
from uuid import UUID

import psycopg
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from realtime import installation
from sqlalchemy import func, select

from gateway import settings
from gateway.db.models import Case, UnassignedCase
from gateway.db.session import Database
from gateway.events import CaseOpened
from gateway.jobs.worker import Worker, connections_for
from gateway.office import Office
from gateway.wings import KINDS, office_of

CASES = int(os.environ.get("BENCH_CASES", "5000"))
WORKERS, ATTORNEYS = 32, 100
_AT_ONCE = 10  # files that bring them

_ATTORNEYS = f"""
INSERT INTO staff (firm_id, email, name, role)
SELECT %(firm)s, 'a' || n || '@bench.example', 'Attorney ' || n, 'attorney' FROM generate_series(1, {ATTORNEYS}) n;
INSERT INTO attorneys (firm_id, staff_id, licence, senior, capacity)
SELECT firm_id, id, 'NY 1', true, {CASES // ATTORNEYS + 10} FROM staff WHERE role = 'attorney';
INSERT INTO expertise (firm_id, attorney_id, case_type, level)
SELECT firm_id, id, t, 1 + mod(abs(hashtext(id || t)), 5)
FROM attorneys, unnest('{{H1B_EXT,PERM,O1A,L1A}}'::text[]) t;
INSERT INTO time_off (firm_id, attorney_id, starts_on, ends_on)
SELECT firm_id, id, current_date + n, current_date + n + 7
FROM (SELECT firm_id, id, row_number() OVER (ORDER BY id)::int AS n FROM attorneys) numbered WHERE mod(n, 3) = 0
"""
_CASES = f"""
INSERT INTO cases (firm_id, partner_id, client_id, case_number, case_type, deadline_on)
SELECT firm_id, partner_id, id, key, (ARRAY['H1B_EXT', 'PERM', 'O1A', 'L1A'])[1 + mod(n, 4)],
    CASE WHEN mod(n, 2) = 0 THEN current_date + 10 + mod(n, 90) END
FROM (SELECT *, row_number() OVER (ORDER BY key)::int AS n FROM clients WHERE firm_id = %(firm)s LIMIT {CASES}) people
"""


def _assign(lab: Laboratory) -> Samples:
    firm, partner, _ = installation(lab)
    loaded = settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)})
    office = office_of(
        Database(Database.open(loaded).addresses, connections=connections_for({"normal": WORKERS})), loaded
    )
    with psycopg.connect(lab.server.url("superuser"), autocommit=True, cursor_factory=psycopg.ClientCursor) as owner:
        owner.execute(_ATTORNEYS, {"firm": firm})
        owner.execute(_CASES, {"firm": firm})
        _copy(owner)
    _tell(office, UUID(firm), UUID(partner))
    lab.settle()
    worker = Worker(office, KINDS, {"normal": WORKERS})
    begun = perf_counter()
    worker.start()
    while _left(office, UUID(firm)):
        Event().wait(0.02)
    real = perf_counter() - begun
    worker.stop()
    office.db.close()
    lab.settle()
    yield "assign", Sample(real, _updates(lab), 0.0)


def _tell(office: Office, firm: UUID, partner: UUID) -> None:
    """As so many files would, each in a transaction of its own."""
    with office.db.firm(firm) as session:
        ids = session.scalars(select(Case.id).order_by(Case.id)).all()
    for first in range(_AT_ONCE):
        with office.db.firm(firm) as session:
            office.tell(session, firm, CaseOpened(partner_id=partner, records=ids[first::_AT_ONCE]))


def _left(office: Office, firm: UUID) -> bool:
    with office.db.firm(firm) as session:
        if session.scalars(select(func.count(UnassignedCase.tried_at))).one():
            raise AssertionError("cases wait, though there is room for all")
        return session.scalars(select(func.count(Case.attorney_id))).one() < CASES


def _copy(owner: psycopg.Connection) -> None:
    """The same cases in a table of their own, numbered, without row-level security and foreign keys."""
    owner.execute("CREATE TABLE floor_cases (LIKE cases INCLUDING ALL)")
    owner.execute("INSERT INTO floor_cases SELECT * FROM cases")


def _updates(lab: Laboratory) -> float:
    """Seconds in which so many connections give each case an attorney by an update of its row, and nothing else."""
    url = lab.server.url("superuser")
    with psycopg.connect(url) as owner:
        keys = owner.execute("SELECT firm_id, id FROM floor_cases").fetchall()
        [attorney] = owner.execute("SELECT id FROM attorneys LIMIT 1").fetchall()[0]
    with ExitStack() as opened:
        connections = [opened.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(WORKERS)]

        def update(number: int) -> None:
            for key in keys[number::WORKERS]:
                connections[number].execute(_UPDATE, [attorney, *key])

        begun = perf_counter()
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(update, range(WORKERS)))
        return perf_counter() - begun


_UPDATE = "UPDATE floor_cases SET attorney_id = %s, version = version + 1 WHERE firm_id = %s AND id = %s"

SCENARIOS = (
    Scenario(
        {
            "assign": Budget(
                f"{CASES:,} new cases given to {ATTORNEYS} attorneys by {WORKERS} workers, each with its reasons",
                "as many single-row updates of cases, each its own transaction, at the same concurrency",
                5.0,
            )
        },
        _assign,
        rounds=1,
    ),
)
