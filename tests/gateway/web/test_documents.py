"""Documents over HTTP: added, found by when they end, changed; their numbers seen by their ends only."""

from datetime import date, timedelta

import pytest
from helpers.inbox import person

from gateway import clock

URL = "/v1/documents"


@pytest.fixture
def me(as_staff):
    return as_staff("paralegal")


@pytest.fixture
def client(http, me):
    return http.post("/v1/clients", json={"partner": "acme", "employee_id": "E1"}, headers=me).json()["id"]


@pytest.fixture
def add(http, me, client):
    def adding(**fields):
        answer = http.post(URL, json={"client_id": client, "doc_type": "passport"} | fields, headers=me)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return adding


def told(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_document_is_added_and_its_number_shown_by_its_end(http, me, client, inbox):
    body = {
        "client_id": client,
        "doc_type": "passport",
        "number": " K1234567 ",
        "country": "IN",
        "expires_on": "2030-01-31",
    }
    answer = http.post(URL, json=body, headers=me)
    made = told(answer, 201)
    assert answer.headers["location"] == f"{URL}/{made['id']}"
    assert (made["number_last_four"], made["country"], made["status"]) == ("4567", "IND", "current")
    assert "K1234567" not in answer.text
    assert told(http.get(answer.headers["location"], headers=me), 200) == made
    assert told(http.get(f"{URL}/{made['id']}/number", headers=me), 200) == {"number": "K1234567"}
    assert told(http.post(URL, json=body, headers=me), 409)["error"] == "document_exists"
    acts = inbox.sql(
        "SELECT action, client_id::text, changes::text FROM audit_log WHERE action LIKE 'document%%' ORDER BY at, id"
    )
    assert [act for act, _, _ in acts] == ["document.create", "document.view", "document.number"]
    assert {who for _, who, _ in acts} == {client}
    assert "K1234567" not in repr(acts)


def test_one_without_a_number_is_the_only_one_of_its_type(http, me, add, client):
    add(doc_type="i94", duration_of_status=True)
    again = http.post(URL, json={"client_id": client, "doc_type": "i94"}, headers=me)
    assert told(again, 409)["error"] == "document_exists"
    add(doc_type="i94", number="12345678901")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"doc_type": "library_card"}, "doc_type"),
        ({"client_id": "01900000-0000-7000-8000-000000000001"}, "client_id"),
        ({"case_id": "01900000-0000-7000-8000-000000000001"}, "case_id"),
        ({"expires_on": "2030-01-31", "duration_of_status": True}, "expires_on"),
        ({"status": "lost"}, "status"),
        ({"status": None}, "status"),
        ({"country": "Atlantis"}, "country"),
    ],
)
def test_what_a_document_cannot_be_is_told_field_by_field(http, me, client, fields, field):
    refused = told(http.post(URL, json={"client_id": client, "doc_type": "passport"} | fields, headers=me), 422)
    assert [one["field"] for one in refused["details"]] == [field]


def test_a_day_and_the_duration_of_status_take_each_others_place(http, me, add):
    one = f"{URL}/{add(doc_type='i94', expires_on='2030-01-31')['id']}"
    stays = told(http.patch(one, json={"duration_of_status": True}, headers=me), 200)
    assert (stays["duration_of_status"], stays["expires_on"]) == (True, None)
    assert "expires_on" in stays["pins"]
    ends = told(http.patch(one, json={"expires_on": "2031-01-31"}, headers=me), 200)
    assert (ends["duration_of_status"], ends["expires_on"]) == (False, "2031-01-31")
    assert http.patch(one, json={"duration_of_status": None}, headers=me).status_code == 400


