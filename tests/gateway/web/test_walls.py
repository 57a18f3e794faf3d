"""Ethical walls: whoever is walled off gets no row, by SQL as by any endpoint; everybody else notices nothing."""

import re

import pytest
from helpers.inbox import person
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

URL = "/v1/walls"
PEOPLE = [
    person(1, ssn="536904399", passport="K1", passport_expiry="05/31/2030"),
    person(2, passport="K2", passport_expiry="05/31/2030"),
    person(3) | {"DOB": "nonsense"},
]


@pytest.fixture
def admin(as_staff):
    return as_staff("admin")


@pytest.fixture
def walled(as_staff):
    return as_staff("attorney")


@pytest.fixture
def world(http, inbox, admin):
    """Two clients of acme with a document and a case each, and a client of globex, by employee id."""
    inbox.drop("roster_20260301.csv", PEOPLE)
    http.post("/v1/clients", json={"partner": "globex", "employee_id": "G1"}, headers=admin)
    ids = {one["employee_id"]: one["id"] for one in http.get("/v1/clients", headers=admin).json()["data"]}
    for key, client_id in ids.items():
        body = {"case_number": f"C-{key}", "client_id": client_id}
        assert http.post("/v1/cases", json=body, headers=admin).status_code == 201
    http.post("/v1/cases", json={"case_number": "C-nobody", "partner": "acme"}, headers=admin)
    return ids


@pytest.fixture
def put_up(http, admin, tenants):
    def putting(**side):
        body = {"staff_id": str(tenants.staff["attorney"]), "reason": "Acted for the other side"} | side
        answer = http.post(URL, json=body, headers=admin)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return putting


