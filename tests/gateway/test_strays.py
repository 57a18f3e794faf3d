"""Stored bytes that no row names go after a day; those that a row names stay, and those that one is about to name."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from helpers.inbox import SENDER, people
from sqlalchemy import update

from gateway import clock
from gateway.db.models import File
from gateway.domain.partners.homes import find_home
from gateway.domain.upkeep import strays
from gateway.domain.upkeep.health import examine
from gateway.errors import NotFound, Transient
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job
from ingest.arrival import Asked
from ingest.reception import Reception, receive

PUT = """
import sys
from helpers.inbox import SENDER
from gateway.db.session import Database
from gateway.domain.partners.homes import find_home
from gateway.settings import load
from gateway.wings import office_of
from ingest.arrival import Asked
from ingest.reception import Reception

settings = load()
office = office_of(Database.open(settings), settings)
home = find_home(office, "acme")
with office.db.firm(home.firm_id) as session:
    cipher = office.cipher(session, home.firm_id)

def chunks():
    for _ in range(12):
        yield b"n" * (1 << 20)
    if sys.argv[1] == "amid":
        print("here", flush=True)
        sys.stdin.readline()

Reception(office, home, cipher, "test", SENDER, None, Asked()).put("roster.csv", chunks())
print("here", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def swept(office):
    """Run the job; what it tells."""

    def run():
        handling = Handling(office, Job(uuid4(), None, "files.sweep", {}, 1, 1, "tests", None))
        strays.sweep(handling)
        return handling.progress

    return run


def stored(office):
    folder = office.settings.data_dir / "files"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def make_old(office, *, hours=25):
    """As if all that is stored now had been stored so long ago."""
    then = time.time() - hours * 3600  # noqa: TID251 - what a file system says is of the real clock
    for key in stored(office):
        with contextlib.suppress(FileNotFoundError):  # somebody was at it
            os.utime(office.settings.data_dir / "files" / key, (then, then))


def planted(office, firm_id, name="2026/03/01/planted"):
    path = office.settings.data_dir / "files" / str(firm_id) / "acme" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"?" * 100)
    return f"{firm_id}/acme/{name}"


@pytest.mark.parametrize("when", ["amid", "after"])
def test_what_a_killed_process_stored_and_did_not_record_goes_after_a_day(
    inbox, office, swept, settings, addresses, when
):
    inbox.drop("roster_20260301.csv", people(3))
    named = stored(office)
    environment = os.environ | {
        "GATEWAY_DATA_DIR": str(settings.data_dir),
        "GATEWAY_DATABASE_URL": addresses.app,
        "GATEWAY_SYSTEM_DATABASE_URL": addresses.system,
        "GATEWAY_OWNER_DATABASE_URL": addresses.owner,
        "GATEWAY_MASTER_KEY": "ZmFicmljYXRlZCBtYXN0ZXIga2V5IG9mIDMyIGJ5dGU=",
        "PYTHONPATH": "tests",
    }
    command = [sys.executable, "-c", PUT, when]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGKILL)
    [left] = set(stored(office)) - set(named)
    assert ("#" in left) == (when == "amid")
    assert swept() == {"swept": 0, "left": 0}
    make_old(office, hours=23)
    assert swept() == {"swept": 0, "left": 0}
    make_old(office)
    assert swept() == {"swept": 1, "left": 0}
    assert stored(office) == named


def test_what_a_row_names_stays_however_old(inbox, office, swept):
    inbox.drop("roster_20260301.csv", people(3))
    inbox.drop("roster_20260302.csv", people(4))
    named = stored(office)
    planted(office, inbox.firm_id)
    make_old(office, hours=24 * 500)
    assert swept() == {"swept": 1, "left": 0}
    assert stored(office) == named


def test_bytes_whose_row_says_that_they_are_destroyed_go(inbox, office, swept):
    """A process may be killed between the two."""
    inbox.drop("roster_20260301.csv", people(3))
    with office.db.firm(inbox.firm_id) as session:
        session.execute(update(File).values(destroyed_at=clock.now()))
    make_old(office)
    assert swept() == {"swept": 1, "left": 0}
    assert stored(office) == []


