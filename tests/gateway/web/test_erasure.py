"""Erasing a person: nothing of them is left in the database or on the disk, and no file brings them back silently."""

import gzip
import threading
from pathlib import Path

import pytest
from helpers.inbox import person
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.db.session import lock_partner

ANA = person(
    1,
    last_name="Quisenberry",
    dob="07/19/1971",
    salary="98765",
    ssn="536904399",
    passport="KX998877",
    passport_expiry="05/31/2030",
)
TRACES = ["Quisenberry", "1971-07-19", "07/19/1971", "98765", "536904399", "KX998877", "Wandering", "ana.q@"]


@pytest.fixture
def admin(as_staff):
    return as_staff("admin")


@pytest.fixture
def ana(http, inbox, admin):
    """A person whom two files brought, with a case, a look and a correction on record."""
    inbox.drop("roster_20260301.csv", [ANA, *(person(n) for n in range(2, 9))])
    inbox.drop(
        "roster_20260302.csv",
        [ANA | {"Salary": "98766"}, person(2) | {"DOB": "Quisenberry"}, *(person(n) for n in range(3, 9))],
    )
    ids = {one["employee_id"]: one["id"] for one in http.get("/v1/clients", headers=admin).json()["data"]}
    http.patch(
        f"/v1/clients/{ids['E1']}", json={"given_name": "Wandering", "email": "ana.q@acme.example"}, headers=admin
    )
    http.post(
        "/v1/cases", json={"case_number": "C-1", "client_id": ids["E1"], "job_title": "Wandering poet"}, headers=admin
    )
    return ids["E1"]


@pytest.fixture
def erase(http, admin):
    def erasing(client_id, status=201):
        answer = http.post(f"/v1/clients/{client_id}/erasure", json={"reason": "She asked"}, headers=admin)
        assert answer.status_code == status, answer.text
        return answer.json()

    return erasing


