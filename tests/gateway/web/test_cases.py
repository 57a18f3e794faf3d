"""Cases over HTTP: opened, found, moved from stage to stage, closed and taken up again."""

from datetime import timedelta

import pytest
from helpers.attorneys import AT_THE_DESK
from helpers.firm_at_work import at_work

from gateway.domain.assignment import moving

URL = "/v1/cases"


@pytest.fixture
def me(as_staff):
    return as_staff("paralegal")


@pytest.fixture
def lawyer(as_staff):
    return as_staff("attorney")


@pytest.fixture
def person(http, me):
    body = {"partner": "acme", "employee_id": "E1", "family_name": "Silva"}
    return http.post("/v1/clients", json=body, headers=me).json()["id"]


@pytest.fixture
def open_case(http, me, person):
    def opening(**fields):
        body = {"case_number": "C-1", "client_id": person, "case_type": "H1B_EXT"} | fields
        answer = http.post(URL, json=body, headers=me)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return opening


def told(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_case_is_opened_for_a_client_and_its_partner(http, me, open_case, person, tenants):
    answer = http.post(
        URL,
        json={
            "case_number": " C-1 ",
            "client_id": person,
            "receipt_number": "ioe-09-1234-5678",
            "wage": 98000,
            "premium": True,
        },
        headers=me,
    )
    made = told(answer, 201)
    assert answer.headers["location"] == f"{URL}/{made['id']}"
    assert (made["case_number"], made["receipt_number"], made["wage"]) == ("C-1", "IOE0912345678", "98000.00")
    assert (made["stage"], made["status"], made["partner_id"]) == ("evaluation", "open", str(tenants.acme))
    assert set(made["pins"]) == {"client_id", "receipt_number", "wage", "premium"}
    assert http.get(answer.headers["location"], headers=me).json() == made
    again = http.post(URL, json={"case_number": "C-1", "partner": "acme"}, headers=me)
    assert told(again, 409)["error"] == "case_exists"
    told(http.post(URL, json={"case_number": "C-1", "partner": "globex"}, headers=me), 201)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"case_number": "C-1"}, "partner"),
        ({"case_number": "  ", "partner": "acme"}, "case_number"),
        ({"case_number": "C-1", "partner": "initech"}, "partner"),
        ({"case_number": "C-1", "client_id": "01900000-0000-7000-8000-000000000001"}, "client_id"),
        ({"case_number": "C-1", "partner": "globex", "client_id": "the person"}, "client_id"),
        ({"case_number": "C-1", "partner": "acme", "receipt_number": "EAC123"}, "receipt_number"),
        ({"case_number": "C-1", "partner": "acme", "case_type": "H1B"}, "case_type"),
        ({"case_number": "C-1", "partner": "acme", "stage": "closed"}, "stage"),
    ],
)
def test_what_a_case_cannot_be_is_told_field_by_field(http, me, person, body, field):
    if body.get("client_id") == "the person":
        body = body | {"client_id": person}
    refused = told(http.post(URL, json=body, headers=me), 422)
    assert [one["field"] for one in refused["details"]] == [field]


def test_cases_are_found_by_what_they_are(http, me, open_case, person):
    one = open_case(case_number="NG-17", receipt_number="IOE0912345678", stage="filed")
    two = open_case(case_number="NG-18", case_type="PERM", client_id=None, partner="globex")
    for params, found in [
        ({"stage": "filed"}, [one]),
        ({"type": "PERM"}, [two]),
        ({"status": "open", "total": "true"}, [two, one]),
        ({"status": "closed"}, []),
        ({"client": person}, [one]),
        ({"partner": "globex"}, [two]),
        ({"number": "ioe09"}, [one]),
        ({"number": "g-1"}, [two, one]),
        ({"attorney": person}, []),
    ]:
        page = told(http.get(URL, params=params, headers=me), 200)
        assert [case["id"] for case in page["data"]] == [case["id"] for case in found], params
    refused = told(http.get(URL, params={"type": "h1b", "stage": "filed"}, headers=me), 422)
    assert [one["field"] for one in refused["details"]] == ["case_type"]
    assert http.get(URL, params={"total": "true", "limit": 1}, headers=me).json()["pagination"]["total_items"] == 2