def test_files_of_a_firm_that_this_database_does_not_know_are_left_alone_and_told(office, swept, settings):
    planted(office, uuid4())
    (office.settings.data_dir / "files" / "note").write_text("somebody else's")
    make_old(office)
    assert swept() == {"swept": 0, "left": 2}
    assert len(stored(office)) == 2
    check = {one.name: one for one in examine(settings)}["stored files"]
    assert check.level == "warning"
    assert "2 in no folder of a firm" in check.found


def test_many_are_swept_in_one_run_and_counted(inbox, office, swept, monkeypatch):
    monkeypatch.setattr(strays, "_AT_ONCE", 2)
    for number in range(5):
        planted(office, inbox.firm_id, f"2026/03/0{number}/x")
    make_old(office)
    assert swept() == {"swept": 5, "left": 0}


def test_doctor_tells_how_many_no_row_names(inbox, office, settings):
    def told():
        check = {one.name: one for one in examine(settings)}["stored files"]
        return check.level, check.found

    inbox.drop("roster_20260301.csv", people(3))
    make_old(office)
    assert told() == ("ok", "A record names each that is older than a day.")
    planted(office, inbox.firm_id)
    assert told()[0] == "ok", "it may be an upload that goes on"
    make_old(office)
    level, found = told()
    assert (level, found.startswith("1 older than a day ")) == ("warning", True)


def reception(office, firm_id):
    home = find_home(office, "acme")
    with office.db.firm(firm_id) as session:
        return Reception(office, home, office.cipher(session, firm_id), "test", SENDER, None, Asked())


def test_a_file_whose_transaction_is_not_done_yet_stays(inbox, office, swept):
    one = reception(office, inbox.firm_id)
    whole = one.put("roster_20260301.csv", [b"EMP_ID\nE1\n"])
    other = planted(office, inbox.firm_id)
    make_old(office)  # it was stored, and then its process stood still for a day
    with office.db.firm(inbox.firm_id) as session:
        one.record(session, whole)
        assert swept() == {"swept": 0, "left": 2}
    assert stored(office) == sorted([whole.key, other])
    assert swept() == {"swept": 1, "left": 0}
    assert stored(office) == [whole.key]


def test_a_file_that_was_swept_before_its_transaction_is_not_put_on_record(inbox, office, swept):
    one = reception(office, inbox.firm_id)
    whole = one.put("roster_20260301.csv", [b"EMP_ID\nE1\n"])
    make_old(office)
    assert swept() == {"swept": 1, "left": 0}
    with pytest.raises(Transient, match="send it again"), office.db.firm(inbox.firm_id) as session:
        one.record(session, whole)
    assert inbox.sql("SELECT count(*) FROM files") == [(0,)]


def test_files_arrive_while_the_sweep_is_at_it(inbox, office, swept):
    home, outcomes = find_home(office, "acme"), []

    def send():
        for number in range(20):
            content = f"EMP_ID\nE{number}\n".encode()
            while len(outcomes) == number:
                with contextlib.suppress(Transient, NotFound):  # it was made old amid its arrival, so it is sent again
                    receive(office, home, "r.csv", iter([content]), via="test", by=SENDER, asked=Asked())
                    outcomes.append(number)

    sender = threading.Thread(target=send)
    sender.start()
    while sender.is_alive():
        planted(office, inbox.firm_id)
        make_old(office)
        swept()
    sender.join()
    names = {key for (key,) in inbox.sql("SELECT storage_key FROM files")}
    assert len(names) == 20
    assert names <= set(stored(office))


def test_what_is_stored_within_the_day_is_none_of_the_sweeps(inbox, office):
    planted(office, inbox.firm_id)
    assert list(office.store.older(clock.now() - timedelta(days=1))) == []