def told(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()


def on_disk(settings):
    def content(path: Path) -> bytes:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw

    return {str(path): content(path) for path in Path(settings.data_dir).rglob("*") if path.is_file()}


def test_nothing_of_an_erased_person_is_left(ana, erase, all_rows, settings, inbox):
    assert any("Quisenberry" in row for rows in all_rows().values() for row in rows)
    assert any(b"Quisenberry" in held for held in on_disk(settings).values())
    stored = [path for path in on_disk(settings) if "/files/" in path]
    assert len(stored) == 2
    done = erase(ana)
    assert (done["cases"], done["documents"], done["files"], len(done["imports"])) == (1, 1, 2, 2)
    for table, rows in all_rows().items():
        assert [trace for trace in TRACES for row in rows if trace in row] == [], table
    for path, held in on_disk(settings).items():
        assert [trace for trace in TRACES if trace.encode() in held] == [], path
    assert [path for path in on_disk(settings) if "/files/" in path] == []
    assert inbox.sql("SELECT count(*) FROM row_errors") == [(0,)]


def test_the_log_keeps_who_did_what_and_when(ana, erase, http, admin, inbox):
    look = "SELECT id, at, actor, action, import_id, row FROM audit_log WHERE client_id = %s ORDER BY at, id"
    before = inbox.sql(look, ana)
    erase(ana)
    assert inbox.sql(look, ana)[:-1] == before
    history = told(http.get(f"/v1/clients/{ana}/history", headers=admin), 200)["data"]
    assert history[0]["action"] == "client.erase"
    assert {"field": "reason", "old": None, "new": "She asked"} in history[0]["changes"][0]["values"]
    values = [value for act in history[1:] for change in act["changes"] for value in change["values"]]
    assert {"family_name", "annual_salary", "given_name"} <= {value["field"] for value in values}
    assert {value["old"] for value in values} | {value["new"] for value in values} == {"erased", None}


def test_others_keep_their_values(ana, erase, http, admin, inbox):
    others = "SELECT count(*) FROM audit_log WHERE changes::text LIKE '%%Name3%%'"
    before = inbox.clients("employee_id, family_name, annual_salary")
    [(entries,)] = inbox.sql(others)
    erase(ana)
    assert {key: value for key, value in inbox.clients("employee_id, family_name, annual_salary").items() if key} == {
        key: value for key, value in before.items() if key != "E1"
    }
    assert inbox.sql(others) == [(entries,)]


def test_the_next_full_file_does_not_bring_the_person_back(ana, erase, http, admin, inbox):
    erase(ana)
    outcome = inbox.drop("roster_20260303.csv", [ANA, *(person(n) for n in range(2, 9))])
    assert outcome["state"] == "loaded"
    assert outcome["rows"]["skipped"] == 1
    [problem] = outcome["problems"]
    assert (problem["code"], problem["row"], problem["value"]) == ("erased_person", 2, None)
    shown = told(http.get(f"/v1/clients/{ana}", headers=admin), 200)
    assert (shown["status"], shown["family_name"], shown["version"] > 1) == ("archived", None, True)
    assert inbox.sql("SELECT count(*) FROM clients") == [(8,)]
    assert inbox.sql("SELECT count(*) FROM documents WHERE status = 'current'") == [(0,)]
    outcome = inbox.drop("roster_20260304.csv", [person(n) for n in range(2, 9)])
    assert outcome["records"]["clients"]["closed"] == 0  # the tombstone is not absent either


def test_a_case_only_feed_leaves_the_cases_of_an_erased_person_alone(ana, erase, inbox, roster):
    cases = """
  matters:
    file: "matters*.csv"
    format: {type: csv}
    contents: full
    absent: close
    case:
      key: case_number
      fields:
        case_number: {from: Case}
        job_title:   {from: Title}
"""
    inbox.apply(roster + cases)
    inbox.drop("matters_1.csv", b"Case,Title\nC-1,Wandering poet\nC-2,Cook\n", feed="matters")
    erase(ana)
    outcome = inbox.drop("matters_2.csv", b"Case,Title\nC-1,Wandering poet\nC-2,Baker\n", feed="matters")
    assert [one["code"] for one in outcome["problems"]] == ["erased_person"]
    assert inbox.sql("SELECT case_number, job_title, status FROM cases ORDER BY 1") == [
        ("C-1", None, "open"),
        ("C-2", "Baker", "open"),
    ]


def test_staff_may_take_the_person_up_again(ana, erase, http, admin, inbox):
    erase(ana)
    again = told(http.post("/v1/clients", json={"partner": "acme", "employee_id": "E1"}, headers=admin), 201)
    assert again["id"] != ana
    outcome = inbox.drop("roster_20260303.csv", [ANA, *(person(n) for n in range(2, 9))])
    assert outcome["problems"] == []
    assert told(http.get(f"/v1/clients/{again['id']}", headers=admin), 200)["family_name"] == "Quisenberry"
    assert told(http.get(f"/v1/clients/{ana}", headers=admin), 200)["family_name"] is None


def test_an_erased_record_no_longer_changes(ana, erase, http, admin):
    erase(ana)
    case = http.get("/v1/cases", headers=admin).json()["data"][0]["id"]
    document = http.get("/v1/documents", headers=admin).json()["data"][0]["id"]
    for method, path, body in [
        ("POST", f"clients/{ana}/erasure", {"reason": "again"}),
        ("PATCH", f"clients/{ana}", {"given_name": "x"}),
        ("DELETE", f"clients/{ana}", None),
        ("POST", f"clients/{ana}/restorations", None),
        ("PATCH", f"cases/{case}", {"job_title": "x"}),
        ("PATCH", f"documents/{document}", {"number": "x"}),
        ("POST", "documents", {"client_id": ana, "doc_type": "ead"}),
        ("POST", "cases", {"client_id": ana, "case_number": "C-9"}),
    ]:
        assert told(http.request(method, f"/v1/{path}", json=body, headers=admin), 409)["error"] == "client_erased"


def test_the_case_of_an_erased_person_can_still_be_closed(ana, erase, http, admin):
    erase(ana)
    case = http.get("/v1/cases", headers=admin).json()["data"][0]["id"]
    closed = told(http.post(f"/v1/cases/{case}/closures", json={"outcome": "withdrawn"}, headers=admin), 201)
    assert (closed["stage"], closed["job_title"]) == ("closed", None)


def test_while_an_import_runs_nobody_is_erased(ana, erase, db, tenants, settings):
    held, done = threading.Event(), threading.Event()

    def run():
        with db.firm(tenants.northgate) as session:
            lock_partner(session, tenants.acme)
            held.set()
            done.wait(20)

    importer = threading.Thread(target=run)
    importer.start()
    assert held.wait(10)
    try:
        refused = erase(ana, status=409)
    finally:
        done.set()
        importer.join()
    assert refused["error"] == "import_running"
    assert [path for path in on_disk(settings) if "/files/" in path]
    erase(ana)


def test_files_that_wait_for_a_decision_are_named_and_kept(ana, erase, inbox, http, admin):
    held = inbox.drop("roster_20260303.csv", [ANA])
    assert held["state"] == "held"
    done = erase(ana)
    assert done["waiting_imports"] == [held["import_id"]]
    assert held["import_id"] not in done["imports"]
    released = inbox.release(held)
    assert [one["code"] for one in released["problems"]] == ["erased_person"]


def test_only_admins_erase(ana, http, as_staff):
    for role in ("viewer", "paralegal", "attorney"):
        told(http.post(f"/v1/clients/{ana}/erasure", json={"reason": "x"}, headers=as_staff(role)), 403)


def test_the_way_into_the_log_opens_for_erased_people_of_the_own_firm_only(ana, erase, db, tenants):
    with db.firm(tenants.northgate) as session:
        with pytest.raises(DBAPIError, match="only of an erased client"):
            session.execute(text("SELECT erase_audit(:person, '-infinity', 'infinity')"), {"person": ana})
        session.rollback()
    erase(ana)
    with db.firm(tenants.harbor) as session:
        with pytest.raises(DBAPIError, match="only of an erased client"):
            session.execute(text("SELECT erase_audit(:person, '-infinity', 'infinity')"), {"person": ana})
        session.rollback()
    with db.firm(tenants.northgate) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text("UPDATE audit_log SET changes = NULL"))
        session.rollback()