@pytest.mark.parametrize(
    ("path", "ends"),
    [
        (
            [
                "document_collection",
                "evaluation",
                "drafting",
                "review",
                "filed",
                "rfe_received",
                "rfe_response",
                "decided",
            ],
            200,
        ),
        (["filed", "review"], 200),
        (["filed", "rfe_received", "decided", "filed"], 200),
        (["decided"], 422),
        (["rfe_received"], 422),
        (["filed", "drafting"], 422),
        (["closed"], 422),
        (["nowhere"], 422),
    ],
)
def test_a_case_moves_as_matters_do(http, me, open_case, path, ends):
    case = f"{URL}/{open_case()['id']}"
    answers = [http.patch(case, json={"stage": stage}, headers=me) for stage in path]
    assert [one.status_code for one in answers[:-1]] == [200] * (len(path) - 1)
    assert answers[-1].status_code == ends, answers[-1].text
    if ends == 422:
        assert answers[-1].json()["details"][0]["field"] == "stage"


def test_a_decision_belongs_to_the_stage_decided(http, me, open_case):
    case = f"{URL}/{open_case(stage='filed')['id']}"
    assert told(http.patch(case, json={"status": "approved"}, headers=me), 422)["details"][0]["field"] == "status"
    assert told(http.patch(case, json={"status": "withdrawn"}, headers=me), 422)["details"][0]["field"] == "status"
    decided = told(
        http.patch(case, json={"status": "approved", "stage": "decided", "decided_on": "2026-05-01"}, headers=me), 200
    )
    assert (decided["stage"], decided["status"], decided["decided_on"]) == ("decided", "approved", "2026-05-01")


def test_a_case_is_closed_once_and_taken_up_again_by_a_lawyer(http, me, lawyer, open_case, inbox):
    case = f"{URL}/{open_case()['id']}"
    closing = {"outcome": "denied", "decided_on": "2026-05-01"}
    assert http.post(f"{case}/closures", json=closing, headers=me).status_code == 403
    closed = told(http.post(f"{case}/closures", json=closing, headers=lawyer), 201)
    assert (closed["stage"], closed["status"], closed["decided_on"]) == ("closed", "denied", "2026-05-01")
    assert told(http.post(f"{case}/closures", json=closing, headers=lawyer), 409)["error"] == "case_closed"
    assert told(http.patch(case, json={"stage": "filed"}, headers=me), 409)["error"] == "case_closed"
    assert told(http.patch(case, json={"priority": "high"}, headers=me), 200)["priority"] == "high"
    assert told(http.post(f"{case}/reopenings", json={"stage": "closed"}, headers=lawyer), 422)
    opened = told(http.post(f"{case}/reopenings", json={"stage": "filed"}, headers=lawyer), 201)
    assert (opened["stage"], opened["status"]) == ("filed", "open")
    assert told(http.post(f"{case}/reopenings", json={"stage": "filed"}, headers=lawyer), 409)["error"] == "case_open"
    acts = [action for (action,) in inbox.sql("SELECT action FROM audit_log WHERE case_id IS NOT NULL ORDER BY at, id")]
    assert acts == ["case.create", "case.close", "case.update", "case.reopen"]


def test_a_case_goes_to_another_client_of_the_same_partner_only(http, me, open_case):
    case = f"{URL}/{open_case()['id']}"
    others = [
        http.post("/v1/clients", json={"partner": partner, "employee_id": "E2"}, headers=me).json()["id"]
        for partner in ("acme", "globex")
    ]
    assert told(http.patch(case, json={"client_id": others[0]}, headers=me), 200)["client_id"] == others[0]
    assert told(http.patch(case, json={"client_id": others[1]}, headers=me), 422)["details"][0]["field"] == "client_id"
    freed = told(http.patch(case, json={"client_id": None}, headers=me), 200)
    assert freed["client_id"] is None
    assert http.delete(f"{case}/pins/client_id", headers=me).status_code == 204
    assert "client_id" not in http.get(case, headers=me).json()["pins"]