def told(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()


def listed(http, path, headers, **params):
    page = told(http.get(f"/v1/{path}", params=params | {"total": "true"}, headers=headers), 200)
    assert page["pagination"]["total_items"] == len(page["data"])
    return page["data"]


def count(db, firm, staff, sql):
    with db.firm(firm, staff) as session:
        return session.scalar(text(sql))


# ------------------------------------------------------------------------------------------------ endpoints


def test_a_walled_person_finds_no_trace_of_a_client(http, world, put_up, walled, admin):
    before = {path: len(listed(http, path, walled)) for path in ("clients", "cases", "documents")}
    wall = put_up(client_id=world["E1"])
    document = next(one for one in listed(http, "documents", admin) if one["client_id"] == world["E1"])
    case = next(one for one in listed(http, "cases", admin) if one["client_id"] == world["E1"])
    assert {path: len(listed(http, path, walled)) for path in before} == {path: n - 1 for path, n in before.items()}
    assert listed(http, "clients", walled, search="Name1") == []
    assert listed(http, "cases", walled, number="C-E1") == []
    assert listed(http, "documents", walled, client=world["E1"]) == []
    assert len(listed(http, "clients", admin)) == before["clients"]
    person_, matter, paper = f"clients/{world['E1']}", f"cases/{case['id']}", f"documents/{document['id']}"
    for method, path, body in [
        ("GET", person_, None),
        ("PATCH", person_, {"notes": "x"}),
        ("DELETE", person_, None),
        ("POST", f"{person_}/restorations", None),
        ("DELETE", f"{person_}/pins/notes", None),
        ("GET", f"{person_}/identifiers", None),
        ("GET", f"{person_}/history", None),
        ("GET", f"{person_}/work-authorization", None),
        ("GET", matter, None),
        ("PATCH", matter, {"priority": "x"}),
        ("POST", f"{matter}/closures", {"outcome": "denied"}),
        ("POST", f"{matter}/reopenings", {"stage": "filed"}),
        ("DELETE", f"{matter}/pins/priority", None),
        ("GET", paper, None),
        ("GET", f"{paper}/number", None),
        ("PATCH", paper, {"country": "IN"}),
        ("DELETE", f"{paper}/pins/country", None),
    ]:
        told(http.request(method, f"/v1/{path}", json=body, headers=walled), 404)
    for path, body in [
        ("cases", {"case_number": "C-9", "client_id": world["E1"]}),
        ("documents", {"client_id": world["E1"], "doc_type": "ead"}),
    ]:
        assert told(http.post(f"/v1/{path}", json=body, headers=walled), 422)["details"][0]["field"] == "client_id"
    mine = next(one for one in listed(http, "cases", walled) if one["client_id"] == world["E2"])
    moved = http.patch(f"/v1/cases/{mine['id']}", json={"client_id": world["E1"]}, headers=walled)
    assert told(moved, 422)["details"][0]["field"] == "client_id"
    assert http.delete(f"{URL}/{wall['id']}", headers=admin).status_code == 204
    told(http.get(f"/v1/{person_}", headers=walled), 200)


def test_a_wall_against_a_partner_hides_all_its_people_and_matters(http, world, put_up, walled, tenants):
    put_up(partner_id=str(tenants.acme))
    assert [one["employee_id"] for one in listed(http, "clients", walled)] == ["G1"]
    assert [one["case_number"] for one in listed(http, "cases", walled)] == ["C-G1"]
    assert listed(http, "documents", walled) == []
    for path, body in [("clients", {"employee_id": "E9"}), ("cases", {"case_number": "C-9"})]:
        refused = http.post(f"/v1/{path}", json={"partner": "acme"} | body, headers=walled)
        assert told(refused, 422)["details"][0]["field"] == "partner"


def test_the_audit_log_of_a_walled_admin_knows_nothing_either(http, world, put_up, admin, tenants):
    put_up(staff_id=str(tenants.staff["admin"]), client_id=world["E1"])
    entries = told(http.get("/v1/audit", params={"limit": 100}, headers=admin), 200)["data"]
    assert {world["E1"]} & {one["client_id"] for one in entries} == set()
    assert world["E1"] not in repr(entries)
    assert world["E2"] in repr(entries)
    assert told(http.get("/v1/audit", params={"person": world["E1"]}, headers=admin), 200)["data"] == []


def test_walls_are_listed_shown_refused_twice_and_on_record(http, world, put_up, admin, as_staff, tenants, inbox):
    wall = put_up(client_id=world["E1"])
    assert told(http.get(URL, params={"staff": wall["staff_id"]}, headers=admin), 200)["data"] == [wall]
    assert told(http.get(f"{URL}/{wall['id']}", headers=admin), 200) == wall
    body = {"staff_id": wall["staff_id"], "client_id": world["E1"], "reason": "again"}
    assert told(http.post(URL, json=body, headers=admin), 409)["error"] == "wall_exists"
    for side in (
        {},
        {"client_id": world["E1"], "partner_id": str(tenants.acme)},
        {"client_id": wall["id"]},
        {"partner_id": str(tenants.initech)},
    ):
        told(http.post(URL, json={"staff_id": wall["staff_id"], "reason": "x"} | side, headers=admin), 422)
    for method, path, json in [
        ("GET", "", None),
        ("POST", "", body),
        ("GET", f"/{wall['id']}", None),
        ("DELETE", f"/{wall['id']}", None),
    ]:
        told(http.request(method, URL + path, json=json, headers=as_staff("attorney")), 403)
    told(http.delete(f"{URL}/{wall['id']}", headers=as_staff("stranger")), 404)
    assert http.delete(f"{URL}/{wall['id']}", headers=admin).status_code == 204
    assert inbox.sql("SELECT action, client_id::text FROM audit_log WHERE action LIKE 'wall.%%' ORDER BY at, id") == [
        ("wall.add", world["E1"]),
        ("wall.remove", world["E1"]),
    ]


def test_nobody_takes_down_a_wall_around_themselves(http, world, put_up, admin, tenants):
    wall = put_up(staff_id=str(tenants.staff["admin"]), client_id=world["E1"])
    assert told(http.delete(f"{URL}/{wall['id']}", headers=admin), 403)["error"] == "own_wall"


def test_rejected_rows_that_may_name_a_walled_client_are_not_shown(
    http, world, put_up, walled, admin, inbox, db, tenants
):
    told_of = inbox.drop("roster_20260302.csv", [*PEOPLE, person(1, ssn="536904399") | {"DOB": "nonsense"}])
    import_id = told_of["import_id"]
    everything = "SELECT count(*) FROM row_errors"
    for form in ("csv", "json", "xlsx"):
        assert http.get(f"/v1/imports/{import_id}/errors?format={form}", headers=walled).status_code == 200
    put_up(client_id=world["E1"])
    for form in ("csv", "json", "xlsx"):
        refused = http.get(f"/v1/imports/{import_id}/errors?format={form}", headers=walled)
        assert told(refused, 403)["error"] == "walled"
        assert http.get(f"/v1/imports/{import_id}/errors?format={form}", headers=admin).status_code == 200
    assert told(http.get(f"/v1/imports/{import_id}", headers=walled), 200)["problems"] == []
    assert told(http.get("/v1/reports/import_errors?format=json", headers=walled), 200) == []
    assert told(http.get("/v1/reports/import_errors?format=json", headers=admin), 200) != []
    for asked in (everything, "SELECT count(*) FROM problem_groups"):
        assert count(db, tenants.northgate, tenants.staff["attorney"], asked) == 0
        assert count(db, tenants.northgate, tenants.staff["paralegal"], asked) > 0


def test_rejected_rows_of_other_partners_pass_a_wall_against_a_client(http, world, put_up, walled, inbox):
    told_of = inbox.drop("roster_20260302.csv", [person(3) | {"DOB": "nonsense"}])
    put_up(client_id=world["G1"])
    answer = http.get(f"/v1/imports/{told_of['import_id']}/errors", headers=walled)
    assert answer.status_code == 200
    assert told(http.get(f"/v1/imports/{told_of['import_id']}", headers=walled), 200)["problems"] != []


def test_an_answer_kept_from_before_the_wall_is_not_given_again(http, world, put_up, walled):
    body = {"partner": "acme", "employee_id": "E77", "family_name": "Hidden"}
    headers = walled | {"Idempotency-Key": "made-before-the-wall"}
    made = told(http.post("/v1/clients", json=body, headers=headers), 201)
    put_up(client_id=made["id"])
    assert "Hidden" not in http.post("/v1/clients", json=body, headers=headers).text


def test_credentials_of_a_walled_partner_do_not_exist(http, world, put_up, admin, as_staff, key_of, tenants):
    key_of(tenants.northgate, tenants.acme)
    globex = {"partner": "globex", "name": "theirs", "scopes": ["status:read"]}
    mine = told(http.post("/v1/credentials", json=globex, headers=admin), 201)
    other = told(http.get("/v1/credentials?partner=acme", headers=admin), 200)["data"][0]
    put_up(staff_id=str(tenants.staff["admin"]), partner_id=str(tenants.acme))
    assert [one["id"] for one in told(http.get("/v1/credentials", headers=admin), 200)["data"]] == [mine["id"]]
    for method, path, body in (("GET", "", None), ("POST", "/rotations", {}), ("DELETE", "", None)):
        told(http.request(method, f"/v1/credentials/{other['id']}{path}", json=body, headers=admin), 404)


def test_a_walled_admin_who_erases_somebody_else_leaves_no_rejected_row(http, world, put_up, admin, inbox, tenants):
    inbox.drop("roster_20260302.csv", [*PEOPLE, person(2) | {"DOB": "nonsense"}])
    assert inbox.sql("SELECT count(*) FROM row_errors") != [(0,)]
    put_up(staff_id=str(tenants.staff["admin"]), client_id=world["E1"])
    told(http.post(f"/v1/clients/{world['E2']}/erasure", json={"reason": "She asked for it"}, headers=admin), 201)
    assert inbox.sql("SELECT count(*) FROM row_errors") == [(0,)]
    told(http.get(f"/v1/clients/{world['E1']}", headers=admin), 404)


# ------------------------------------------------------------------------------------------------ SQL

HANGING = {
    "clients": "id = '{person}'",
    "cases": "client_id = '{person}'",
    "documents": "client_id = '{person}'",
    "audit_log": "client_id = '{person}' OR changes::text LIKE '%{person}%'",
    "sightings": "record_id = '{person}' OR record_id IN (SELECT id FROM documents WHERE client_id = '{person}')",
}
OF_PARTNER = ("partners", "files", "imports", "row_errors", "problem_groups", "sightings")


@pytest.mark.parametrize("table", HANGING)
def test_in_sql_nothing_that_hangs_on_a_client_passes_its_wall(db, tenants, world, put_up, http, admin, table):
    http.get("/v1/cases", headers=admin)
    about = f"SELECT count(*) FROM {table} WHERE {HANGING[table].format(person=world['E1'])}"
    everything = f"SELECT count(*) FROM {table}"
    firm, attorney, others = tenants.northgate, tenants.staff["attorney"], tenants.staff["paralegal"]
    put_up(client_id=world["E1"])
    assert count(db, firm, attorney, about) == 0
    assert count(db, firm, attorney, everything) > 0
    assert count(db, firm, others, about) == count(db, firm, None, about) > 0
    assert count(db, firm, others, everything) == count(db, firm, None, everything)


@pytest.mark.parametrize("table", OF_PARTNER)
def test_in_sql_nothing_of_a_walled_partner_is_there(db, tenants, world, put_up, table):
    everything = f"SELECT count(*) FROM {table}"
    before = count(db, tenants.northgate, tenants.staff["attorney"], everything)
    put_up(partner_id=str(tenants.acme))
    after = count(db, tenants.northgate, tenants.staff["attorney"], everything)
    assert after == (1 if table == "partners" else 0) < before == count(db, tenants.northgate, None, everything)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clients SET notes = 'x'",
        "UPDATE cases SET priority = 'x'",
        "UPDATE documents SET country = 'x'",
    ],
)
def test_a_walled_person_changes_nothing_behind_the_wall(db, tenants, world, put_up, statement):
    put_up(client_id=world["E1"])
    with db.firm(tenants.northgate, tenants.staff["attorney"]) as session:
        changed = session.execute(text(statement)).rowcount
    with db.firm(tenants.northgate) as session:
        assert session.execute(text(statement)).rowcount == changed + 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO documents (firm_id, client_id, doc_type) VALUES (:firm, :person, 'ead')",
        "INSERT INTO cases (firm_id, partner_id, case_number, client_id) VALUES (:firm, :acme, 'C-9', :person)",
        "UPDATE cases SET client_id = :person WHERE client_id = :other",
    ],
)
def test_a_walled_person_puts_nothing_behind_the_wall(db, tenants, world, put_up, statement):
    put_up(client_id=world["E1"])
    ids = {"firm": tenants.northgate, "acme": tenants.acme, "person": world["E1"], "other": world["E2"]}
    used = {name: value for name, value in ids.items() if f":{name}" in statement}
    with db.firm(tenants.northgate, tenants.staff["attorney"]) as session:
        with pytest.raises(DBAPIError, match="row-level security"):
            session.execute(text(statement), used)
        session.rollback()


def test_for_whom_a_transaction_worked_ends_with_it(db, tenants, world, put_up):
    put_up(client_id=world["E1"])
    everybody = "SELECT count(*) FROM clients"
    behind = count(db, tenants.northgate, tenants.staff["attorney"], everybody)
    for _ in range(12):  # more than there are connections
        assert count(db, tenants.northgate, None, everybody) == behind + 1


def test_a_firm_sees_no_wall_of_another(db, tenants, world, put_up):
    put_up(client_id=world["E1"])
    assert count(db, tenants.harbor, None, "SELECT count(*) FROM walls") == 0


def test_without_a_wall_no_query_runs_a_row(db, tenants, world):
    for table in (*HANGING, *OF_PARTNER):
        with db.firm(tenants.northgate, tenants.staff["attorney"]) as session:
            plan = "\n".join(
                session.scalars(text(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT count(*) FROM {table}"))
            )
        for tried in re.findall(r"(?m)^ *SubPlan \d+\n(.+)$", plan):
            assert "never executed" in tried, plan
