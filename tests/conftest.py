"""What all tests share: one server a run, a database a test, and the tenants.

The tenants is fixed, and in every database: two firms, Northgate with one of each staff role and Harbor the stranger;
Northgate's partners acme and globex, Harbor's partner initech. `tenants` holds their ids.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import hypothesis
import psycopg
import pytest
from helpers.clusters import lighten
from helpers.inbox import ROSTER, Inbox
from helpers.killing import locks, undisturbed, worker_process  # noqa: F401 - fixtures for all
from helpers.sharing import journeys_first
from helpers.sshd import sshd  # noqa: F401 - a fixture for all
from pytest_socket import socket_allow_hosts
from sqlalchemy.orm import Session

from gateway import crypto
from gateway.db import migrate
from gateway.db.embedded import Embedded, ensure_running
from gateway.db.engine import Addresses
from gateway.db.models import Firm, Partner, Staff
from gateway.db.models.firms import STAFF_ROLES
from gateway.db.session import Database, ensure_audit_partitions
from gateway.office import Office
from gateway.settings import Settings
from gateway.wings import office_of

MASTER_KEY = b"fabricated master key of 32 byte"
TEMPLATE = "template_of_tests"

RESET = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle';
SET session_replication_role = replica; -- no foreign key looks on
DO $$ DECLARE each regclass; BEGIN -- what was never written takes no room
    FOR each IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
    LOOP
        EXECUTE 'DELETE FROM ' || each;
    END LOOP;
END $$;
INSERT INTO firms SELECT * FROM pristine.firms;
INSERT INTO staff SELECT * FROM pristine.staff;
INSERT INTO partners SELECT * FROM pristine.partners
"""

TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""

_numbers = itertools.count(1)

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("untimed")
_SELDOM = 100_000, 20, 100  # so much more waste than by itself, for a sixth of the tests' time
gc.disable()  # reading ten thousand tests makes no waste, and looking for some takes longer: see `pytest_runtestloop`


def _id(number: int) -> UUID:
    return UUID(f"01900000-0000-7000-8000-{number:012x}")


@dataclass(frozen=True)
class Tenants:
    """Ids are written down, so that a failing test prints the same ones each time; their ends say whose they are."""

    northgate: UUID = _id(0xA000)  # noqa: RUF009 - a constant
    acme: UUID = _id(0xA001)  # noqa: RUF009 - a constant
    globex: UUID = _id(0xA002)  # noqa: RUF009 - a constant
    harbor: UUID = _id(0xB000)  # noqa: RUF009 - a constant
    initech: UUID = _id(0xB001)  # noqa: RUF009 - a constant
    staff: dict[str, UUID] = field(  # of Northgate, by role
        default_factory=lambda: {role: _id(0xA100 + number) for number, role in enumerate(STAFF_ROLES)}
    )


def pytest_collection_modifyitems(config, items) -> None:
    items[:] = journeys_first(items, getattr(config, "workerinput", {}).get("workercount", 1))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """From here on waste is looked for, among what comes to be: a look at all that was read takes most of a second."""
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    gc.enable()


@pytest.fixture(autouse=True)
def _only_this_machine() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def server(testrun_uid) -> Iterator[Embedded]:
    """One server that forgets on a power cut, for all workers of a run: the last one to leave stops it.

    Not below pytest's own folder: that one is closed to other accounts by whichever run starts next, and the server of
    a root user runs as another account.
    """
    run = Path(tempfile.gettempdir()) / f"gateway-tests-{testrun_uid}"
    embedded = ensure_running(run, durable=False)
    with _locked(run / "template.lock"):
        _ensure_template(embedded)
    yield embedded
    embedded.leave()
    _tidy(run)


def _tidy(run: Path) -> None:
    """Remove the folder once its server is gone; a worker that is still at it leaves that to the last."""
    with (run / "postgres.users").open() as users, contextlib.suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for _ in range(500):  # the server is shutting down; its own file tells when it is done
            if not (run / "postgres" / "postmaster.pid").exists():
                break
            threading.Event().wait(0.01)
        shutil.rmtree(run, ignore_errors=True)


@pytest.fixture(scope="session")
def tenants() -> Tenants:
    return Tenants()


@pytest.fixture(scope="session")
def workers_database(server, worker_id) -> Iterator[tuple[Addresses, Database, psycopg.Connection]]:
    """One database a worker, and the superuser's connection that puts it back as it was."""
    with _copied(server, f"tests_{worker_id}") as addresses:
        database = Database(addresses)
        with psycopg.connect(server.url("superuser", f"tests_{worker_id}"), autocommit=True) as superuser:
            yield addresses, database, superuser
        database.close()


