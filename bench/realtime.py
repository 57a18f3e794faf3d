"""The rows about the API: real-time checks against a bare handler, the audit log against plain rows, jobs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import perf_counter
from uuid import UUID

import psycopg
from fabricate import FIRM, Roster
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from sqlalchemy import text
from visitor import hire

from gateway import settings
from gateway.db.session import Database, driver
from gateway.domain.access import accounts, tiers
from gateway.domain.access.credentials import add_key
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind, Kinds, enqueue
from gateway.jobs.worker import Worker
from gateway.office import Actor
from gateway.wings import office_of

HERE = Path(__file__).parent
ME = Actor("system", "bench")
CALLS = 4_000
PACE = 1_000  # a second
ROWS = 50_000
ENTRIES = 50_000
JOBS = 3_000
THREADS = 4

_PEOPLE = """
INSERT INTO clients (firm_id, partner_id, key, employee_id, date_of_birth)
SELECT %(firm)s, %(partner)s, id, id, '1990-02-03'
FROM (SELECT 'E' || lpad(n::text, 7, '0') AS id FROM generate_series(0, 49999) n) people
"""


def _checks(lab: Laboratory) -> Samples:
    firm, partner, key = installation(lab)
    environ = os.environ | {"BENCH_FIRM": firm, "BENCH_PARTNER": partner}
    bare_port, port = free_port(), free_port()
    bare = [sys.executable, str(HERE / "bare.py"), lab.server.url("superuser"), str(bare_port)]
    serve = [sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--role", "api"]
    ours = {
        "GATEWAY_DATA_DIR": str(lab.server.data_dir),
        "GATEWAY_HTTP_PORT": str(port),
        "GATEWAY_LOG_LEVEL": "warning",
    }
    with running(bare, bare_port, environ), running(serve, port, environ | ours):
        floor_head = "POST /v1/eligibility/check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        head = f"{floor_head}Authorization: Bearer {key}\r\n"
        call(port, 500, 0, head)
        call(bare_port, 500, 0, floor_head)
        floor, real = call(bare_port, CALLS, 0, floor_head), call(port, CALLS, 0, head)
        paced = call(port, CALLS, PACE, head)
        with _loading(lab):
            beside = call(port, CALLS, PACE, head)
    yield "check", Sample(real["seconds"], floor["seconds"], 0.0)
    yield "check_p99", Sample(paced["p99"], 0.020, 0.0)
    yield "check_p99_import", Sample(beside["p99"], 0.060, 0.0)


@contextmanager
def _loading(lab: Laboratory) -> Iterator[None]:
    """A file that another process loads meanwhile, and has not loaded by the end."""
    path = lab.write("roster.csv", Roster(ROWS))
    with ThreadPoolExecutor(1) as pool, psycopg.connect(lab.server.url("superuser"), autocommit=True) as connection:
        load = pool.submit(lab.load, path, partner="busy")
        while not connection.execute("SELECT FROM imports WHERE state = 'running'").rowcount and not load.done():
            Event().wait(0.05)
        yield
        if load.done():
            raise SystemExit(f"The bench is broken: the file ended too early. {load.result()}")


def _audit(lab: Laboratory) -> Samples:
    """The same entries, into the audit log as an import writes them, and into a table without its policies."""
    firm, _, _ = installation(lab)
    database = Database.open(settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)}))
    columns = "(firm_id, actor_kind, actor, action, client_id, import_id, row, changes)"
    values = f"""
        SELECT '{firm}'::uuid, 'import', 'bench', 'import.row', uuidv7(), uuidv7(), n,
               '[{{"kind": "client", "action": "updated", "old": {{"a": 1}}, "new": {{"a": 2}}}}]'::jsonb
        FROM generate_series(1, {ENTRIES}) n"""
    with database.firm(UUID(firm)) as session:
        begun = perf_counter()
        driver(session).execute(f"INSERT INTO audit_log {columns} {values}")
    real = perf_counter() - begun
    with psycopg.connect(lab.server.url("superuser"), autocommit=True) as connection:
        connection.execute("CREATE TABLE plain (LIKE audit_log INCLUDING DEFAULTS)")
        connection.execute("ALTER TABLE plain ADD PRIMARY KEY (at, id)")
        connection.execute("CREATE INDEX ON plain (firm_id, client_id, at)")
        connection.execute("CHECKPOINT")
        begun = perf_counter()
        connection.execute(f"INSERT INTO plain {columns} {values}")
        plain = perf_counter() - begun
    database.close()
    yield "audit", Sample(real, plain, 0.0)


def nothing(handling: Handling) -> None:
    """The least that a job can be: its transaction holds nothing but the fence."""
    with handling.transaction():
        pass


NOTHING = Kind("bench.nothing", "normal", nothing)


def _jobs(lab: Laboratory) -> Samples:
    """Jobs claimed, fenced and done by one worker process, against as many rows updated one by one."""
    firm, _, _ = installation(lab)
    loaded = settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)})
    database = Database.open(loaded, connections=2 * THREADS + 4)
    with database.system() as session:
        for _ in range(JOBS):
            enqueue(session, NOTHING, {}, firm_id=UUID(firm))
    begun = perf_counter()
    worker = Worker(office_of(database, loaded), Kinds([NOTHING]), {"normal": THREADS})
    worker.start()
    while _left(database):
        Event().wait(0.02)
    real = perf_counter() - begun
    worker.stop()
    database.close()
    yield "jobs", Sample(real, _updates(lab), 0.0)


def _left(database: Database) -> bool:
    with database.system() as session:
        left = "SELECT EXISTS (SELECT FROM jobs WHERE kind = 'bench.nothing' AND state <> 'done')"
        return bool(session.scalar(text(left)))


def _updates(lab: Laboratory) -> float:
    url = lab.server.url("superuser")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE plain_jobs (n int PRIMARY KEY, state text)")
        connection.execute(f"INSERT INTO plain_jobs SELECT n, 'waiting' FROM generate_series(1, {JOBS}) n")

    def update(first: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for number in range(first, JOBS + 1, THREADS):
                connection.execute("UPDATE plain_jobs SET state = 'done' WHERE n = %s", [number])

    begun = perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(update, range(1, THREADS + 1)))
    return perf_counter() - begun


def installation(lab: Laboratory, *, staffed: bool = False) -> tuple[str, str, str]:
    """A firm, a partner with 50,000 people and no limits worth the name, its key; if asked for, somebody at work."""
    loaded = settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)})
    database = Database.open(loaded)
    office = office_of(database, loaded)
    firm = accounts.add_firm(office, FIRM, "Bench", time_zone="America/Chicago", actor=ME).id
    with office.acting(firm, ME) as acting:
        connection = driver(acting.session)
        row = connection.execute(
            "INSERT INTO partners (firm_id, slug, name, time_zone) VALUES (%s, 'bench', 'Bench', 'UTC') RETURNING id",
            [firm],
        ).fetchone()
        assert row  # noqa: S101 - RETURNING returns one
        connection.execute(_PEOPLE, {"firm": firm, "partner": row[0]})
        if staffed:
            hire(acting)
        tiers.change(acting, "standard", {"minute": 100_000_000, "day": 100_000_000})
        tiers.change(acting, "firm", {"minute": 100_000_000, "day": 100_000_000})
        made = add_key(acting, row[0], name="bench", scopes=["records:write"], expires_at=None)
    database.close()
    lab.settle()
    return str(firm), str(row[0]), made.secret


@contextmanager
def running(command: list[str], port: int, environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server while it is needed, from when it listens."""
    with subprocess.Popen(command, env=environ) as process:
        for _ in range(1_200):
            try:
                socket.create_connection(("127.0.0.1", port), 0.1).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit(f"The bench is broken: {command} ended with {process.returncode}.") from None
                Event().wait(0.05)
        try:
            yield process
        finally:
            process.terminate()


