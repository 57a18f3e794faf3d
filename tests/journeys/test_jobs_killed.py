"""Workers that are killed wherever it hurts: no job is lost, none is done twice, and the records are as undisturbed.

The test decides where a worker dies: it holds the lock that the worker needs next, sees it wait, and kills it.
"""

from __future__ import annotations

import base64
import io
import os
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import psycopg
import pytest
from helpers import job_kinds
from helpers.inbox import ROSTER, SENDER, Inbox, as_csv, people, person
from sqlalchemy import text

from gateway.domain.partners.homes import find_home
from gateway.jobs.kinds import enqueue
from ingest.arrival import Asked
from ingest.reception import receive

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

WORKER = Path(__file__).parents[1] / "helpers" / "job_kinds.py"
SECONDS = 40
POINTS = {  # where in the import's transaction it dies -> the table that cannot be written
    "before the import is begun": "imports",
    "before people are written": "clients",
    "before the audit log": "audit_log",
    "before the problems, at the very end": "row_errors",
}


@pytest.fixture
def environment(settings) -> dict[str, str]:
    return os.environ | {
        "GATEWAY_DATA_DIR": str(settings.data_dir),
        "GATEWAY_DATABASE_URL": settings.database_url or "",
        "GATEWAY_SYSTEM_DATABASE_URL": settings.system_database_url or "",
        "GATEWAY_OWNER_DATABASE_URL": settings.owner_database_url or "",
        "GATEWAY_MASTER_KEY": base64.b64encode(settings.master_key or b"").decode(),
        "GATEWAY_JOB_LEASE_SECONDS": "2",
        "GATEWAY_JOB_SWEEP_SECONDS": "1",
        "GATEWAY_DRAIN_SECONDS": "0",
    }


@pytest.fixture
def worker(environment, tmp_path):
    """Starts worker processes on some queues; they are killed with the test."""
    started = []

    def start(*queues):
        with (tmp_path / f"worker-{len(started)}.log").open("wb") as out:
            process = subprocess.Popen([sys.executable, "-P", str(WORKER), *queues], env=environment, stderr=out)
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


def until(look):
    """The server's lists are looked at; nothing announces what stands in them."""
    for _ in range(SECONDS * 50):
        if found := look():
            return found
        threading.Event().wait(0.02)
    raise AssertionError("it did not come about")


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def waits_for(observer, table):
    query = """SELECT count(*) FROM pg_locks l WHERE NOT l.granted AND l.relation IN
               (SELECT %s::regclass UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = %s::regclass)"""
    return observer.execute(query, [table, table]).fetchone()[0] > 0


def waits_for_a_row(observer):
    """Somebody waits for the end of a transaction that has locked a row."""
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
    return observer.execute(query).fetchone()[0] > 0


def state_of(inbox) -> dict[str, object]:
    """Everything that lasts, but for ids and times."""
    return {
        "clients": inbox.sql("SELECT key, family_name, annual_salary, enrollment_status, source_row, version FROM clients ORDER BY key"),
        "documents": inbox.sql("SELECT doc_type, expires_on, d.status, d.version, key FROM documents d JOIN clients c ON c.id = client_id ORDER BY key"),
        "sightings": inbox.sql("SELECT kind, present, as_of, count(*) FROM sightings GROUP BY 1, 2, 3 ORDER BY 1, 2"),
        "audit": inbox.sql("SELECT action, row, jsonb_array_length(changes) FROM audit_log WHERE actor_kind = 'import' ORDER BY row"),
        "problems": inbox.sql("SELECT row, line, code, message FROM row_errors ORDER BY row"),
        "imports": inbox.sql("SELECT state, counts, problem_count, receipt_at IS NOT NULL FROM imports ORDER BY id"),
    }  # fmt: skip


ROWS = [*people(300, passport="P"), person(301, dob="never"), person(302, dob="")]


@pytest.fixture
def undisturbed(office, tenants):
    """Another firm's partner, whose same file nobody interfered with."""
    one = Inbox(office, tenants.harbor, "initech")
    one.apply(ROSTER.format(partner="initech", firm="harbor"))
    one.drop("roster_20260301.csv", as_csv(ROWS))
    return one


@pytest.fixture
def arrived(office, inbox):
    """The same file of acme's, left to a worker."""
    home = find_home(office, "acme")
    return receive(
        office, home, "roster_20260301.csv", [as_csv(ROWS)], via="test", by=SENDER, asked=Asked(), queued=True
    )