def test_whoever_is_late_or_a_stranger_changes_no_case(http, me, lawyer, as_staff, open_case):
    case = f"{URL}/{open_case()['id']}"
    seen = http.get(case, headers=me).headers["etag"]
    told(http.patch(case, json={"priority": "high"}, headers=me | {"If-Match": seen}), 200)
    for method, path, body in [
        ("PATCH", "", {"priority": "low"}),
        ("POST", "/closures", {"outcome": "denied"}),
        ("POST", "/reopenings", {"stage": "filed"}),
        ("DELETE", "/pins/priority", None),
    ]:
        told(http.request(method, case + path, json=body, headers=lawyer | {"If-Match": seen}), 412)
        told(http.request(method, case + path, json=body, headers=as_staff("stranger")), 404)
    told(http.get(case, headers=as_staff("stranger")), 404)
    assert http.get(URL, headers=as_staff("stranger")).json()["data"] == []


def test_ones_own_cases_come_by_deadline(http, lawyer, me, office, tenants):
    firm = at_work(office, tenants.northgate, tenants.acme, cases=0)
    mine = firm.attorneys["attorney"]
    [bare] = firm.firm.open(attorney_id=mine)
    [late], [soon] = (firm.firm.open(attorney_id=mine, deadline_on=firm.today + timedelta(one)) for one in (9, -9))
    firm.firm.open(attorney_id=mine, stage="closed", status="closed")
    firm.firm.open(attorney_id=mine, stage="decided", status="denied")
    found = told(http.get(f"{URL}/mine", headers=lawyer), 200)
    assert [one["id"] for one in found] == [str(one) for one in (soon, late, bare)]
    assert told(http.get(f"{URL}/mine", headers=me), 200) == []


def test_handovers_are_found_by_case(http, me, office, tenants):
    firm = at_work(office, tenants.northgate, tenants.acme, cases=0)
    soon = {"attorney_id": firm.attorneys["ana"], "deadline_on": firm.today + timedelta(3)}
    asked = firm.firm.open(2, **soon)
    with office.acting(tenants.northgate, AT_THE_DESK) as acting:
        for one in asked:
            moving.move(acting, one, firm.attorneys["ben"], "Is ill.")
    for one in asked:
        found = told(http.get("/v1/handovers", params={"case": str(one)}, headers=me), 200)
        assert [each["case_id"] for each in found["data"]] == [str(one)]
    assert told(http.get("/v1/handovers", params={"case": str(firm.case_id)}, headers=me), 200)["data"] == []


def test_the_stages_of_a_case_are_told_with_their_time_and_by_whom(http, me, lawyer, open_case, as_staff):
    case = open_case(stage="drafting")
    lone = open_case(case_number="C-2", client_id=None, partner="acme")
    at = f"{URL}/{case['id']}"
    for body in ({"stage": "review"}, {"priority": "high"}, {"stage": "filed", "filed_on": "2026-11-30"}):
        told(http.patch(at, json=body, headers=me), 200)
    told(http.post(f"{at}/closures", json={"outcome": "withdrawn"}, headers=lawyer), 201)
    told(http.patch(f"{URL}/{lone['id']}", json={"stage": "drafting"}, headers=me), 200)
    found = told(http.get(f"{at}/stages", headers=me), 200)
    assert [one["stage"] for one in found] == ["drafting", "review", "filed", "closed"]
    who = [None, *["paralegal@northgate.example"] * 2, "attorney@northgate.example"]
    assert [one["by"] for one in found] == who
    assert [one["until"] for one in found] == [*(one["since"] for one in found[1:]), None]
    assert found[0]["since"] == case["created_at"]
    alone = told(http.get(f"{URL}/{lone['id']}/stages", headers=me), 200)
    assert [one["stage"] for one in alone] == ["evaluation", "drafting"]
    assert http.get(f"{at}/stages", headers=as_staff("stranger")).status_code == 404
