"""Workers that are killed wherever it hurts: no job is lost, none is done twice, and the records are as undisturbed.

The test decides where a worker dies: it holds the lock that the worker needs next, sees it wait, and kills it.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import zipfile

import psycopg
import pytest
from helpers import job_kinds
from helpers.inbox import ROSTER, SENDER, as_csv, people
from helpers.killing import QUICK, ROWS, WORKER, environment_of, kill, state_of
from helpers.servers import PATIENCE, is_alive, until
from sqlalchemy import text

from gateway.domain.partners.homes import find_home
from gateway.jobs.kinds import enqueue
from ingest.arrival import Asked
from ingest.reception import receive

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

POINTS = {  # where in the import's transaction it dies -> the table that cannot be written
    "before the import is begun": "imports",
    "before people are written": "clients",
    "before the audit log": "audit_log",
    "before the problems, at the very end": "row_errors",
}


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


def test_a_worker_killed_before_its_handler_begins(inbox, undisturbed, arrived, worker_process, locks):
    with locks.held("partners", "ACCESS EXCLUSIVE"):
        first = worker_process("ingest")
        until(lambda: inbox.sql("SELECT state FROM jobs") == [("running",)] and locks.waiting_for("partners"))
        kill(first)
    assert inbox.sql("SELECT state, attempts FROM imports") == [("received", 0)]
    worker_process("ingest")
    assert settled(inbox) == 2
    assert state_of(inbox) == state_of(undisturbed)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_in_the_imports_transaction(inbox, undisturbed, arrived, worker_process, locks, point):
    locks.kill_at(POINTS[point], lambda: worker_process("ingest"))
    assert inbox.clients() == {}
    worker_process("ingest")
    assert settled(inbox) == 2
    assert state_of(inbox) == state_of(undisturbed)


def test_a_worker_killed_at_the_fence(inbox, undisturbed, arrived, worker_process, locks, addresses):
    first = worker_at_the_fence(worker_process, locks, addresses)
    kill(first)
    assert inbox.clients() == {}
    worker_process("ingest")
    assert settled(inbox) == 2
    assert state_of(inbox) == state_of(undisturbed)


def worker_at_the_fence(worker_process, locks, addresses):
    """A worker that has done all of an import but the fence, for which it waits; stopped, its connections alive."""
    with locks.held("row_errors"):
        first = worker_process("ingest")
        locks.until_awaited("row_errors", first)
        row = psycopg.connect(addresses.system)
        row.execute("SET ROLE gateway_system")
        row.execute("SELECT FROM jobs FOR UPDATE")
    until(locks.waiting_for_rows)
    os.kill(first.pid, signal.SIGSTOP)
    row.close()
    return first


def test_a_worker_killed_between_commit_and_receipt(inbox, undisturbed, arrived, worker_process, locks):
    """The load has committed; SELECTs on the problems wait, so the receipt cannot be written."""
    with locks.held("row_errors", "SHARE"):  # the load's insert waits ...
        first = worker_process("ingest")
        locks.until_awaited("row_errors", first)
        second = locks.holder()
        queued = threading.Thread(target=second.execute, args=["LOCK TABLE row_errors IN ACCESS EXCLUSIVE MODE"])
        queued.start()  # ... and right behind it comes who will not let the receipt read them
        locks.until_awaited("row_errors", first, by=2)
    queued.join(PATIENCE)
    until(lambda: inbox.sql("SELECT state, receipt_at FROM imports") == [("loaded_with_errors", None)])
    locks.until_awaited("row_errors", first)
    kill(first)
    second.close()
    assert inbox.sql("SELECT state FROM jobs") == [("running",)]
    worker_process("ingest")
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
def test_a_worker_killed_while_it_unpacks_leaves_the_archive_to_the_next(inbox, office, worker_process, locks, table):
    inbox.apply(ROSTER.format(partner="acme", firm="northgate").replace("format:", "unpack: {zip: true}\n    format:"))
    days = [as_csv(people(3, salary=str(50_000 + day))) for day in range(1, 5)]
    home = find_home(office, "acme")
    told = {"via": "test", "by": SENDER, "asked": Asked(), "queued": True}
    packed = receive(office, home, "out.zip", [archive(*days[:3])], **told)
    later = receive(office, home, "roster_20260304.csv", [days[3]], **told)
    with locks.held(table):
        first = worker_process("ingest")
        locks.until_awaited(table, first)
        assert inbox.account(packed)["state"] == {"imports": "received"}.get(table, "unpacking")
        kill(first)
    assert inbox.sql("SELECT count(*) FROM files WHERE archive_id IS NOT NULL") == [(0,)]
    worker_process("ingest")
    until(lambda: set(inbox.sql("SELECT state FROM jobs WHERE kind = 'ingest.run'")) == {("done",)})
    members = inbox.account(packed)["files"]
    assert [one["file"] for one in members] == [f"roster_2026030{day}.csv" for day in (1, 2, 3)]
    ids = [*(one["import_id"] for one in members), later]
    assert [inbox.account(one)["state"] for one in ids] == ["loaded"] * 4
    assert [inbox.account(one)["rows"]["updated"] for one in ids] == [0, 3, 3, 3]
    assert inbox.sql("SELECT count(*) FROM imports") == [(5,)]
    assert inbox.sql("SELECT count(*) FROM jobs WHERE kind = 'ingest.run'") == [(5,)]


def test_a_worker_that_was_taken_for_dead_and_wakes_up_commits_nothing(
    inbox, office, undisturbed, arrived, worker_process, locks, tmp_path
):
    with locks.held("row_errors"):
        first = worker_process("ingest")
        locks.until_awaited("row_errors", first)
        os.kill(first.pid, signal.SIGSTOP)  # its connections live, and so do its locks
    until(lambda: inbox.sql("SELECT lease_until < clock_timestamp() FROM jobs") == [(True,)])
    worker_process("ingest")
    until(lambda: inbox.sql("SELECT state, attempts FROM jobs") == [("running", 2)])
    os.kill(first.pid, signal.SIGCONT)
    assert settled(inbox) == 2
    until(lambda: "job was taken over" in (tmp_path / "worker-0.log").read_text())
    assert state_of(inbox) == state_of(undisturbed)


def test_workers_killed_again_and_again_lose_nothing_and_do_nothing_twice(inbox, office, tenants, worker_process):
    with office.db.firm(tenants.northgate) as session:
        for number in range(400):
            enqueue(session, job_kinds.KINDS["test.normal"], {"word": f"word {number}"}, firm_id=tenants.northgate)
    for _ in range(4):
        one = worker_process("normal")
        before = inbox.sql("SELECT count(*) FROM jobs WHERE state = 'done'")
        until(lambda before=before: inbox.sql("SELECT count(*) FROM jobs WHERE state = 'done'") != before)
        kill(one)
    assert inbox.sql("SELECT count(*) FROM jobs WHERE state <> 'done'") != [(0,)]
    worker_process("normal")
    until(lambda: inbox.sql("SELECT DISTINCT state FROM jobs") == [("done",)])
    done = inbox.sql("SELECT action FROM audit_log WHERE actor = 'test'")
    assert sorted(done) == sorted((f"word {number}",) for number in range(400))


def test_a_worker_whose_parent_dies_ends(settings, office):
    """The parent holds the other end of its stdin."""
    script = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-P', sys.argv[1], 'normal'], stdin=subprocess.PIPE);"
        " print(p.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(WORKER)], env=environment_of(settings, **QUICK, LIFELINE="yes"),
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
