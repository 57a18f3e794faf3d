"""The audit log over HTTP: every write and every look is there, and found by whom, what and when."""

from datetime import timedelta

import pytest
from helpers.attorneys import Lawyers
from helpers.inbox import person

from gateway import clock
from gateway.web.app import create_app, routes_of

URL = "/v1/audit"


@pytest.fixture
def admin(as_staff):
    return as_staff("admin")


@pytest.fixture
def me(as_staff):
    return as_staff("paralegal")


@pytest.fixture
def world(http, inbox, me):
    """A person with a document and a case, brought by a file and touched by a paralegal."""
    account = inbox.drop("roster_20260301.csv", [person(1, ssn="536904399", passport="K1"), person(2)])
    ids = {one["employee_id"]: one["id"] for one in http.get("/v1/clients", headers=me).json()["data"]}
    document = http.get("/v1/documents", headers=me).json()["data"][0]["id"]
    case = http.post("/v1/cases", json={"case_number": "C-1", "client_id": ids["E1"]}, headers=me).json()["id"]
    lone = http.post("/v1/cases", json={"case_number": "C-2", "partner": "acme"}, headers=me).json()["id"]
    return {
        "person": ids["E1"],
        "other": ids["E2"],
        "document": document,
        "case": case,
        "lone": lone,
        "import": account["import_id"],
    }


@pytest.fixture
def asked(http, admin):
    def asking(**params):
        answer = http.get(URL, params={"limit": 100} | params, headers=admin)
        assert answer.status_code == 200, answer.text
        return [one["action"] for one in answer.json()["data"] if one["action"] != "audit.read"]

    return asking


def test_the_log_is_found_by_person_with_lists_and_cases(asked, world):
    assert asked(person=world["person"]) == ["case.create", "document.list", "client.list", "import.row"]
    assert asked(person=world["other"]) == ["client.list", "import.row"]


def test_the_log_is_found_by_record(asked, http, me, world):
    http.get(f"/v1/documents/{world['document']}/number", headers=me)
    http.get(f"/v1/cases/{world['lone']}", headers=me)
    http.get("/v1/cases", headers=me)
    assert asked(record=world["document"]) == ["document.number", "document.list", "import.row"]
    assert asked(record=world["case"]) == ["case.list", "case.create"]
    assert asked(record=world["lone"]) == ["case.list", "case.view", "case.create"]
    assert asked(record=world["person"]) == [
        "case.list",
        "document.number",
        "case.create",
        "document.list",
        "client.list",
        "import.row",
    ]
    assert asked(record="01900000-0000-7000-8000-000000000001") == []


def test_the_log_is_found_by_import_with_what_people_did_to_it(asked, inbox, world):
    held = inbox.drop("roster_20260302.csv", [person(n) | {"DOB": "x"} for n in (1, 2)])
    inbox.refuse(held, "By mistake")
    assert asked(record=held["import_id"]) == ["import.refuse", "import.receive"]
    assert asked(record=world["import"]) == ["import.row", "import.row", "import.receive"]


def without_sign_ins(actions):
    return [one for one in actions if one != "session.start"]


def test_the_log_is_found_by_actor_action_and_time(asked, world, tenants):
    mine = without_sign_ins(asked(actor="paralegal@northgate.example"))
    assert mine == ["case.create", "case.create", "document.list", "client.list", "partner.apply"]
    assert without_sign_ins(asked(actor=str(tenants.staff["paralegal"]))) == mine[:-1]  # at the inbox nobody had an id
    assert asked(actor="acme/roster") == asked(action="import.row") == ["import.row", "import.row"]
    assert asked(action="case.create", actor="paralegal@northgate.example") == ["case.create"] * 2
    assert asked(actor="nobody@northgate.example") == []
    soon = (clock.now() + timedelta(seconds=5)).isoformat()
    assert asked(**{"from": soon}) == []
    assert len(without_sign_ins(asked(to=soon))) == 8


def test_a_page_of_the_log_goes_on_where_it_ended(http, admin, world):
    first = http.get(URL, params={"limit": 4}, headers=admin).json()
    second = http.get(URL, params={"limit": 90, "cursor": first["pagination"]["next_cursor"]}, headers=admin).json()
    assert len(first["data"]) == 4
    assert without_sign_ins(one["action"] for one in first["data"] + second["data"]) == [
        "case.create",
        "case.create",
        "document.list",
        "client.list",
        "import.row",
        "import.row",
        "import.receive",
        "partner.apply",
    ]


@pytest.mark.parametrize("instant", ["2026-03-01T00:00:00", "1767225600", "0.5", "yesterday", ""])
def test_an_instant_without_its_offset_is_refused(http, admin, instant):
    refused = http.get(URL, params={"from": instant}, headers=admin)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


def test_entries_hide_sensitive_values_and_belong_to_the_firm(http, admin, as_staff, world):
    answer = http.get(URL, params={"limit": 100}, headers=admin)
    assert "•••" in answer.text
    assert "536904399" not in answer.text
    theirs = http.get(URL, headers=as_staff("stranger")).json()["data"]
    assert {one["actor"] for one in theirs} == {"admin@harbor.example"}
    for role in ("viewer", "paralegal", "attorney"):
        assert http.get(URL, headers=as_staff(role)).status_code == 403


