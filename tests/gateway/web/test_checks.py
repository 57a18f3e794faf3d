"""Checks through the API: accepted at once, refused with what is missing, followed to their end, within the firm's walls."""

import json

import pytest
from helpers.callers import ME
from helpers.checked import SHOWN, Checked

from gateway.domain.people import walls
from gateway.domain.people.walls import NewWall


@pytest.fixture
def northgate(office, tenants):
    return Checked(office, tenants)


@pytest.fixture
def admin(as_staff):
    return as_staff("admin")


def ask(http, headers, whom, **body):
    return http.post(f"/v1/clients/{whom}/eligibility-checks", json=body, headers=headers)


def test_a_check_is_accepted_and_completed_by_a_worker(http, admin, northgate):
    answer = ask(http, admin, northgate.person(), visas=["EB1A"])
    told = answer.json()
    assert (answer.status_code, told["state"]) == (202, "pending")
    assert told["estimated_completion_seconds"] >= 1
    assert answer.headers["location"] == told["status_url"] == f"/v1/eligibility-checks/{told['check_id']}"
    assert http.get(told["status_url"], headers=admin).json()["status"] == "pending"
    northgate.work()
    seen = http.get(told["status_url"], headers=admin).json()
    assert (seen["status"], seen["provider"], seen["degraded"], seen["cached"]) == ("completed", "rules", False, False)
    [said] = seen["recommendations"]
    assert (said["visa"], said["review"]) == ("EB1A", "proposed")
    assert said["eligibility_score"] == said["recommendation"]["score"] > 0
    assert "attorney review required" in seen["notice"]


def test_asked_the_same_again_it_is_completed_at_once(http, admin, northgate):
    whom = northgate.person()
    ask(http, admin, whom, visas=["EB1A"])
    northgate.work()
    told = ask(http, admin, whom, visas=["EB1A"]).json()
    assert (told["state"], told["estimated_completion_seconds"]) == ("completed", 0)
    assert http.get(told["status_url"], headers=admin).json()["cached"] is True
    listed = http.get(f"/v1/clients/{whom}/eligibility-checks", headers=admin).json()["data"]
    assert [one["cached"] for one in listed] == [True, False]


def test_of_whom_too_little_is_known_it_is_told_what_is_missing(http, admin, northgate):
    answer = ask(http, admin, northgate.person(shown={}), visas=["EB1A", "TN"])
    told = answer.json()
    assert (answer.status_code, told["error"]) == (400, "incomplete_profile")
    assert set(told["missing_fields"]) == {"EB1A", "TN"}
    assert "citizenship" in told["missing_fields"]["TN"]["person"]


def test_a_visa_that_there_is_not_is_told_with_the_nearest_one(http, admin, northgate):
    answer = ask(http, admin, northgate.person(), visas=["EB1AA"])
    assert answer.status_code == 404
    assert "EB1A" in answer.json()["message"]


def test_who_asks_too_often_hears_when_to_come_back(http, admin, northgate):
    northgate.wants(checks_per_hour=2)
    whom = northgate.person()
    assert [ask(http, admin, whom, visas=["EB1A"]).status_code for _ in range(2)] == [202, 202]
    answer = ask(http, admin, whom, visas=["EB1A"])
    assert (answer.status_code, answer.json()["error"]) == (429, "too_many_checks")
    assert 3_500 < int(answer.headers["retry-after"]) <= 3_600


def test_sent_again_under_its_key_it_is_the_same_check(http, admin, northgate):
    whom, key = northgate.person(), {"Idempotency-Key": "once"}
    first, again = (ask(http, admin | key, whom, visas=["EB1A"]).json() for _ in range(2))
    assert first == again


def test_viewers_look_and_ask_for_nothing(http, as_staff, northgate):
    whom = northgate.person()
    check = northgate.ask(whom, "EB1A")
    viewer = as_staff("viewer")
    assert ask(http, viewer, whom).status_code == 403
    assert http.post(f"/v1/eligibility-checks/{check}/retry", headers=viewer).status_code == 403
    assert http.get(f"/v1/eligibility-checks/{check}", headers=viewer).status_code == 200


@pytest.mark.parametrize("who", ["stranger", "viewer"])
def test_who_may_not_see_the_person_sees_no_check(http, as_staff, northgate, tenants, office, who):
    whom = northgate.person()
    check = northgate.done(whom, "EB1A").check.id
    with office.acting(tenants.northgate, ME) as acting:
        walls.add(acting, NewWall(tenants.staff["viewer"], whom, None, "Acted for the other side"))
    headers = as_staff(who)
    for path in (
        f"eligibility-checks/{check}",
        f"eligibility-checks/{check}/events",
        f"clients/{whom}/eligibility-checks",
    ):
        assert http.get(f"/v1/{path}", headers=headers).status_code == 404, path


def test_it_can_be_followed_to_its_end(web, as_staff, northgate):
    check = northgate.ask(northgate.person(SHOWN), "EB1A")
    told = []
    with web.stream("GET", f"/v1/eligibility-checks/{check}/events", headers=as_staff("admin")) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: "))["state"])
                if told == ["pending"]:
                    northgate.work()
    assert (told[0], told[-1]) == ("pending", "completed")


def test_the_firms_checks_are_listed_with_what_they_came_to_and_narrowed(http, admin, northgate, as_staff):
    done = northgate.done(northgate.person(), "EB1A", "TN").check.id
    opened = northgate.ask(northgate.person(), "EB1A")
    listed = http.get("/v1/eligibility-checks", headers=as_staff("viewer")).json()["data"]
    assert [one["id"] for one in listed] == [str(opened), str(done)]
    assert listed[0]["says"] == []
    scored, unknown = listed[1]["says"]
    assert (scored["visa"], scored["review"], scored["waits"]) == ("EB1A", "proposed", True)
    assert scored["eligibility_score"] > 0
    assert (unknown["visa"], unknown["eligibility_score"], unknown["waits"]) == ("TN", None, False)
    for query, found in (("to_review=true", [done]), ("state=open", [opened]), ("visa=TN&state=open", [])):
        listed = http.get(f"/v1/eligibility-checks?{query}", headers=admin).json()["data"]
        assert [one["id"] for one in listed] == [*map(str, found)], query
    for query, status in (
        ("visa=TX", 404),
        ("state=asleep", 400),
        ("client=01900000-0000-7000-8000-000000000001", 404),
    ):
        assert http.get(f"/v1/eligibility-checks?{query}", headers=admin).status_code == status, query


def test_behind_a_wall_no_check_is_listed(http, office, tenants, as_staff, northgate):
    northgate.done(whom := northgate.person(), "EB1A")
    with northgate.acting() as acting:
        walls.add(acting, NewWall(tenants.staff["attorney"], whom, None, "Acted for the other side"))
    assert http.get("/v1/eligibility-checks", headers=as_staff("attorney")).json()["data"] == []
    assert len(http.get("/v1/eligibility-checks", headers=as_staff("admin")).json()["data"]) == 1
