"""How an employee stands, as the partner hears it."""

import pytest
from helpers.inbox import people, person

STATUS = "/v1/employees/E1/status"


@pytest.fixture
def staffed(inbox):
    inbox.drop(
        "roster_20260301.csv",
        [person(1, passport="X1234567", passport_expiry="02/03/2031", i94_expiry="D/S"), *people(5, without=(1,))],
    )
    return inbox


def add_case(inbox, number, client="E1", partner="acme", **columns):
    told = {"case_type": "H1B_EXT", "stage": "drafting", "deadline_on": "2026-12-01", **columns}
    names, marks = ", ".join(told), ", ".join(["%s"] * len(told))
    inbox.sql(
        f"INSERT INTO cases (firm_id, partner_id, client_id, case_number, {names}) SELECT c.firm_id, p.id, c.id, %s, {marks}"
        " FROM clients c JOIN partners p ON p.slug = %s WHERE c.employee_id = %s",
        number, *told.values(), partner, client,
    )  # fmt: skip


def test_a_partner_hears_how_its_employee_stands(http, acme_key, staffed):
    add_case(staffed, "A-2", deadline_on=None)
    add_case(staffed, "A-1", filed_on="2026-10-01")
    add_case(staffed, "A-3", status="approved")
    answer = http.get(STATUS, headers=acme_key)
    assert answer.status_code == 200, answer.text
    case = {
        "case_type": "H1B_EXT", "stage": "drafting", "status": "open",
        "opened_on": None, "filed_on": None, "deadline_on": None,
    }  # fmt: skip
    assert answer.json() == {
        "employee_id": "E1",
        "enrollment": {"eligible": True, "reason": "enrolled", "program": None, "start_date": None, "end_date": None},
        "cases": [case | {"filed_on": "2026-10-01", "deadline_on": "2026-12-01"}, case],
        "documents": [
            {"doc_type": "passport", "expires_on": "2031-02-03", "duration_of_status": False},
            {"doc_type": "i94", "expires_on": None, "duration_of_status": True},
        ],
    }


def test_nothing_privileged_and_no_number_is_told(http, acme_key, staffed):
    staffed.sql("UPDATE clients SET notes = 'SECRET', attributes = '{\"x\": \"SECRET\"}' WHERE employee_id = 'E1'")
    add_case(staffed, "SECRET-1", receipt_number="SECRET", priority="SECRET", attributes='{"x": "SECRET"}')
    told = http.get(STATUS, headers=acme_key).text
    assert "SECRET" not in told
    assert "X1234567" not in told
    assert "Name1" not in told
    assert "1980" not in told


def test_a_case_of_the_same_person_for_another_partner_is_not_told(http, acme_key, staffed):
    add_case(staffed, "G-1", partner="globex")
    assert http.get(STATUS, headers=acme_key).json()["cases"] == []


def test_documents_that_are_no_longer_in_force_are_not_told(http, acme_key, staffed):
    staffed.sql("UPDATE documents SET status = 'superseded' WHERE doc_type = 'passport'")
    assert [one["doc_type"] for one in http.get(STATUS, headers=acme_key).json()["documents"]] == ["i94"]


@pytest.mark.parametrize(
    "employee_id", ["E99", "e1", "%00", "E1%00", "'", "%F0%9F%98%80", "1" * 200, "..%2F..", "%ED%A0%80", "%FF"]
)
def test_whoever_is_not_known_is_not_found(http, acme_key, staffed, employee_id):
    answer = http.get(f"/v1/employees/{employee_id}/status", headers=acme_key)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found"), answer.text


def test_a_very_long_id_is_refused(http, acme_key, staffed):
    assert http.get(f"/v1/employees/{'1' * 5000}/status", headers=acme_key).status_code == 400


def test_people_of_another_partner_archived_and_unknown_ones_sound_alike(http, acme_key, staffed, key_of, tenants):
    told = {http.get(STATUS, headers=key_of(*one)).json()["message"] for one in
            ((tenants.northgate, tenants.globex), (tenants.harbor, tenants.initech))}  # fmt: skip
    told.add(http.get("/v1/employees/E99/status", headers=acme_key).json()["message"])
    staffed.sql("UPDATE clients SET status = 'archived' WHERE employee_id = 'E1'")
    told.add(http.get(STATUS, headers=acme_key).json()["message"])
    assert told == {"You have no employee of this id."}


def test_every_look_is_on_record_with_whom_it_was_about(http, acme_key, staffed):
    http.get(STATUS, headers=acme_key)
    http.get("/v1/employees/E99/status", headers=acme_key)
    found = staffed.sql(
        "SELECT c.employee_id, a.actor_kind, a.actor FROM audit_log a LEFT JOIN clients c ON c.id = a.client_id"
        " WHERE a.action = 'employee.status' ORDER BY a.id"
    )
    assert found == [("E1", "partner", "acme"), (None, "partner", "acme")]


def test_a_key_without_the_scope_hears_nothing(http, key_of, tenants, staffed):
    assert http.get(STATUS, headers=key_of(tenants.northgate, tenants.acme, scopes=["files:write"])).status_code == 403
    assert http.get(STATUS).status_code == 401