# ------------------------------------------------------------------------------------------------ everything is on record

PROFILE = "POST /v1/clients/{client_id:uuid}/profile"
ENTRY = "/v1/clients/{client_id:uuid}/profile/{ref:str}"
CHECKS = "POST /v1/clients/{client_id:uuid}/eligibility-checks"
MADE = ("POST", "/v1/clients/{client_id}/profile", {"kind": "award", "facts": {"name": "x"}})
BODIES = {
    "POST /v1/clients": {"partner": "acme", "employee_id": "E9"},
    "PATCH /v1/clients/{client_id:uuid}": {"notes": "x"},
    "POST /v1/clients/{client_id:uuid}/erasure": {"reason": "x"},
    PROFILE: {"kind": "award", "facts": {"name": "x"}},
    f"PUT {ENTRY}": {"facts": {"name": "z"}},
    CHECKS: {"visas": ["EB1A"]},
    "POST /v1/cases": {"partner": "acme", "case_number": "C-9"},
    "PATCH /v1/cases/{case_id:uuid}": {"priority": "x"},
    "POST /v1/cases/{case_id:uuid}/closures": {"outcome": "denied"},
    "POST /v1/cases/{case_id:uuid}/reopenings": {"stage": "filed"},
    "POST /v1/documents": {"doc_type": "ead"},
    "PATCH /v1/documents/{document_id:uuid}": {"country": "IND"},
    "POST /v1/walls": {"reason": "x"},
}
SUBJECTS = ("clients", "cases", "documents", "audit", "walls")
UNHEARD = {"GET /v1/walls", "GET /v1/walls/{wall_id:uuid}"}  # show no person's record
READY = {  # what must have happened before
    "DELETE /v1/clients/{client_id:uuid}/opt-outs/{channel:str}": (
        "PUT",
        "/v1/clients/{client_id}/opt-outs/sms",
        None,
    ),
    f"DELETE {ENTRY}": MADE,
    CHECKS: MADE,
    "POST /v1/clients/{client_id:uuid}/restorations": ("DELETE", "/v1/clients/{client_id}", None),
    "POST /v1/cases/{case_id:uuid}/reopenings": ("POST", "/v1/cases/{case_id}/closures", {"outcome": "denied"}),
    "DELETE /v1/clients/{client_id:uuid}/pins/{field:str}": ("PATCH", "/v1/clients/{client_id}", {"notes": "y"}),
    "DELETE /v1/cases/{case_id:uuid}/pins/{field:str}": ("PATCH", "/v1/cases/{case_id}", {"notes": "y"}),
    "DELETE /v1/documents/{document_id:uuid}/pins/{field:str}": (
        "PATCH",
        "/v1/documents/{document_id}",
        {"country": "BRA"},
    ),
}
PINNED = {"clients": "notes", "cases": "client_id", "documents": "country"}


def test_every_write_and_every_look_is_on_record(http, admin, settings, world, tenants, inbox):
    """All routes of the API about records, walked; each leaves an entry under the name of whoever called."""
    wall = {"staff_id": str(tenants.staff["viewer"]), "client_id": world["person"], "reason": "x"}
    lawyers = Lawyers(inbox.office, tenants.northgate, tenants.acme)
    ana, ben = (str(lawyers.hire(name)) for name in ("ana", "ben"))
    moved = "POST /v1/cases/{case_id:uuid}/reassignments"
    bodies = BODIES | {moved: {"attorney": ana, "reason": "x"}}
    ready = READY | {f"{moved}/undo": ("POST", "/v1/cases/{case_id}/reassignments", {"attorney": ben, "reason": "x"})}
    ids = {
        f"{kind}_id": world[name] for kind, name in (("client", "other"), ("case", "case"), ("document", "document"))
    }
    routes = [
        f"{method} {path}"
        for path, method, _ in routes_of(create_app(settings))
        if path.startswith("/v1/") and path.split("/")[2] in SUBJECTS
    ]
    assert set(bodies) | set(ready) <= set(routes)
    silent = set()
    for route in sorted(routes, key=lambda one: "erasure" in one):  # last, for it ends the record
        method, path = route.split()
        if route in ready:
            verb, before, body = ready[route]
            http.request(verb, before.format(**ids), json=body, headers=admin)
        body = bodies.get(route)
        if path == "/v1/documents" and body:
            body = body | {"client_id": world["other"]}
        if path.startswith("/v1/walls"):
            body = wall | {"client_id": world["other"]} if method == "POST" else None
            ids["wall_id"] = http.post("/v1/walls", json=wall, headers=admin).json().get("id", ids.get("wall_id"))
        where = (
            path.replace(":uuid", "")
            .replace(":str", "")
            .format(
                **ids,
                field=PINNED.get(path.split("/")[2]),
                channel="sms",
                ref="award.2" if method == "DELETE" else "award.1",
            )
        )
        [(before_,)] = inbox.sql("SELECT count(*) FROM audit_log WHERE actor = 'admin@northgate.example'")
        answer = http.request(method, where, json=body, headers=admin)
        assert answer.status_code < 300, (route, answer.text)
        [(after,)] = inbox.sql("SELECT count(*) FROM audit_log WHERE actor = 'admin@northgate.example'")
        if after == before_:
            silent.add(route)
    assert silent == UNHEARD
