"""A load that is killed leaves nothing or everything, and the next run ends as an undisturbed one would have.

The test decides where the process dies: it locks the table that the load needs next, sees it wait, and kills it.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from helpers.inbox import ROSTER, Inbox, as_csv, people, person

pytestmark = pytest.mark.journey

DEADLINE = 60  # seconds for a whole load; it takes two
POINTS = {  # where it dies -> the table that cannot be written
    "before the arrival is recorded": "imports",
    "before people are written": "clients",
    "before documents are written": "documents",
    "before the sightings": "sightings",
    "before the audit log": "audit_log",
    "before the problems, at the very end": "row_errors",
}


@pytest.fixture
def environment(settings) -> dict[str, str]:
    """The installation of this test as a process sees it."""
    return os.environ | {
        "GATEWAY_DATA_DIR": str(settings.data_dir),
        "GATEWAY_DATABASE_URL": settings.database_url or "",
        "GATEWAY_SYSTEM_DATABASE_URL": settings.system_database_url or "",
        "GATEWAY_OWNER_DATABASE_URL": settings.owner_database_url or "",
        "GATEWAY_MASTER_KEY": base64.b64encode(settings.master_key or b"").decode(),
    }


@pytest.fixture
def observer(addresses):
    with psycopg.connect(addresses.owner, options="-c role=gateway_owner", autocommit=True) as connection:
        yield connection


def ingest(environment, path: Path) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).with_name("gateway")), "ingest", str(path), "--partner", "acme", "--json"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def waits(observer: psycopg.Connection, table: str) -> bool:
    query = """SELECT count(*) FROM pg_locks l WHERE NOT l.granted AND l.relation IN
               (SELECT %s::regclass UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = %s::regclass)"""
    found = observer.execute(query, [table, table]).fetchone()
    return found is not None and found[0] > 0


def kill_where_it_needs(environment, observer, addresses, path: Path, table: str) -> None:
    with psycopg.connect(addresses.owner, options="-c role=gateway_owner") as holder:
        holder.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        process = ingest(environment, path)
        for _ in range(DEADLINE * 100):
            if waits(observer, table):
                break
            assert process.poll() is None, process.communicate()
            threading.Event().wait(0.01)  # the server's list of waiters is looked at; nothing announces them
        else:
            raise AssertionError(f"never waited for {table}")
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()


def state_of(inbox) -> dict[str, object]:
    """Everything that lasts, but for ids and times."""
    return {
        "clients": inbox.sql(
            "SELECT key, family_name, annual_salary, enrollment_status, source_row, version FROM clients ORDER BY key"
        ),
        "documents": inbox.sql(
            "SELECT doc_type, expires_on, d.status, d.version, key FROM documents d JOIN clients c ON c.id = client_id ORDER BY key"
        ),
        "sightings": inbox.sql("SELECT kind, present, as_of, count(*) FROM sightings GROUP BY 1, 2, 3 ORDER BY 1, 2"),
        "audit": inbox.sql(
            "SELECT action, row, jsonb_array_length(changes) FROM audit_log WHERE actor_kind = 'import' ORDER BY row"
        ),
        "problems": inbox.sql("SELECT row, line, code, message FROM row_errors ORDER BY row"),
        "imports": inbox.sql("SELECT state, counts, problem_count, receipt_at IS NOT NULL FROM imports ORDER BY id"),
    }


@pytest.fixture
def undisturbed(office, tenants, tmp_path) -> Inbox:
    """Another firm's partner with the same layout, whose same file nobody interfered with."""
    one = Inbox(office, tenants.harbor, "initech")
    one.apply(ROSTER.format(partner="initech", firm="harbor"))
    one.drop("roster_20260301.csv", roster(tmp_path).read_bytes())
    return one


def roster(tmp_path: Path) -> Path:
    path = tmp_path / "roster_20260301.csv"
    path.write_bytes(as_csv([*people(300, passport="P"), person(301, dob="never"), person(302, dob="")]))
    return path


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_load_leaves_nothing_and_the_next_run_everything(
    inbox, undisturbed, environment, observer, addresses, tmp_path, point
):
    path = roster(tmp_path)
    kill_where_it_needs(environment, observer, addresses, path, POINTS[point])
    assert inbox.sql("SELECT count(*) FROM clients") == [(0,)]
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE actor_kind = 'import'") == [(0,)]

    out, err = ingest(environment, path).communicate(timeout=DEADLINE)

    [told] = json.loads(out)
    assert told["state"] == "loaded_with_errors", err
    assert told["rows"] | {"read": 302, "created": 301, "rejected": 1} == told["rows"]
    assert inbox.sql("SELECT count(*) FROM imports") == [(1,)]
    assert state_of(inbox) == state_of(undisturbed)


def test_a_process_killed_before_the_receipt_leaves_it_to_the_next(inbox, environment, observer, addresses, tmp_path):
    """The load has committed; SELECTs on the problems wait, so the receipt cannot be written."""
    path = roster(tmp_path)
    with psycopg.connect(addresses.owner, options="-c role=gateway_owner") as holder:
        holder.execute("LOCK TABLE row_errors IN SHARE MODE")  # the load's insert waits ...
        process = ingest(environment, path)
        second = psycopg.connect(addresses.owner, options="-c role=gateway_owner")
        for _ in range(DEADLINE * 100):
            if waits(observer, "row_errors"):
                break
            threading.Event().wait(0.01)
        queued = threading.Thread(target=second.execute, args=["LOCK TABLE row_errors IN ACCESS EXCLUSIVE MODE"])
        queued.start()  # ... and right behind it comes who will not let the receipt read them
    queued.join(DEADLINE)
    assert inbox.sql("SELECT state FROM imports") == [("loaded_with_errors",)]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    second.close()
    assert inbox.sql("SELECT receipt_at FROM imports") == [(None,)]

    out, _ = ingest(environment, path).communicate(timeout=DEADLINE)

    assert json.loads(out)[0]["state"] == "no_change"
    [(import_id,)] = inbox.sql("SELECT id FROM imports WHERE state = 'loaded_with_errors'")
    receipt = json.loads(Path(inbox.account(import_id)["receipts"]["json"]).read_text())
    assert receipt["state"] == "loaded_with_errors"
    assert len(list(Path(inbox.account(import_id)["receipts"]["csv"]).read_text("utf-8-sig").splitlines())) == 2


def test_the_next_file_of_the_partner_finishes_an_interrupted_one_first(
    inbox, environment, observer, addresses, tmp_path
):
    first = roster(tmp_path)
    kill_where_it_needs(environment, observer, addresses, first, "sightings")
    second = tmp_path / "roster_20260302.csv"
    second.write_bytes(as_csv(people(300, passport="P", salary="7")))

    out, _ = ingest(environment, second).communicate(timeout=DEADLINE)

    assert inbox.sql("SELECT state FROM imports ORDER BY id") == [("loaded_with_errors",), ("loaded",)], out
    assert json.loads(out)[0]["rows"]["updated"] == 300
