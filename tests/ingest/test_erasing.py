"""Files that name an erased person go: at once those that did something, after a search those that did nothing."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from helpers.inbox import SENDER, as_csv, people, person
from helpers.traces import found

from gateway.domain.partners.homes import find_home
from gateway.domain.people.erasure import erase
from gateway.errors import Permanent, Transient
from gateway.jobs import ledger
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job
from gateway.office import Actor
from gateway.wings import ERASERS
from ingest import retention, searching
from ingest.arrival import Asked
from ingest.reception import receive
from ingest.running import finish

ADMIN = Actor("system", "tests")
BAD = "Quisenberry"
MATTERS = """
  matters:
    file: "matters*.csv"
    format: {type: csv}
    contents: changes
    case:
      key: case_number
      fields:
        case_number: {from: Case}
        job_title:   {from: Title}
        filed_on:    {from: Filed, type: date}
"""


@pytest.fixture
def take_out(office, tenants, inbox):
    """Erase whoever has this employee id, or is the only one."""

    def one(employee_id="E1"):
        [(client_id,)] = inbox.sql("SELECT id FROM clients WHERE employee_id IS NOT DISTINCT FROM %s", employee_id)
        with office.acting(tenants.northgate, ADMIN) as acting:
            return erase(acting, client_id, "She asked", ERASERS)

    return one


@pytest.fixture
def claim(office):
    return lambda: Handling(office, Claims(office.db, "bulk", "w", timedelta(seconds=30)).next())


@pytest.fixture
def search(claim):
    def one():
        handling = claim()
        searching.search(handling)
        return handling.progress

    return one


@pytest.fixture
def tonight(office):
    return lambda: retention.retire(Handling(office, Job(uuid4(), None, "ingest.retire", {}, 1, 1, "tests", None)))


def tally(**counts):
    return {"searched": 0, "destroyed": 0, "condemned": 0, "unreadable": 0, "unfinished": 0} | counts


def originals(office):
    return sorted(path for path in (office.settings.data_dir / "files").rglob("*") if path.is_file())


def test_a_row_that_was_rejected_before_the_first_load_is_found(inbox, office, take_out, search):
    early = inbox.drop("roster_20260225.csv", [person(1, dob=BAD), *people(9, without=(1,))])
    innocent = inbox.drop("roster_20260226.csv", [person(9), *people(9, without=(1, 9))])
    inbox.drop("roster_20260301.csv", people(9))
    take_out()
    assert [one for one in found(office, [BAD]) if not one.startswith("files/")]
    assert search() == tally(searched=2, destroyed=1)
    assert found(office, [BAD]) == {}
    assert "a person whom it named was erased" in inbox.account(early["import_id"])["remarks"][-1]
    assert inbox.account(innocent["import_id"])["remarks"] == innocent["remarks"]
    assert len(originals(office)) == 1
    acts = "SELECT import_id::text, actor FROM audit_log WHERE action = 'client.erase' AND import_id IS NOT NULL"
    assert inbox.sql(acts) == [(early["import_id"], "erasure")]
    [(told,)] = inbox.sql("SELECT changes FROM audit_log WHERE actor = 'erasure' AND import_id IS NULL")
    assert told[0]["new"] == tally(searched=2, destroyed=1)


@pytest.mark.parametrize("held", [False, True])
def test_the_number_under_which_somebody_was_known_goes_from_the_files_that_renumbered_them(inbox, take_out, held):
    before = people(9)
    inbox.drop("roster_20260301.csv", before)
    after = [one | {"EMP_ID": f"{one['EMP_ID']}00"} for one in before]
    told = inbox.drop("roster_20260302.csv", after if held else [*before[:8], after[8]])
    assert told["state"] == ("held" if held else "loaded")
    assert any("those of “E9”" in one["message"] for one in told["problems"])
    if held:
        inbox.refuse(told, "They renumbered everybody.")

    take_out("E9")

    assert inbox.sql("SELECT message FROM row_errors") == []


def test_an_archive_goes_with_the_first_of_its_files_that_names_the_person(inbox, roster, take_out):
    inbox.apply(roster.replace("    format:", "    unpack: {zip: true}\n    format:"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("roster_20260301.csv", as_csv(people(3)))
    inbox.drop_all("3.zip", out.getvalue())
    take_out()
    gone = inbox.sql("SELECT name, destroyed_at IS NOT NULL FROM files ORDER BY received_at")
    assert gone == [("3.zip", True), ("roster_20260301.csv", True)]


def test_an_archive_without_the_person_counts_as_no_file_that_cannot_be_read(inbox, roster, take_out, search):
    inbox.apply(roster.replace("    format:", "    unpack: {zip: true}\n    format:"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("roster_20260201.csv", as_csv(people(3, without=(1,))))
    inbox.drop_all("2.zip", out.getvalue())
    inbox.drop("roster_20260301.csv", people(3))
    take_out()
    assert search() == tally(searched=1)


def test_a_sensitive_key_is_found_by_its_blind_index(inbox, office, roster, take_out, search):
    inbox.apply(roster.replace("key: employee_id", "key: ssn").replace("required: true, pattern", "pattern"))
    inbox.drop("roster_20260225.csv", [person(1, ssn="536-90-4399", dob=BAD), person(2, ssn="536904390")])
    inbox.drop("roster_20260301.csv", [person(1, ssn="536904399"), person(2, ssn="536904390")])
    take_out()
    assert search() == tally(searched=1, destroyed=1)
    assert found(office, [BAD]) == {}


def test_rows_about_a_case_of_the_person_are_found_by_its_number(inbox, office, roster, take_out, search):
    inbox.apply(roster + MATTERS)
    inbox.drop("matters_1.csv", f"Case,Title,Filed\nC-1,Poet,{BAD}\nC-2,Cook,\n".encode(), feed="matters")
    inbox.drop("roster_20260301.csv", people(3))
    inbox.sql(
        "INSERT INTO cases (firm_id, partner_id, case_number, client_id)"
        " SELECT firm_id, partner_id, 'C-1', id FROM clients WHERE employee_id = 'E1'"
    )
    take_out()
    assert search() == tally(searched=1, destroyed=1)
    assert found(office, [BAD]) == {}


def test_a_row_that_does_not_fit_its_header_is_found(inbox, office, take_out, search):
    inbox.drop("roster_20260225.csv", as_csv(people(9, without=(1,))) + f"E1,{BAD},,,,,,,,,more\n".encode())
    inbox.drop("roster_20260301.csv", people(9))
    take_out()
    assert search()["destroyed"] == 1
    assert found(office, [BAD]) == {}


def test_what_cannot_be_read_is_counted_and_stays(inbox, office, take_out, search):
    told = inbox.drop("roster_20260225.csv", b"\x89PNG\r\n\x1a\n\0\0\0")
    assert told["state"] in {"refused", "held"}
    inbox.drop("roster_20260301.csv", people(3))
    take_out()
    assert search() == tally(searched=1, unreadable=1)
    assert len(originals(office)) == 1


def test_what_came_after_the_erasure_is_left_alone(inbox, office, take_out, search):
    inbox.drop("roster_20260301.csv", people(3))
    take_out()
    inbox.drop("roster_20260302.csv", people(3))
    assert search() is None
    assert inbox.sql("SELECT state FROM jobs WHERE kind = 'ingest.search'") == [("done",)]
    assert len(originals(office)) == 1


def test_a_file_that_waits_is_condemned_and_goes_once_it_was_refused(inbox, office, take_out, search, tonight, roster):
    inbox.apply(roster + MATTERS)
    held = inbox.drop("matters_1.csv", f"Case,Title,Filed\nC-1,Poet,{BAD}\n".encode(), feed="matters")
    assert held["state"] == "held"
    inbox.drop("roster_20260301.csv", people(3))
    inbox.sql(
        "INSERT INTO cases (firm_id, partner_id, case_number, client_id)"
        " SELECT firm_id, partner_id, 'C-1', id FROM clients WHERE employee_id = 'E1'"
    )
    take_out()
    assert search() == tally(searched=1, condemned=1)
    tonight()
    assert len(originals(office)) == 1
    inbox.refuse(held, "Not complete.")
    tonight()
    assert (originals(office), found(office, [BAD])) == ([], {})
    assert "a person whom it named was erased" in inbox.account(held["import_id"])["remarks"][-1]


def test_a_file_that_is_not_done_yet_is_searched_once_it_is(inbox, office, take_out, claim):
    inbox.drop("roster_20260301.csv", people(3))
    home = find_home(office, "acme")
    rows = [as_csv([person(9, last_name=BAD)])]
    waiting = receive(office, home, "roster_20260225.csv", rows, via="test", by=SENDER, asked=Asked())
    inbox.sql("UPDATE imports SET feed_id = NULL WHERE id = %s", waiting)  # as of a file whose name decides
    take_out("E3")
    handling = claim()
    with pytest.raises(Transient, match="not done yet"):
        searching.search(handling)
    finish(office, home, waiting)
    with office.db.system() as session:
        ledger.fail(session, handling.job, "later", wait=timedelta(0))
    again = claim()
    searching.search(again)
    assert again.progress == tally(searched=1)


def test_a_search_that_lost_its_lease_destroys_nothing(inbox, office, take_out, claim, db):
    inbox.drop("roster_20260225.csv", [person(1, dob=BAD), person(2)])
    inbox.drop("roster_20260301.csv", people(3))
    take_out()
    handling = claim()
    with db.system() as session:
        ledger.fail(session, handling.job, "taken for dead", wait=timedelta(0))
    with pytest.raises(ledger.LeaseLost):
        searching.search(handling)
    assert len(originals(office)) == 1
    assert inbox.sql("SELECT count(*) FROM files WHERE destroyed_at IS NULL") == [(1,)]


def test_a_store_that_fails_leaves_the_person_to_be_erased_again(inbox, office, take_out):
    inbox.drop("roster_20260301.csv", people(3))
    inbox.drop("roster_20260302.csv", people(3, salary="51000"))
    [_, stuck] = originals(office)
    content = stuck.read_bytes()
    stuck.unlink()
    (stuck / "in the way").mkdir(parents=True)
    with pytest.raises((Permanent, Transient)):
        take_out()
    assert inbox.clients()["E1"] is not None
    assert inbox.sql("SELECT count(*) FROM files WHERE destroyed_at IS NOT NULL") == [(0,)]
    (stuck / "in the way").rmdir()
    Path(stuck).rmdir()
    stuck.write_bytes(content)
    assert take_out().counts["files"] == 2
    assert originals(office) == []
