"""What was kept long enough is destroyed; what somebody still needs is not."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from helpers.inbox import as_csv, people, person

from gateway import clock
from gateway.db.models import Document
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job
from ingest import retention


@pytest.fixture
def after(office, settings, monkeypatch):
    """Let days pass, and destroy what is due; how many files went."""
    now = clock.now()

    def pass_days(days):
        monkeypatch.setenv("GATEWAY_NOW", (now + timedelta(days=days)).isoformat())
        handling = Handling(office, Job(uuid4(), None, "ingest.retire", {}, 1, 1, "tests", None))
        retention.retire(handling)
        return (handling.progress or {}).get("destroyed", 0)

    return pass_days


def originals(office):
    return sorted(path for path in (office.settings.data_dir / "files").rglob("*") if path.is_file())


def test_after_400_days_original_receipts_and_problems_go_and_records_stay(inbox, office, after):
    told = inbox.drop("roster_20260301.csv", [*people(5), person(6, dob="soon")])
    receipt = Path(told["receipts"]["csv"])
    assert (after(399), len(originals(office)), receipt.exists()) == (0, 1, True)

    assert (after(401), originals(office), receipt.parent.exists()) == (1, [], False)
    for table in ("row_errors", "problem_groups"):
        assert inbox.sql(f"SELECT count(*) FROM {table}") == [(0,)]
    assert len(inbox.clients()) == 5
    told = inbox.account(told["import_id"])
    assert (told["rows"]["rejected"], told["state"]) == (1, "loaded_with_errors")
    assert "destroyed 400 days after it arrived" in told["remarks"][-1]
    assert after(402) == 0


def test_what_waits_for_a_decision_keeps_its_original(inbox, office, after):
    inbox.drop("roster_20260301.csv", people(30))
    held = inbox.drop("roster_20260302.csv", people(10))
    assert held["state"] == "held"
    assert after(500) == 1
    assert len(originals(office)) == 1


def test_an_archive_stays_as_long_as_one_of_its_files_waits(inbox, office, after, roster):
    inbox.apply(roster.replace("    format:", "    unpack: {zip: true}\n    format:"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("roster_20260301.csv", as_csv(people(30)))
        archive.writestr("roster_20260302.csv", as_csv(people(10)))
    first, second = inbox.drop_all("roster.zip", out.getvalue())
    assert (first["state"], second["state"]) == ("loaded", "held")
    assert (len(originals(office)), after(500)) == (3, 1)
    inbox.refuse(second, "Not complete.")
    assert (after(501), originals(office)) == (2, [])


def test_a_scan_that_is_attached_to_a_document_stays(inbox, office, after, db, tenants):
    inbox.drop("roster_20260301.csv", people(3, passport="FX1234567"))
    with db.firm(tenants.northgate) as session:
        scan = inbox.sql("SELECT id FROM files")[0][0]
        session.query(Document).first().file_id = scan
    assert after(500) == 0
    assert len(originals(office)) == 1


def test_many_go_in_several_transactions(inbox, office, after, monkeypatch):
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for day in range(1, 6):
        inbox.drop(f"roster_2026030{day}.csv", people(3, salary=str(50_000 + day)))
    assert after(500) == 5
