"""Rejected rows put right through the API."""

from uuid import UUID

import pytest
from helpers.doing import do_jobs
from helpers.inbox import people, person

from gateway.domain.partners.homes import find_home
from ingest.running import finish

MANY = [*people(20), *(person(n) | {"DOB": "soon"} for n in (21, 22)), person(23, ssn="523-45-67")]


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


@pytest.fixture
def bad(acme):
    return acme.drop("roster_20260301.csv", MANY)["import_id"]


def test_a_program_repairs_what_a_person_could(http, acme_key, acme, bad):
    path = f"/v1/imports/{bad}/repair"
    found = http.get(path, headers=acme_key).json()
    assert (found["rejected"], found["changed"], found["following"]) == (3, 0, None)
    [alike] = [one for one in found["groups"] if one["rows"] == 2]
    rule = {name: alike[name] for name in ("column", "code", "value")} | {"to": "02/03/1980"}
    assert http.put(f"{path}/rules", json=rule, headers=acme_key).status_code == 204
    secret = found["tables"][0]["rows"][2]
    [cell] = [one for one in secret["cells"] if one["problems"]]
    assert (cell["sent"], cell["is_secret"]) == ("•••••5-67", True)
    typed = {"cells": [{"place": secret["place"], "column": cell["column"], "value": "123-45-6789"}]}
    assert [one["state"] for one in http.put(f"{path}/cells", json=typed, headers=acme_key).json()] == ["good"]
    assert {one["state"] for one in http.get(path, headers=acme_key).json()["tables"][0]["rows"]} == {"good"}
    sent = http.post(f"{path}/send", headers=acme_key)
    assert (sent.status_code, sent.json()["rows"], sent.json()["rejected"]) == (202, 3, 3)
    [arrived] = sent.json()["import_ids"]
    finish(acme.office, find_home(acme.office, "acme"), UUID(arrived))
    assert acme.account(arrived)["state"] == "loaded"
    assert http.post(f"{path}/send", headers=acme_key).json()["error"] == "no_draft"


def test_what_sending_would_do_is_asked_for_and_told(http, acme_key, acme, bad):
    path = f"/v1/imports/{bad}/repair"
    assert http.get(f"{path}/preview", headers=acme_key).status_code == 404
    assert http.post(f"{path}/preview", headers=acme_key).json()["error"] == "no_draft"
    place = http.get(path, headers=acme_key).json()["tables"][0]["rows"][0]["place"]
    cells = {"cells": [{"place": place, "column": 2, "value": "02/03/1985"}]}
    http.put(f"{path}/cells", json=cells, headers=acme_key)
    asked = http.post(f"{path}/preview", headers=acme_key)
    assert (asked.status_code, asked.headers["Location"]) == (202, f"{path}/preview")
    assert http.get(f"{path}/preview", headers=acme_key).json()["state"] == "waiting"
    do_jobs(acme.office, ["ingest"])
    told = http.get(f"{path}/preview", headers=acme_key).json()
    [file] = told["files"]
    assert (told["state"], told["is_old"], file["rows"]["created"]) == ("done", False, 1)
    assert file["file"] == "roster_20260301-repaired.csv"


def test_whom_a_release_would_concern_is_told_to_those_who_may_read_clients(http, acme_key, as_staff, acme, bad):
    held = acme.drop("roster_20260302.csv", [person(1, salary="61000")])["import_id"]
    path, staff = f"/v1/imports/{held}/release/preview", as_staff("paralegal")
    assert http.post(path, json={}, headers=staff).status_code == 202
    do_jobs(acme.office, ["ingest"])
    [whole], [less] = (http.get(path, headers=who).json()["files"] for who in (staff, acme_key))
    assert [(one["key"], one["field"], one["new"]) for one in whole["differences"]] == [("E1", "annual_salary", 61000)]
    assert {one["key"] for one in whole["closing"]} == {f"E{n}" for n in range(2, 21)}
    assert {one["employee_id"] for one in whole["closing"]} == {one["key"] for one in whole["closing"]}
    assert {(one["open_cases"], one["expires_on"]) for one in whole["closing"]} == {(0, None)}
    assert less == whole | {"differences": [], "closing": []}


def test_what_cannot_be_repaired_says_why(http, as_staff, acme, bad):
    me = as_staff("paralegal")
    held = acme.drop("roster_20260302.csv", people(1))["import_id"]
    clean = acme.drop("roster_20260303.csv", people(23))["import_id"]
    for one, method, rest, body, told in [
        (held, "GET", "", None, (409, "not_repairable")),
        (bad, "DELETE", "", None, (409, "no_draft")),
        (bad, "GET", "?way=0123456789abcdef", None, (404, "not_found")),
        (bad, "PUT", "/cells", {"cells": [{"place": 1, "column": 0, "value": "x"}]}, (422, "no_such_row")),
        (clean, "PUT", "/cells", {"cells": [{"place": 1, "column": 0, "value": "x"}]}, (422, "no_such_row")),
        (bad, "PUT", "/cells", {"cells": [{"place": 22, "column": 99, "value": "x"}]}, (422, "no_such_column")),
        (bad, "PUT", "/rules", {"column": "DOB", "code": "x", "value": "y", "to": None}, (422, "no_such_problem")),
    ]:
        answer = http.request(method, f"/v1/imports/{one}/repair{rest}", json=body, headers=me)
        assert (answer.status_code, answer.json()["error"]) == told
    nothing = http.get(f"/v1/imports/{clean}/repair", headers=me).json()
    assert (nothing["rejected"], nothing["tables"], nothing["groups"]) == (0, [], [])
    assert http.get(f"/v1/imports/{bad}/repair", headers=as_staff("viewer")).status_code == 403
    assert http.get(f"/v1/imports/{bad}/repair", headers=as_staff("stranger")).status_code == 404


def test_who_is_walled_off_from_one_of_the_people_repairs_none(http, as_staff, tenants, acme, bad):
    [(client_id,)] = acme.sql("SELECT id FROM clients LIMIT 1")
    wall = {"staff_id": str(tenants.staff["paralegal"]), "client_id": str(client_id), "reason": "Former counsel"}
    assert http.post("/v1/walls", json=wall, headers=as_staff("admin")).status_code == 201
    typed = {"cells": [{"place": 22, "column": 2, "value": "02/03/1980"}]}
    for method, rest, body in [("GET", "", None), ("PUT", "/cells", typed), ("POST", "/send", None)]:
        answer = http.request(method, f"/v1/imports/{bad}/repair{rest}", json=body, headers=as_staff("paralegal"))
        assert (answer.status_code, answer.json()["error"]) == (403, "walled")


def test_what_was_typed_goes_with_the_file(http, as_staff, acme, bad):
    typed = {"cells": [{"place": 22, "column": 2, "value": "02/03/1980"}]}
    assert http.put(f"/v1/imports/{bad}/repair/cells", json=typed, headers=as_staff("paralegal")).status_code == 200
    [(client_id,)] = acme.sql("SELECT id FROM clients LIMIT 1")
    reason = {"reason": "Asked for by the person"}
    erased = http.post(f"/v1/clients/{client_id}/erasure", json=reason, headers=as_staff("admin"))
    assert erased.status_code == 201, erased.text
    assert acme.sql("SELECT count(*) FROM repair_cells") == [(0,)]
    assert acme.sql("SELECT state FROM repairs") == [("dropped",)]
    assert http.get(f"/v1/imports/{bad}/repair", headers=as_staff("paralegal")).json()["error"] == "original_destroyed"