def test_documents_are_found_by_when_they_end_and_what_they_are(http, me, add, client):
    today = clock.day_in("America/New_York", clock.now())
    ends = {
        days: add(number=f"N{days}", expires_on=str(today + timedelta(days=days)))["id"] for days in (-1, 0, 30, 31)
    }
    stay = add(doc_type="i94", duration_of_status=True)["id"]
    void = add(doc_type="visa_foil", status="void")["id"]
    for params, found in [
        ({"expiring_within": 30}, [ends[30], ends[0]]),
        ({"expiring_within": 0}, [ends[0]]),
        ({"type": "i94"}, [stay]),
        ({"status": "void"}, [void]),
        ({"client": client, "limit": 2}, [void, stay]),
    ]:
        page = told(http.get(URL, params=params, headers=me), 200)
        assert [one["id"] for one in page["data"]] == found, params
    assert "N30" not in http.get(URL, headers=me).text
    told(http.get(URL, params={"type": "library_card"}, headers=me), 422)
    assert (
        http.get(URL, params={"expiring_within": 30, "total": "true"}, headers=me).json()["pagination"]["total_items"]
        == 2
    )


def test_a_correction_of_a_document_outlasts_its_feed(http, me, inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="K1", passport_expiry="05/31/2030", i94_expiry="D/S")])
    found = {one["doc_type"]: one for one in http.get(URL, headers=me).json()["data"]}
    told(http.patch(f"{URL}/{found['passport']['id']}", json={"expires_on": "2031-05-31"}, headers=me), 200)
    told(http.patch(f"{URL}/{found['i94']['id']}", json={"expires_on": "2027-01-01"}, headers=me), 200)
    outcome = inbox.drop(
        "roster_20260302.csv", [person(1, salary="1", passport="K1", passport_expiry="05/31/2030", i94_expiry="D/S")]
    )
    assert {one["code"] for one in outcome["problems"]} == {"pinned_field"}
    after = {one["doc_type"]: one for one in http.get(URL, headers=me).json()["data"]}
    assert (after["passport"]["expires_on"], after["i94"]["expires_on"]) == ("2031-05-31", "2027-01-01")
    assert http.delete(f"{URL}/{found['i94']['id']}/pins/expires_on", headers=me).status_code == 204
    inbox.drop(
        "roster_20260303.csv", [person(1, salary="2", passport="K1", passport_expiry="05/31/2030", i94_expiry="D/S")]
    )
    assert http.get(f"{URL}/{found['i94']['id']}", headers=me).json()["duration_of_status"] is True


def test_a_number_changes_by_its_index(http, me, add, inbox):
    one = add(number="K1234567")
    same = told(http.patch(f"{URL}/{one['id']}", json={"number": "K1234567"}, headers=me), 200)
    assert same["version"] == one["version"]
    other = told(http.patch(f"{URL}/{one['id']}", json={"number": "K7654321"}, headers=me), 200)
    assert other["number_last_four"] == "4321"
    [(changes,)] = inbox.sql("SELECT changes FROM audit_log WHERE action = 'document.update'")
    assert (changes[0]["old"], changes[0]["new"]) == ({"number": "•••"}, {"number": "•••"})
    add(number="K1")
    taken = http.patch(f"{URL}/{one['id']}", json={"number": "K1"}, headers=me)
    assert told(taken, 409)["error"] == "document_exists"


def test_whoever_is_late_or_a_stranger_changes_no_document(http, me, as_staff, add):
    one = f"{URL}/{add(number='K1234567')['id']}"
    seen = http.get(one, headers=me).headers["etag"]
    told(http.patch(one, json={"issued_on": "2020-01-01"}, headers=me | {"If-Match": seen}), 200)
    for method, path, body in [("PATCH", "", {"issued_on": str(date(2021, 1, 1))}), ("DELETE", "/pins/number", None)]:
        told(http.request(method, one + path, json=body, headers=me | {"If-Match": seen}), 412)
    for method, path, body in [
        ("GET", "", None),
        ("GET", "/number", None),
        ("PATCH", "", {}),
        ("DELETE", "/pins/number", None),
    ]:
        told(http.request(method, one + path, json=body, headers=as_staff("stranger")), 404)
    assert http.get(URL, headers=as_staff("stranger")).json()["data"] == []
