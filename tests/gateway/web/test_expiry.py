"""Papers that end, as programs of the firm ask for them."""

from datetime import timedelta

from helpers.inbox import person

from gateway import clock
from gateway.domain.expiry.sweep import sweep


def test_staff_see_what_ends_and_partners_do_not(http, inbox, as_staff, acme_key):
    ends = clock.now().date() + timedelta(days=40)
    inbox.drop("roster_20260301.csv", [person(1, i94_expiry=f"{ends:%m/%d/%Y}")])
    [found] = http.get("/v1/expiry/due?within=60", headers=as_staff("viewer")).json()["data"]
    assert (found["doc_type"], found["expires_on"], found["name"], found["waiting"]) == ("i94", str(ends), "Name1", [])
    assert http.get("/v1/expiry/due?within=20", headers=as_staff("viewer")).json() == {"data": []}
    assert http.get("/v1/expiry/due?within=-1", headers=as_staff("viewer")).status_code == 400
    assert http.get("/v1/expiry/due", headers=acme_key).status_code == 403


def test_what_ends_is_asked_of_one_person(http, inbox, as_staff):
    ends = clock.now().date() + timedelta(days=40)
    inbox.drop("roster_20260301.csv", [person(number, i94_expiry=f"{ends:%m/%d/%Y}") for number in (1, 2)])
    ids = dict(inbox.sql("SELECT employee_id, id::text FROM clients"))
    found = http.get(f"/v1/expiry/due?within=60&client={ids['E2']}", headers=as_staff("viewer")).json()["data"]
    assert [(one["client_id"], one["name"]) for one in found] == [(ids["E2"], "Name2")]
    [(told,)] = inbox.sql("SELECT changes FROM audit_log WHERE action = 'document.list'")
    assert {one["id"] for one in told if one["kind"] == "client"} == {ids["E2"]}  # nobody else was seen


def test_an_admin_sets_lead_times_of_a_firm_and_takes_them_back(http, as_staff):
    admin, at = as_staff("admin"), "/v1/expiry/lead-times/i94"
    usual = {one["type"]: one for one in http.get("/v1/expiry/lead-times", headers=admin).json()}["i94"]
    assert usual["own"] is False
    told = http.put(at, headers=admin, json={"days": [30, 90, 30]}).json()
    assert told == {"type": "i94", "days": [90, 30], "own": True}
    assert http.put(at, headers=admin, json={"days": None}).json() == usual
    assert http.put(at, headers=as_staff("attorney"), json={"days": [30]}).status_code == 403
    unknown = http.put("/v1/expiry/lead-times/i49", headers=admin, json={"days": [30]})
    assert (unknown.status_code, unknown.json()["error"]) == (422, "lead_times_wrong")
    assert 'Did you mean "i94"?' in unknown.json()["message"]
    assert http.put(at, headers=admin, json={"days": []}).status_code == 400


def test_a_program_of_the_firm_answers(http, inbox, office, as_staff, acme_key):
    ends = clock.now().date() + timedelta(days=40)
    inbox.drop("roster_20260301.csv", [person(1, i94_expiry=f"{ends:%m/%d/%Y}")])
    sweep(office)
    listed = http.get("/v1/expiry/notices", headers=as_staff("viewer")).json()["data"]
    assert {(one["doc_type"], one["lead"], one["state"]) for one in listed} == {("i94", 60, "waiting")}
    [one] = [one for one in listed if one["role"] == "paralegal"]
    at = f"/v1/expiry/notices/{one['notice_id']}"
    late = http.post(f"{at}/snooze", headers=as_staff("paralegal"), json={"until": f"{ends}T00:00:00Z"})
    assert (late.status_code, late.json()["is_cut"]) == (200, True)
    said = http.post(f"{at}/acknowledge", headers=as_staff("paralegal"))
    assert (said.status_code, said.json()["is_new"]) == (200, True)
    assert http.get("/v1/expiry/notices", headers=as_staff("viewer")).json()["data"] == []
    everything = http.get("/v1/expiry/notices?everything=true", headers=as_staff("viewer")).json()["data"]
    assert {(one["answer"], one["by"]) for one in everything} == {("acknowledge", "paralegal@northgate.example")}
    refused = http.post(f"{at}/acknowledge", headers=as_staff("viewer"))
    assert (refused.status_code, refused.json()["error"]) == (403, "not_yours")
    assert http.post(f"{at}/acknowledge", headers=acme_key).status_code == 403
    assert http.post(f"{at}/acknowledge", headers=as_staff("stranger")).status_code == 404


def test_an_admin_says_who_is_told_next_and_takes_it_back(http, as_staff):
    admin, at = as_staff("admin"), "/v1/expiry/escalation"
    usual = http.get(at, headers=as_staff("viewer")).json()
    assert (usual["chain"], usual["own"]) == (["attorney", "supervisor", "admin"], False)
    told = http.put(at, headers=admin, json={"waits": [{"at_least": 10, "days": 4}]}).json()
    assert told == {"chain": usual["chain"], "waits": [{"at_least": 10, "days": 4}], "own": True}
    assert http.put(at, headers=admin, json={}).json() == usual
    assert http.put(at, headers=admin, json={"chain": ["judge"]}).status_code == 400
    assert http.put(at, headers=as_staff("attorney"), json={}).status_code == 403


def test_supervisors_are_set_and_listed(http, as_staff):
    admin, at = as_staff("admin"), "/v1/expiry/supervisors"
    change = {"of": "paralegal@northgate.example", "by": "attorney@northgate.example"}
    assert http.put(at, headers=admin, json=change).json()[change["of"]] == change["by"]
    own = http.put(at, headers=admin, json=change | {"by": change["of"]})
    assert (own.status_code, own.json()["error"]) == (422, "supervisor_wrong")
    assert http.put(at, headers=admin, json=change | {"by": None}).json()[change["of"]] is None
    assert http.get(at, headers=as_staff("attorney")).status_code == 403