@pytest.fixture
def addresses(workers_database) -> Iterator[Addresses]:
    """A database that holds the tenants and nothing else. Commits are real; whatever was committed is gone afterwards.

    Emptying one takes 2 ms, copying one 100 ms. A test that changes the schema takes `own_addresses`.
    """
    addresses, _, superuser = workers_database
    yield addresses
    superuser.execute(RESET)


@pytest.fixture
def db(addresses, workers_database) -> Database:
    """The database as the code sees it."""
    return workers_database[1]


@pytest.fixture
def all_rows(addresses, workers_database) -> Callable[[], dict[str, list[str]]]:
    """All that the database holds, as text, by table; as its superuser sees it, what is kept of passwords included."""
    superuser = workers_database[2]

    def look() -> dict[str, list[str]]:
        tables = [table for (table,) in superuser.execute(TABLES)]
        return {table: [row for (row,) in superuser.execute(f"SELECT t::text FROM {table} t")] for table in tables}

    return look


@pytest.fixture
def own_addresses(server, worker_id) -> Iterator[Addresses]:
    """A database of this test's own, to be changed at will."""
    with _copied(server, f"test_{worker_id}_{next(_numbers)}") as addresses:
        yield addresses


@pytest.fixture(scope="module")
def modules_addresses(server, worker_id) -> Iterator[Addresses]:
    """A database of a module's own, for tests that share what is costly to furnish."""
    with _copied(server, f"module_{worker_id}_{next(_numbers)}") as addresses:
        yield addresses


@pytest.fixture
def empty_addresses(server, worker_id) -> Iterator[Addresses]:
    """A database of this test's own without any table."""
    with _copied(server, f"test_{worker_id}_{next(_numbers)}", template="template0") as addresses:
        yield addresses


@pytest.fixture
def settings(addresses, tmp_path) -> Settings:
    """An installation around this test's database, with a data folder of its own."""
    return Settings(
        data_dir=tmp_path / "data",
        config_dir=tmp_path / "partner_configs",
        secrets_dir=tmp_path / "secrets",
        database_url=addresses.app,
        system_database_url=addresses.system,
        owner_database_url=addresses.owner,
        master_key=MASTER_KEY,
    )


@contextmanager
def _copied(server: Embedded, name: str, template: str = TEMPLATE) -> Iterator[Addresses]:
    with psycopg.connect(server.url("superuser", "postgres"), autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER gateway_owner STRATEGY file_copy")
        yield _addresses(server, name)
        superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def office(db, settings) -> Office:
    return office_of(db, settings)


@pytest.fixture
def inbox(office, tenants) -> Inbox:
    """Northgate's partner acme, whose full roster closes whoever it no longer lists."""
    one = Inbox(office, tenants.northgate, "acme")
    one.apply(ROSTER.format(partner="acme", firm="northgate"))
    return one


@pytest.fixture
def roster() -> str:
    """The inbox's partner.yaml, for tests that change a word of it."""
    return ROSTER.format(partner="acme", firm="northgate")


def _addresses(server: Embedded, name: str) -> Addresses:
    return Addresses(server.url("owner", name), server.url("app", name), server.url("system", name))


def _ensure_template(server: Embedded) -> None:
    with psycopg.connect(server.url("superuser", "postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            return
        connection.execute(f"CREATE DATABASE {TEMPLATE} OWNER gateway_owner")
    lighten(server)
    addresses = _addresses(server, TEMPLATE)
    migrate.bring_up_to_date(addresses)
    database = Database(addresses)
    with database.system() as session:
        ensure_audit_partitions(session, 1)  # yesterday to tomorrow: each partition is six files to copy a test
        _add_tenants(session, Tenants())
    database.close()
    with psycopg.connect(server.url("superuser", TEMPLATE), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA pristine")
        for table in ("firms", "staff", "partners"):
            connection.execute(f"CREATE TABLE pristine.{table} AS SELECT * FROM {table}")


def _add_tenants(session: Session, tenants: Tenants) -> None:
    for firm_id, slug, name in [
        (tenants.northgate, "northgate", "Northgate Law"),
        (tenants.harbor, "harbor", "Harbor Legal"),
    ]:
        session.add(Firm(id=firm_id, slug=slug, name=name, wrapped_key=crypto.make_data_key(firm_id, MASTER_KEY)))
    session.flush()
    for role, staff_id in tenants.staff.items():
        session.add(
            Staff(firm_id=tenants.northgate, id=staff_id, email=f"{role}@northgate.example", name=role, role=role)
        )
    for firm_id, partner_id, slug, name in [
        (tenants.northgate, tenants.acme, "acme", "ACME Manufacturing, Inc."),
        (tenants.northgate, tenants.globex, "globex", "Globex Corporation"),
        (tenants.harbor, tenants.initech, "initech", "Initech LLC"),
    ]:
        session.add(Partner(firm_id=firm_id, id=partner_id, slug=slug, name=name, time_zone="America/Chicago"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