def call(port: int, requests: int, per_second: int, head: str, code: str = "200") -> dict[str, float]:
    """What callers in a process of their own saw, who are all answered with this code."""
    command = [sys.executable, str(HERE / "callers.py"), str(port), str(requests), str(per_second), head]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    if set(told["codes"]) != {code}:
        raise SystemExit(f"The bench is broken: {told['codes']}")
    return told


def free_port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


BARE = "the same look-up, pipelined, in a bare handler"
SCENARIOS = (
    Scenario(
        {
            "check": Budget(f"{CALLS:,} real-time checks: key, limit, row-level security, audit", BARE, 1 / 0.6),
            "check_p99": Budget(f"99th percentile of a check at {PACE:,} a second", "20 ms", 1.0),
            "check_p99_import": Budget(f"the same while a file of {ROWS:,} rows is loaded beside it", "60 ms", 1.0),
        },
        _checks,
        rounds=3,
    ),
    Scenario(
        {"audit": Budget(f"{ENTRIES:,} entries of the audit log", "the same as plain rows", 1 / 0.8)}, _audit, rounds=3
    ),
    Scenario(
        {"jobs": Budget(f"{JOBS:,} jobs that do nothing, one worker", "as many rows updated one by one", 15.0)},
        _jobs,
        rounds=3,
    ),
)
