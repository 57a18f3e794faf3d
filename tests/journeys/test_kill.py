"""A load that is killed leaves nothing or everything, and the next run ends as an undisturbed one would have.

The test decides where the process dies: it locks the table that the load needs next, sees it wait, and kills it.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from helpers.commanding import Started, commander
from helpers.inbox import as_csv, people
from helpers.killing import ROWS, environment_of, kill, state_of
from helpers.servers import PATIENCE

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

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
    return environment_of(settings)


def ingest(environment, path: Path) -> Started:
    return commander().start(["ingest", str(path), "--partner", "acme", "--json"], environment)


@pytest.fixture
def roster(tmp_path) -> Path:
    path = tmp_path / "roster_20260301.csv"
    path.write_bytes(as_csv(ROWS))
    return path


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_load_leaves_nothing_and_the_next_run_everything(
    inbox, undisturbed, environment, locks, roster, point
):
    locks.kill_at(POINTS[point], lambda: ingest(environment, roster))
    assert inbox.sql("SELECT count(*) FROM clients") == [(0,)]
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE actor_kind = 'import'") == [(0,)]

    out, err = ingest(environment, roster).communicate(timeout=PATIENCE)

    [told] = json.loads(out)
    assert told["state"] == "loaded_with_errors", err
    assert told["rows"] | {"read": 302, "created": 301, "rejected": 1} == told["rows"]
    assert inbox.sql("SELECT count(*) FROM imports") == [(1,)]
    assert state_of(inbox) == state_of(undisturbed)


def test_a_process_killed_before_the_receipt_leaves_it_to_the_next(inbox, environment, locks, roster):
    """The load has committed; SELECTs on the problems wait, so the receipt cannot be written."""
    with locks.held("row_errors", "SHARE"):  # the load's insert waits ...
        process = ingest(environment, roster)
        second = locks.holder()
        locks.until_awaited("row_errors", process)
        queued = threading.Thread(target=second.execute, args=["LOCK TABLE row_errors IN ACCESS EXCLUSIVE MODE"])
        queued.start()  # ... and right behind it comes who will not let the receipt read them
        locks.until_awaited("row_errors", process, by=2)
    queued.join(PATIENCE)
    assert inbox.sql("SELECT state FROM imports") == [("loaded_with_errors",)]
    kill(process)
    second.close()
    assert inbox.sql("SELECT receipt_at FROM imports") == [(None,)]

    out, _ = ingest(environment, roster).communicate(timeout=PATIENCE)

    assert json.loads(out)[0]["state"] == "no_change"
    [(import_id,)] = inbox.sql("SELECT id FROM imports WHERE state = 'loaded_with_errors'")
    receipt = json.loads(Path(inbox.account(import_id)["receipts"]["json"]).read_text())
    assert receipt["state"] == "loaded_with_errors"
    assert len(list(Path(inbox.account(import_id)["receipts"]["csv"]).read_text("utf-8-sig").splitlines())) == 2


def test_the_next_file_of_the_partner_finishes_an_interrupted_one_first(inbox, environment, locks, roster, tmp_path):
    locks.kill_at("sightings", lambda: ingest(environment, roster))
    second = tmp_path / "roster_20260302.csv"
    second.write_bytes(as_csv(people(300, passport="P", salary="7")))

    out, _ = ingest(environment, second).communicate(timeout=PATIENCE)

    assert inbox.sql("SELECT state FROM imports ORDER BY id") == [("loaded_with_errors",), ("loaded",)], out
    assert json.loads(out)[0]["rows"]["updated"] == 300
