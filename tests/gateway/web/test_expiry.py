"""Papers that end, as programs of the firm ask for them."""

from datetime import timedelta

from helpers.inbox import person

from gateway import clock


def test_staff_see_what_ends_and_partners_do_not(http, inbox, as_staff, acme_key):
    ends = clock.now().date() + timedelta(days=40)
    inbox.drop("roster_20260301.csv", [person(1, i94_expiry=f"{ends:%m/%d/%Y}")])
    [found] = http.get("/v1/expiry/due?within=60", headers=as_staff("viewer")).json()["data"]
    assert (found["doc_type"], found["expires_on"], found["name"], found["waiting"]) == ("i94", str(ends), "Name1", [])
    assert http.get("/v1/expiry/due?within=20", headers=as_staff("viewer")).json() == {"data": []}
    assert http.get("/v1/expiry/due?within=-1", headers=as_staff("viewer")).status_code == 400
    assert http.get("/v1/expiry/due", headers=acme_key).status_code == 403


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
