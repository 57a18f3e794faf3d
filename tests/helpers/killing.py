"""Processes that a test kills where it hurts: it holds the lock that they need next, sees them wait, and kills them.

`locks.kill_at(table, start)` is all of it in one call; `locks.held` and `locks.until_awaited` are its steps, for tests
that look, or do something, in between. `helpers.breaking` is for steps at which nothing is locked.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.db.engine import Addresses
from gateway.settings import Settings
from helpers.commanding import Started, commander
from helpers.inbox import ROSTER, Inbox, as_csv, people, person
from helpers.servers import until
from helpers.serving import Installation, over

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent
WORKER = PROGRAMS / "job_kinds.py"
QUICK = {"GATEWAY_JOB_LEASE_SECONDS": "2", "GATEWAY_JOB_SWEEP_SECONDS": "1", "GATEWAY_DRAIN_SECONDS": "0"}
ROWS = [*people(300, passport="P"), person(301, dob="never"), person(302, dob="")]  # two of them with a problem

# Other databases of the server are other tests', whose tables have the same numbers.
WAITING = """
SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE NOT granted AND datname = current_database() AND
"""
OF_TABLE = "relation IN (SELECT %(table)s::regclass UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = %(table)s::regclass)"


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    """A test's installation as a process sees it; programs in helpers/ can import what lies beside them."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_") or name == "GATEWAY_NOW"
    }
    return kept | {
        "GATEWAY_DATA_DIR": str(settings.data_dir),
        "GATEWAY_CONFIG_DIR": str(settings.config_dir),
        "GATEWAY_SECRETS_DIR": str(settings.secrets_dir),
        "GATEWAY_DATABASE_URL": settings.database_url or "",
        "GATEWAY_SYSTEM_DATABASE_URL": settings.system_database_url or "",
        "GATEWAY_OWNER_DATABASE_URL": settings.owner_database_url or "",
        "GATEWAY_MASTER_KEY": base64.b64encode(settings.master_key or b"").decode(),
        "GATEWAY_ALLOW_PRIVATE": ",".join(settings.allow_private),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        **more,
    }


Process = Started | subprocess.Popen[Any]


def kill(process: Process) -> None:
    process.kill()
    process.communicate()


# ---------------------------------------------------------------- locks


class Locks:
    """The locks of a test's database: those that the test holds, and who waits for them."""

    def __init__(self, addresses: Addresses, observer: psycopg.Connection) -> None:
        self._addresses, self._observer = addresses, observer

    def kill_at(self, table: str, start: Callable[[], Process], mode: str = "EXCLUSIVE") -> None:
        """Start a process, and kill it when it needs this table."""
        with self.held(table, mode):
            process = start()
            try:
                self.until_awaited(table, process)
            finally:
                kill(process)

    @contextmanager
    def held(self, table: str, mode: str = "EXCLUSIVE") -> Iterator[psycopg.Connection]:
        """Nobody else writes the table meanwhile (EXCLUSIVE), or reads it either (ACCESS EXCLUSIVE)."""
        with self.holder() as holder:
            holder.execute(f"LOCK TABLE {table} IN {mode} MODE")
            yield holder

    def holder(self) -> psycopg.Connection:
        """Holds whatever it locks until it is closed, or rolls back."""
        return _as_owner(self._addresses)

    def until_awaited(self, table: str, process: Process | None = None, *, by: int = 1) -> None:
        """Until so many wait for the table; this process, if one is named, must not end meanwhile."""

        def look() -> bool:
            assert process is None or process.poll() is None, process.communicate()
            return self.waiting_for(table) >= by

        until(look)

    def waiting(self) -> int:
        """How many wait for any lock at all."""
        return self._count("true")

    def waiting_for(self, table: str) -> int:
        return self._count(OF_TABLE, table=table)

    def waiting_for_rows(self) -> int:
        """How many wait for the end of a transaction that has locked a row."""
        return self._count("locktype = 'transactionid'")

    def waiting_for_advisory_locks(self) -> int:
        return self._count("locktype = 'advisory'")

    def _count(self, condition: str, **named: str) -> int:
        [(count,)] = self._observer.execute(WAITING + condition, named)
        return count


@pytest.fixture
def locks(addresses) -> Iterator[Locks]:
    with _as_owner(addresses, autocommit=True) as observer:
        yield Locks(addresses, observer)


def _as_owner(addresses: Addresses, *, autocommit: bool = False) -> psycopg.Connection:
    return psycopg.connect(addresses.owner, options="-c role=gateway_owner", autocommit=autocommit)


# ---------------------------------------------------------------- processes


@pytest.fixture
def worker_process(settings, tmp_path) -> Iterator[Callable[..., Started]]:
    """Starts processes that work on some queues, whose leases are short; they are killed with the test.

    What the first of them says is in `worker-0.log`, and so on.
    """
    started: list[Started] = []

    def start(*queues: str) -> Started:
        with (tmp_path / f"worker-{len(started)}.log").open("wb") as log:
            environment = environment_of(settings, **QUICK)
            started.append(commander().start(queues, environment, told=log.fileno(), program=WORKER))
        return started[-1]

    yield start
    for process in started:
        kill(process)


@contextmanager
def killable(addresses: Addresses, folder: Path, **more: str) -> Iterator[Installation]:
    """Services over a test's database that are killed with the test, and whose secrets are in `folder`."""
    made = Installation(folder, over(addresses) | {"GATEWAY_SECRETS_DIR": str(folder / "secrets")} | more)
    try:
        yield made
    finally:
        made.hang_up()
        for service in made.services:
            kill(service)


# ---------------------------------------------------------------- what is left


@pytest.fixture
def undisturbed(office, tenants) -> Inbox:
    """Another firm's partner with acme's layout, whose file of `ROWS` nobody interfered with."""
    one = Inbox(office, tenants.harbor, "initech")
    one.apply(ROSTER.format(partner="initech", firm="harbor"))
    one.drop("roster_20260301.csv", as_csv(ROWS))
    return one


def state_of(inbox: Inbox) -> dict[str, object]:
    """Everything that lasts, but for ids and times."""
    return {
        "clients": inbox.sql("SELECT key, family_name, annual_salary, enrollment_status, source_row, version FROM clients ORDER BY key"),
        "documents": inbox.sql("SELECT doc_type, expires_on, d.status, d.version, key FROM documents d JOIN clients c ON c.id = client_id ORDER BY key"),
        "sightings": inbox.sql("SELECT kind, present, as_of, count(*) FROM sightings GROUP BY 1, 2, 3 ORDER BY 1, 2"),
        "audit": inbox.sql("SELECT action, row, jsonb_array_length(changes) FROM audit_log WHERE actor_kind = 'import' ORDER BY row"),
        "problems": inbox.sql("SELECT row, line, code, message FROM row_errors ORDER BY row"),
        "imports": inbox.sql("SELECT state, counts, problem_count, receipt_at IS NOT NULL FROM imports ORDER BY id"),
    }  # fmt: skip
