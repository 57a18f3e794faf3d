"""What is done about people through the API, and all that goes on record of it: who, from where, to whom, and what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from helpers.attorneys import Lawyers
from helpers.inbox import person

from gateway.jobs.worker import drain
from gateway.web.app import create_app, routes_of
from gateway.wings import KINDS

SUBJECTS = ("audit", "cases", "clients", "documents", "eligibility", "employees", "walls")
ELSEWHERE = {
    "POST /v1/clients/{client_id:uuid}/erasure",  # test_erasure.py
    "GET /v1/eligibility-checks/{check_id:uuid}/events",  # how far one is; says nothing of anybody
    "GET /v1/eligibility/criteria",  # the law, which is about nobody
    "GET /v1/eligibility/criteria/{visa:str}",
    "GET /v1/eligibility/outcomes",  # numbers
}


class Step(NamedTuple):
    """One request and what it leaves on record; a name in braces stands for an id.

    Attributes:
        route: as the application declares it; names in braces fill it as well.
        told: the entries, each an action, a client, a case, and the changes.
        query: of the address.
        makes: the name by which what it made is known from here on.
        status: of the answer.
    """

    route: str
    told: list[tuple[str, str | None, str | None, list[Any] | None]]
    body: dict[str, Any] | None = None
    query: str = ""
    makes: str | None = None
    status: tuple[int, ...] = (200, 201, 204)


def change(kind: str, one: str | None, action: str, **sides: Any) -> dict[str, Any]:
    return {"kind": kind, "id": one, "action": action} | sides


def seen(*records: str) -> list[dict[str, Any]]:
    return [change(kind, f"{{{kind}}}", "seen") for kind in records]


ANA = {"partner": "acme", "employee_id": "E9", "given_name": "Ana", "ssn": "536904399", "annual_salary": "50000.50"}
MADE_ANA = {"employee_id": "E9", "given_name": "Ana", "ssn": "•••", "annual_salary": 50000.5}
PASSPORT = {"client_id": "{client}", "doc_type": "passport", "number": "X1", "expires_on": "2030-05-31"}
WALL = {"staff_id": "{viewer}", "client_id": "{client}", "partner_id": None, "reason": "Acted for the other side"}
WALLED = {name: value for name, value in WALL.items() if value}
OPT_OUT, OPTED_OUT = "/v1/clients/{client_id:uuid}/opt-outs/{channel:str}", {"how": "staff", "client_id": "{client}"}
CHECKS, CHECK = "/v1/clients/{client_id:uuid}/eligibility-checks", {"visas": ["EB1A"], "tier": "interactive"}
KNOWN, AWARD = "/v1/clients/{client_id:uuid}/profile", {"name": "Fellow", "backing": "asserted"}
CLIENT, CASE = "/v1/clients/{client_id:uuid}", "/v1/cases/{case_id:uuid}"
CHECK_ = "/v1/eligibility-checks/{check_id:uuid}"
SAID = "/v1/eligibility-recommendations/{recommendation_id:uuid}"
DOCUMENT, WALL_ = "/v1/documents/{document_id:uuid}", "/v1/walls/{wall_id:uuid}"
MINE, OF_CASE = ("{client}", None), ("{client}", "{case}")

BY_STAFF = [
    # clients
    Step("POST /v1/clients", [("client.create", *MINE, [change("client", "{client}", "created", new=MADE_ANA)])], ANA, makes="client"),
    Step("POST /v1/clients", [], ANA, status=(409,)),
    Step("GET /v1/clients", [("client.list", None, None, seen("client"))], query="search=Ana"),
    Step("GET /v1/clients", [("client.list", None, None, None)], query="search=nobody"),
    Step(f"GET {CLIENT}", [("client.view", *MINE, None)]),
    Step(f"GET {CLIENT}/identifiers", [("client.identifiers", *MINE, None)]),
    Step(f"PATCH {CLIENT}", [("client.update", *MINE, [change("client", "{client}", "updated", old={"given_name": "Ana", "ssn": "•••"}, new={"given_name": "Anna", "ssn": None})])], {"given_name": "Anna", "ssn": None}),
    Step(f"PATCH {CLIENT}", [], {"given_name": "Anna"}),
    Step(f"PATCH {CLIENT}", [], {"citizenship": "Atlantis"}, status=(422,)),
    Step(f"DELETE {CLIENT}/pins/{{field:str}}", [("client.unpin", *MINE, [change("client", "{client}", "unpinned", old={"pin": "given_name"})])]),
    Step(f"DELETE {CLIENT}/pins/{{field:str}}", [], status=(404,)),
    Step(f"DELETE {CLIENT}", [("client.archive", *MINE, [change("client", "{client}", "updated", old={"status": "active"}, new={"status": "archived"})])]),
    Step(f"DELETE {CLIENT}", []),
    Step(f"POST {CLIENT}/restorations", [("client.restore", *MINE, [change("client", "{client}", "updated", old={"status": "archived"}, new={"status": "active"})])]),
    Step(f"GET {CLIENT}/history", [("client.history", *MINE, None)]),
    Step(f"GET {CLIENT}/work-authorization", [("client.authorization", *MINE, None)]),
    Step(f"PUT {OPT_OUT}", [("opt_out.add", *MINE, [change("opt_out", "sms", "created", new=OPTED_OUT)])]),
    Step(f"PUT {OPT_OUT}", []),
    Step(f"GET {CLIENT}/opt-outs", [("opt_out.list", *MINE, None)]),
    Step(f"DELETE {OPT_OUT}", [("opt_out.end", *MINE, [change("opt_out", "sms", "ended", old=OPTED_OUT, new={"ended": "staff"})])]),
    # what is known of them
    Step(f"POST {KNOWN}", [("profile.add", *MINE, [change("profile", "award.1", "created", new=AWARD)])], {"kind": "award", "facts": {"name": "Fellow"}}),
    Step(f"POST {KNOWN}", [], {"kind": "award", "facts": {"colour": "red"}}, status=(422,)),
    Step(f"GET {KNOWN}", [("profile.view", *MINE, seen("client"))]),
    Step(f"GET {KNOWN}/completeness", [("profile.view", *MINE, seen("client"))]),
    Step(f"PUT {KNOWN}/{{ref:str}}", [("profile.change", *MINE, [change("profile", "award.1", "updated", old={"name": "Fellow"}, new={"name": "Senior Fellow"})])], {"facts": {"name": "Senior Fellow"}}),
    Step(f"GET {KNOWN}/{{ref:str}}/history", [("profile.view", *MINE, [change("profile", "award.1", "seen")])]),
    Step(f"POST {CHECKS}", [("eligibility.ask", *MINE, [change("eligibility_check", "{eligibility_check}", "asked", new=CHECK)])], {"visas": ["EB1A"]}, makes="eligibility_check", status=(202,)),
    Step(f"POST {CHECKS}", [], {"visas": ["L1A"]}, status=(400,)),
    Step(f"GET {CHECKS}", [("eligibility.list", None, None, seen("client", "eligibility_check"))]),
    Step("GET /v1/eligibility-checks", [("eligibility.list", None, None, seen("client", "eligibility_check"))], query="to_review=true"),
    Step("GET /v1/eligibility-checks", [("eligibility.list", None, None, None)], query="visa=TN"),
    Step(f"GET {CHECK_}", [("eligibility.view", *MINE, seen("eligibility_check"))]),
    Step(f"POST {CHECK_}/retry", [], status=(409,)),
    Step(f"GET {CHECK_}/memo", [("eligibility.memo", *MINE, [change("eligibility_check", "{eligibility_check}", "memo")])]),
    Step(f"POST {SAID}/reviews", [("eligibility.review", *MINE, [change("recommendation", "{recommendation}", "accepted", old={"review": "proposed"}, new={"visa": "EB1A", "review": "accepted"})])], {"verdict": "accepted"}),
    Step(f"GET {SAID}/reviews", [("eligibility.view", *MINE, seen("recommendation"))]),
    Step(f"POST {CHECKS}", [("eligibility.ask", *MINE, [change("eligibility_check", "{later}", "asked", new=CHECK)])], {"visas": ["EB1A"]}, makes="later", status=(202,)),
    Step(f"GET {CHECK_}/comparison", [("eligibility.compare", *MINE, [change("eligibility_check", one, "compared") for one in ("{eligibility_check}", "{later}")])], query="with={later}"),
    Step(f"DELETE {KNOWN}/{{ref:str}}", [("profile.withdraw", *MINE, [change("profile", "award.1", "withdrawn", old=AWARD | {"name": "Senior Fellow"})])]),
    Step(f"DELETE {KNOWN}/{{ref:str}}", [], status=(404,)),
    # cases
    Step("POST /v1/cases", [("case.create", *OF_CASE, [change("case", "{case}", "created", new={"client_id": "{client}", "wage": 9.5})])], {"case_number": "C-1", "client_id": "{client}", "wage": "9.50"}, makes="case"),
    Step("POST /v1/cases", [("case.create", None, "{lone}", [change("case", "{lone}", "created", new={})])], {"case_number": "C-2", "partner": "acme"}, makes="lone"),
    Step("GET /v1/cases", [("case.list", None, None, seen("case", "client"))], query="number=C-1"),
    Step("GET /v1/cases", [("case.list", None, None, [change("case", "{lone}", "seen")])], query="number=C-2"),
    Step("GET /v1/cases/mine", [("case.list", None, None, None)]),
    Step(f"GET {CASE}", [("case.view", *OF_CASE, None)]),
    Step(f"PATCH {CASE}", [("case.update", *OF_CASE, [change("case", "{case}", "updated", old={"stage": "evaluation", "filed_on": None}, new={"stage": "filed", "filed_on": "2026-03-01"})])], {"stage": "filed", "filed_on": "2026-03-01"}),
    Step(f"PATCH {CASE}", [], {"stage": "drafting"}, status=(422,)),
    Step(f"PATCH {CASE}", [("case.update", *OF_CASE, [change("case", "{case}", "updated", old={"client_id": "{client}"}, new={"client_id": None})])], {"client_id": None}),
    Step(f"PATCH {CASE}", [("case.update", *OF_CASE, [change("case", "{case}", "updated", old={"client_id": None}, new={"client_id": "{client}"})])], {"client_id": "{client}"}),
    Step(f"POST {CASE}/closures", [("case.close", *OF_CASE, [change("case", "{case}", "updated", old={"stage": "filed", "status": "open", "decided_on": None}, new={"stage": "closed", "status": "denied", "decided_on": "2026-03-02"})])], {"outcome": "denied", "decided_on": "2026-03-02"}),
    Step(f"POST {CASE}/closures", [], {"outcome": "denied"}, status=(409,)),
    Step(f"POST {CASE}/reopenings", [("case.reopen", *OF_CASE, [change("case", "{case}", "updated", old={"stage": "closed", "status": "denied"}, new={"stage": "filed", "status": "open"})])], {"stage": "filed"}),
    Step(f"POST {CASE}/reassignments", [("case.move", *OF_CASE, [change("case", "{case}", "updated", old={"attorney_id": None}, new={"attorney_id": "{ana}", "kind": "assigned", "reason": "Knows them."})])], {"attorney": "{ana}", "reason": "Knows them."}),
    Step(f"POST {CASE}/reassignments", [], {"attorney": "{viewer}", "reason": "By mistake."}, status=(404,)),
    Step(f"POST {CASE}/reassignments", [("case.move", *OF_CASE, [change("case", "{case}", "updated", old={"attorney_id": "{ana}"}, new={"attorney_id": "{ben}", "kind": "reassigned", "reason": "Is ill."})])], {"attorney": "{ben}", "reason": "Is ill."}),
    Step(f"POST {CASE}/reassignments/undo", [("case.move", *OF_CASE, [change("case", "{case}", "updated", old={"attorney_id": "{ben}"}, new={"attorney_id": "{ana}", "kind": "undone", "reason": "Given back to whoever had it before."})])]),
    Step(f"GET {CASE}/stages", [("case.view", *OF_CASE, None)]),
    Step(f"GET {CASE}/assignments", [("case.view", *OF_CASE, None)]),
    Step(f"GET {CASE}/candidates", [("case.view", *OF_CASE, None)]),
    Step(f"DELETE {CASE}/pins/{{field:str}}", [("case.unpin", *OF_CASE, [change("case", "{case}", "unpinned", old={"pin": "stage"})])]),
    # documents
    Step("POST /v1/documents", [("document.create", *MINE, [change("document", "{document}", "created", new={"doc_type": "passport", "number": "•••", "expires_on": "2030-05-31"})])], PASSPORT, makes="document"),
    Step("GET /v1/documents", [("document.list", None, None, seen("document", "client"))], query="client={client}"),
    Step(f"GET {DOCUMENT}", [("document.view", *MINE, seen("document"))]),
    Step(f"GET {DOCUMENT}/notices/explain", [("document.view", *MINE, seen("document"))]),
    Step(f"GET {DOCUMENT}/number", [("document.number", *MINE, seen("document"))]),
    Step(f"PATCH {DOCUMENT}", [("document.update", *MINE, [change("document", "{document}", "updated", old={"case_id": None, "country": None}, new={"case_id": "{case}", "country": "IND"})])], {"country": "India", "case_id": "{case}"}),
    Step(f"PATCH {DOCUMENT}", [], {"country": "India"}),
    Step(f"DELETE {DOCUMENT}/pins/{{field:str}}", [("document.unpin", *MINE, [change("document", "{document}", "unpinned", old={"pin": "country"})])]),
    # walls, which show no person's record
    Step("POST /v1/walls", [("wall.add", *MINE, [change("wall", "{wall}", "created", new=WALLED)])], WALL, makes="wall"),
    Step("GET /v1/walls", []),
    Step(f"GET {WALL_}", []),
    Step(f"DELETE {WALL_}", [("wall.remove", *MINE, [change("wall", "{wall}", "removed", old=WALLED)])]),
    # the log itself
    Step("GET /v1/audit", [("audit.read", None, None, [change("audit", None, "read", new={})])]),
    Step("GET /v1/audit", [("audit.read", *MINE, [change("audit", "{case}", "read", new={"person": "{client}", "record": "{case}", "action": "case.view"})])], query="person={client}&record={case}&action=case.view"),
]  # fmt: skip
BY_PARTNER = [
    Step("GET /v1/employees/{employee_id:str}/status", [("employee.status", "{known}", None, None)]),
    Step("GET /v1/employees/{employee_id:str}/status", [("employee.status", None, None, None)], status=(404,)),
    Step("POST /v1/eligibility/check", [("eligibility.check", "{known}", None, None)], {"employee_id": "E1", "date_of_birth": "1980-02-03"}),
    Step("POST /v1/eligibility/check/batch", [("eligibility.check", "{known}", None, None), ("eligibility.check", None, None, None)], {"checks": [{"employee_id": one, "date_of_birth": "1980-02-03"} for one in ("E1", "E2")]}),
]  # fmt: skip
FIELDS = {"/v1/clients": "given_name", "/v1/cases": "stage", "/v1/documents": "country"}


def filled(template: Any, ids: dict[str, str]) -> Any:
    """A template with ids in the place of names."""
    if isinstance(template, str):
        return template.format(**ids) if template.startswith("{") else template
    if isinstance(template, dict):
        return {name: filled(value, ids) for name, value in template.items()}
    return [filled(one, ids) for one in template] if isinstance(template, list | tuple) else template


@pytest.fixture
def walk(http, inbox, tenants):
    """Takes steps under somebody's name; tells of each what went on record, beside what should have."""
    lawyers = Lawyers(inbox.office, tenants.northgate, tenants.acme)
    ids = {"viewer": str(tenants.staff["viewer"])} | {name: str(lawyers.hire(name)) for name in ("ana", "ben")}

    def entries() -> list[tuple[Any, ...]]:
        return inbox.sql(
            "SELECT id, action, client_id::text, case_id::text, changes, actor_kind, actor, actor_id, origin, import_id"
            " FROM audit_log ORDER BY at, id"
        )

    def walking(steps, headers, who):
        for number, step in enumerate(steps):
            before = {one[0] for one in entries()}
            method, path = step.route.split()
            where = path.replace(":uuid", "").replace(":str", "").replace("_id}", "}")
            named = {
                "channel": "sms",
                "ref": "award.1",
                "check": ids.get("eligibility_check"),
                "field": FIELDS.get("/".join(path.split("/")[:3])),
                "employee": ["E1", "E2"][number % 2],
            }
            url = f"{where.format(**ids, **named)}?{step.query.format(**ids)}"
            answer = http.request(method, url, json=filled(step.body, ids), headers=headers)
            assert answer.status_code in step.status, (step, answer.text)
            if step.makes:
                made = answer.json()
                ids[step.makes] = made.get("id") or made["check_id"]
            if answer.status_code == 202:
                drain(inbox.office, KINDS, ["models"], timedelta(minutes=1))
                ids["recommendation"] = inbox.sql("SELECT id::text FROM recommendations ORDER BY id")[0][0]
            told = [one[1:] for one in entries() if one[0] not in before]
            yield step.route, told, [(*filled(one, ids), *who, "10.0.0.1", None) for one in step.told]

    def known(employee_id: str) -> None:
        [(ids["known"],)] = inbox.sql("SELECT id::text FROM clients WHERE employee_id = %s", employee_id)

    walking.known = known
    return walking


def test_each_act_of_staff_leaves_just_the_entry_that_it_should(walk, as_staff, inbox, tenants):
    admin = as_staff("admin")
    for route, told, wanted in walk(BY_STAFF, admin, ("staff", "admin@northgate.example", tenants.staff["admin"])):
        assert told == wanted, route


def test_each_question_of_a_partner_leaves_just_the_entries_that_it_should(walk, acme_key, inbox):
    inbox.drop("roster_20260301.csv", [person(1)])
    walk.known("E1")
    [(key,)] = inbox.sql("SELECT id FROM credentials")
    for route, told, wanted in walk(BY_PARTNER, acme_key, ("partner", "acme", key)):
        assert told == wanted, route


def test_no_act_is_left_out_here(settings):
    routes = {
        f"{method} {path}"
        for path, method, _ in routes_of(create_app(settings))
        if path.startswith(tuple(f"/v1/{subject}" for subject in SUBJECTS))
    }
    assert {step.route for step in BY_STAFF + BY_PARTNER} | ELSEWHERE == routes