def settled(inbox):
    """Once every job is done: attempts of the import's job."""
    until(lambda: set(inbox.sql("SELECT state FROM jobs")) == {("done",)})
    [(attempts,)] = inbox.sql("SELECT attempts FROM jobs")
    return attempts


def test_a_worker_killed_before_its_handler_begins(inbox, undisturbed, arrived, worker, observer, addresses):
    with psycopg.connect(addresses.owner, options="-c role=gateway_owner") as holder:
        holder.execute("LOCK TABLE partners IN ACCESS EXCLUSIVE MODE")
        first = worker("ingest")
        until(lambda: inbox.sql("SELECT state FROM jobs") == [("running",)] and waits_for(observer, "partners"))
        kill(first)
    assert inbox.sql("SELECT state, attempts FROM imports") == [("received", 0)]
    worker("ingest")
    assert settled(inbox) == 2
    assert state_of(inbox) == state_of(undisturbed)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_in_the_imports_transaction(inbox, undisturbed, arrived, worker, observer, addresses, point):
    with psycopg.connect(addresses.owner, options="-c role=gateway_owner") as holder:
        holder.execute(f"LOCK TABLE {POINTS[point]} IN EXCLUSIVE MODE")
        first = worker("ingest")
        until(lambda: waits_for(observer, POINTS[point]))
        kill(first)
    assert inbox.clients() == {}
    worker("ingest")
    assert settled(inbox) == 2
    assert state_of(inbox) == state_of(undisturbed)


def test_a_worker_killed_at_the_fence(inbox, undisturbed, arrived, worker, observer, addresses):
    first = worker_at_the_fence(inbox, worker, observer, addresses)
    kill(first)
    assert inbox.clients() == {}
    worker("ingest")
    assert settled(inbox) == 2
    assert state_of(inbox) == state_of(undisturbed)


def worker_at_the_fence(inbox, worker, observer, addresses):
    """A worker that has done all of an import but the fence, for which it waits; stopped, its connections alive."""
    with psycopg.connect(addresses.owner, options="-c role=gateway_owner") as holder:
        holder.execute("LOCK TABLE row_errors IN EXCLUSIVE MODE")
        first = worker("ingest")
        until(lambda: waits_for(observer, "row_errors"))
        row = psycopg.connect(addresses.system)
        row.execute("SET ROLE gateway_system")
        row.execute("SELECT FROM jobs FOR UPDATE")
    until(lambda: waits_for_a_row(observer))
    os.kill(first.pid, signal.SIGSTOP)
    row.close()
    return first


def test_a_worker_killed_between_commit_and_receipt(inbox, undisturbed, arrived, worker, observer, addresses):
    """The load has committed; SELECTs on the problems wait, so the receipt cannot be written."""
    with psycopg.connect(addresses.owner, options="-c role=gateway_owner") as holder:
        holder.execute("LOCK TABLE row_errors IN SHARE MODE")  # the load's insert waits ...
        first = worker("ingest")
        until(lambda: waits_for(observer, "row_errors"))
        second = psycopg.connect(addresses.owner, options="-c role=gateway_owner")
        queued = threading.Thread(target=second.execute, args=["LOCK TABLE row_errors IN ACCESS EXCLUSIVE MODE"])
        queued.start()  # ... and right behind it comes who will not let the receipt read them
    queued.join(SECONDS)
    until(lambda: inbox.sql("SELECT state, receipt_at FROM imports") == [("loaded_with_errors", None)])
    until(lambda: waits_for(observer, "row_errors"))
    kill(first)
    second.close()
    assert inbox.sql("SELECT state FROM jobs") == [("running",)]
    worker("ingest")
    assert settled(inbox) == 2
    assert state_of(inbox) == state_of(undisturbed)
    assert inbox.account(arrived)["receipts"]["csv"]


