"""Attorneys and policies, as programs of the firm ask and say it."""

import pytest

ANA = {"email": "attorney@northgate.example", "licence": "NY 4821093"}
WEEK = {"mon": 8, "tue": 8, "wed": 4}
POLICY = "/v1/assignment-policy"


@pytest.fixture(autouse=True)
def _on_a_monday(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-01T15:00:00+00:00")


@pytest.fixture
def ana(http, as_staff):
    answer = http.post("/v1/attorneys", headers=as_staff("admin"), json=ANA)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/attorneys/{answer.json()['id']}"
    return answer.json()


def test_admins_say_who_can_take_cases_and_all_staff_see_it(http, as_staff, acme_key, ana):
    at, admin, viewer = f"/v1/attorneys/{ana['id']}", as_staff("admin"), as_staff("viewer")
    told = http.put(at, headers=admin, json={"capacity": 18, "availability": WEEK, "languages": ["Spanish"]}).json()
    assert (told["capacity"], told["availability"], told["languages"]) == (18, WEEK, ["es"])
    assert told["workload"] == {"held": 0, "weighted": 0, "urgent": 0, "may_hold": 9, "free": 9}
    told = http.put(f"{at}/expertise", headers=admin, json={"levels": {"PERM": 3}}).json()
    assert told["expertise"] == {"PERM": 3}
    assert http.get(at, headers=viewer).json() == told
    assert http.get("/v1/attorneys", headers=viewer).json() == [told]
    told = http.put(at, headers=admin, json={"availability": {}, "licence": None}).json()
    assert (told["availability"], told["takes_cases"]) == ({}, False)
    for role in ("viewer", "paralegal", "attorney"):
        assert http.put(at, headers=as_staff(role), json={"capacity": 9}).status_code == 403
    assert http.get("/v1/attorneys", headers=acme_key).status_code == 403


def test_what_cannot_be_is_refused_with_what_is_meant(http, as_staff, ana):
    at, admin = f"/v1/attorneys/{ana['id']}", as_staff("admin")
    wrong = http.put(f"{at}/expertise", headers=admin, json={"levels": {"H1BEXT": 3}})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "attorney_wrong")
    assert 'Did you mean "H1B_EXT"' in wrong.text.replace("\\", "")
    for body in ({"capacity": 201}, {"availability": {"monday": 8}}, {"availability": {"mon": 25}}, {"captacity": 1}):
        assert http.put(at, headers=admin, json=body).status_code == 400, body
    again = http.post("/v1/attorneys", headers=admin, json=ANA)
    assert (again.status_code, again.json()["error"]) == (409, "attorney_exists")
    role = http.post("/v1/attorneys", headers=admin, json={"email": "viewer@northgate.example"})
    assert (role.status_code, role.json()["error"]) == (409, "role_takes_no_cases")
    assert http.get("/v1/attorneys/0197a3c2-5e10-7c4e-9d2b-4f00000000ff", headers=admin).status_code == 404


def test_attorneys_say_themselves_when_they_are_away(http, as_staff, ana):
    at, mine = f"/v1/attorneys/{ana['id']}/time-off", as_staff("attorney")
    first = http.post(at, headers=mine, json={"first": "2027-03-01", "last": "2027-03-05"})
    assert first.status_code == 201
    more = http.post(at, headers=mine, json={"first": "2027-03-06", "last": "2027-03-08"}).json()
    assert (more["first"], more["last"], more["merged"]) == ("2027-03-01", "2027-03-08", 1)
    shown = http.get(f"/v1/attorneys/{ana['id']}", headers=mine).json()
    assert shown["away"] == {"id": more["id"], "first": "2027-03-01", "last": "2027-03-08"}
    assert http.get(at, headers=as_staff("viewer")).json() == [shown["away"]]
    assert (
        http.post(at, headers=as_staff("paralegal"), json={"first": "2027-04-01", "last": "2027-04-02"}).status_code
        == 403
    )
    wrong = http.post(at, headers=mine, json={"first": "2027-03-05", "last": "2027-03-01"})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "time_off_wrong")
    assert http.delete(f"{at}/{more['id']}", headers=as_staff("admin")).status_code == 204
    assert http.get(at, headers=mine).json() == []


def test_a_policy_is_changed_by_versions(http, as_staff):
    admin, viewer = as_staff("admin"), as_staff("viewer")
    usual = http.get(POLICY, headers=viewer).json()
    assert (usual["version"], usual["rule"], usual["by"]) == (0, "expertise_first", None)
    body = {"rule": "workload_based", "settings": {"weights": {"expertise": 0.4}, "certifications": {"I526": ["eb5"]}}}
    told = http.put(POLICY, headers=admin, json=body).json()
    assert (told["version"], told["rule"], told["by"]) == (1, "workload_based", "admin@northgate.example")
    assert told["settings"] == usual["settings"] | {
        "weights": {"expertise": 0.4, "capacity": 0.3, "deadline": 0.2},
        "certifications": {"I526": ["eb5"]},
    }
    assert http.put(POLICY, headers=admin, json=body).json() == told
    last = http.put(POLICY, headers=admin, json={"settings": {"certifications": None, "weights": None}}).json()
    assert (last["version"], last["settings"]) == (2, usual["settings"])
    assert http.get(f"{POLICY}/versions", headers=viewer).json() == [last, told]
    assert http.put(POLICY, headers=as_staff("attorney"), json={"rule": "round_robin"}).status_code == 403
    wrong = http.put(POLICY, headers=admin, json={"rule": "round-robin"})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "policy_wrong")
    assert http.put(POLICY, headers=admin, json={"settings": {"senior_from": 12}}).status_code == 400
