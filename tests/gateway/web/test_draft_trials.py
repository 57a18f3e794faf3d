"""What a draft would do with the last files, through the API: asked for, waited for, told."""

import pytest
from helpers.doing import do_jobs
from helpers.inbox import person

URL = "/v1/partners/acme/draft"
CHANGED = ("annual_salary: {from: Salary, type: money}", "job_title: {from: Salary}")


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


@pytest.fixture
def ask(http, as_staff):
    admin = as_staff("admin")

    def asking(method, rest="", **more):
        return http.request(method, URL + rest, headers=admin, **more)

    return asking


@pytest.fixture
def draft(ask, acme, roster):
    acme.drop("roster_20260301.csv", [person(n, ssn="536904399" if n == 1 else "") for n in range(1, 21)])
    acme.drop("roster_20260302.csv", [person(n) | ({"DOB": "soon"} if n == 4 else {}) for n in range(1, 20)])
    assert ask("POST", json={}).status_code == 201
    assert ask("PUT", "/source", json={"source": roster.replace(*CHANGED)}).status_code == 200


def test_what_it_would_do_is_asked_for_and_told(ask, acme, draft):
    assert ask("GET", "/trial").status_code == 404
    asked = ask("POST", "/trial", json={})
    assert (asked.status_code, asked.headers["Location"]) == (202, f"{URL}/trial")
    waiting = ask("GET", "/trial").json()
    assert (waiting["state"], waiting["files"], waiting["progress"]) == ("waiting", [], {})
    do_jobs(acme.office, ["ingest"])
    told = ask("GET", "/trial").json()
    assert (told["state"], told["feed"], told["in_force"], told["is_old"]) == ("done", "roster", 1, False)
    new, old = told["files"]
    assert (new["file"], new["before"]["loading"], new["after"]["loading"]) == ("roster_20260302.csv", 18, 18)
    assert new["after"]["changed"] == [{"record": "client", "field": "job_title", "records": 18}]
    assert [(one["code"], one["before"], one["after"]) for one in new["problems"]] == [("bad_date", 1, 1)]
    assert (old["file"], old["before"]["rows"]["stale"], old["gone"]) == ("roster_20260301.csv", 19, None)
    assert "536904399" not in str(told)
    ask("PUT", "/source", json={"source": "x: 1"})
    assert ask("GET", "/trial").json()["is_old"] is True


def test_what_cannot_be_tried_says_why(ask, acme, draft):
    assert ask("POST", "/trial", json={"feed": "nobody's"}).status_code == 404
    ask("PUT", "/source", json={"source": "partner: acme\n"})
    answer = ask("POST", "/trial", json={})
    assert (answer.status_code, answer.json()["error"]) == (422, "config_invalid")
    assert answer.json()["details"][0]["line"] == 1
    ask("DELETE")
    assert ask("POST", "/trial", json={}).status_code == 404


def test_it_is_for_admins_of_the_firm(http, as_staff, acme_key, draft):
    for who, status in (
        (as_staff("viewer"), 403),
        (as_staff("paralegal"), 403),
        (acme_key, 403),
        (as_staff("stranger"), 404),
    ):
        for method, body in (("GET", None), ("POST", {})):
            assert http.request(method, f"{URL}/trial", json=body, headers=who).status_code == status, method