def archive(*members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for day, content in enumerate(members, 1):
            packed.writestr(f"roster_202603{day:02}.csv", content)
    return out.getvalue()


@pytest.mark.parametrize("table", ["files", "imports", "events"])
def test_a_worker_killed_while_it_unpacks_leaves_the_archive_to_the_next(
    inbox, office, worker, observer, addresses, table
):
    inbox.apply(ROSTER.format(partner="acme", firm="northgate").replace("format:", "unpack: {zip: true}\n    format:"))
    days = [as_csv(people(3, salary=str(50_000 + day))) for day in range(1, 5)]
    home = find_home(office, "acme")
    told = {"via": "test", "by": SENDER, "asked": Asked(), "queued": True}
    packed = receive(office, home, "out.zip", [archive(*days[:3])], **told)
    later = receive(office, home, "roster_20260304.csv", [days[3]], **told)
    with psycopg.connect(addresses.owner, options="-c role=gateway_owner") as holder:
        holder.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        first = worker("ingest")
        until(lambda: waits_for(observer, table))
        assert inbox.account(packed)["state"] == {"imports": "received"}.get(table, "unpacking")
        kill(first)
    assert inbox.sql("SELECT count(*) FROM files WHERE archive_id IS NOT NULL") == [(0,)]
    worker("ingest")
    until(lambda: set(inbox.sql("SELECT state FROM jobs WHERE kind = 'ingest.run'")) == {("done",)})
    members = inbox.account(packed)["files"]
    assert [one["file"] for one in members] == [f"roster_2026030{day}.csv" for day in (1, 2, 3)]
    ids = [*(one["import_id"] for one in members), later]
    assert [inbox.account(one)["state"] for one in ids] == ["loaded"] * 4
    assert [inbox.account(one)["rows"]["updated"] for one in ids] == [0, 3, 3, 3]
    assert inbox.sql("SELECT count(*) FROM imports") == [(5,)]
    assert inbox.sql("SELECT count(*) FROM jobs WHERE kind = 'ingest.run'") == [(5,)]


def test_a_worker_that_was_taken_for_dead_and_wakes_up_commits_nothing(
    inbox, office, undisturbed, arrived, worker, observer, addresses, tmp_path
):
    with psycopg.connect(addresses.owner, options="-c role=gateway_owner") as holder:
        holder.execute("LOCK TABLE row_errors IN EXCLUSIVE MODE")
        first = worker("ingest")
        until(lambda: waits_for(observer, "row_errors"))
        os.kill(first.pid, signal.SIGSTOP)  # its connections live, and so do its locks
    until(lambda: inbox.sql("SELECT lease_until < clock_timestamp() FROM jobs") == [(True,)])
    worker("ingest")
    until(lambda: inbox.sql("SELECT state, attempts FROM jobs") == [("running", 2)])
    os.kill(first.pid, signal.SIGCONT)
    assert settled(inbox) == 2
    until(lambda: "job was taken over" in (tmp_path / "worker-0.log").read_text())
    assert state_of(inbox) == state_of(undisturbed)


def test_workers_killed_again_and_again_lose_nothing_and_do_nothing_twice(inbox, office, tenants, worker):
    with office.db.firm(tenants.northgate) as session:
        for number in range(400):
            enqueue(session, job_kinds.KINDS["test.normal"], {"word": f"word {number}"}, firm_id=tenants.northgate)
    for _ in range(4):
        one = worker("normal")
        before = inbox.sql("SELECT count(*) FROM jobs WHERE state = 'done'")
        until(lambda before=before: inbox.sql("SELECT count(*) FROM jobs WHERE state = 'done'") != before)
        kill(one)
    assert inbox.sql("SELECT count(*) FROM jobs WHERE state <> 'done'") != [(0,)]
    worker("normal")
    until(lambda: inbox.sql("SELECT DISTINCT state FROM jobs") == [("done",)])
    done = inbox.sql("SELECT action FROM audit_log WHERE actor = 'test'")
    assert sorted(done) == sorted((f"word {number}",) for number in range(400))


def test_a_worker_whose_parent_dies_ends(environment, tmp_path, inbox, office, tenants):
    """The parent holds the other end of its stdin."""
    script = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-P', sys.argv[1], 'normal'], stdin=subprocess.PIPE);"
        " print(p.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(WORKER)], env=environment | {"LIFELINE": "yes"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    child = int(parent.stdout.readline())
    until(lambda: workers(office))
    kill(parent)
    parent.stdin.close()
    parent.stdout.close()
    until(lambda: not workers(office))
    until(lambda: not is_alive(child))


def workers(office):
    with office.db.system() as session:
        return session.scalar(text("SELECT count(*) FROM leases WHERE name LIKE 'worker %'"))


def is_alive(pid):
    """Nobody reaps an orphan in a container without an init; what is left of it does nothing any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
