"""Drafts of settings through the API: from a sample to a version in force, each step with the tag of the one before."""

import pytest
from helpers.inbox import people
from helpers.studio import STAFF

from gateway.web.api.config_drafts import MOST_BODY
from gateway.web.bulkheads import Bulkhead
from ingest.studio.drafts import MOST_SAMPLE

URL = "/v1/partners/cyberdyne/draft"
COLUMN = {"column": "Forename", "was": "client.given_name", "field": "client.middle_name"}


@pytest.fixture
def admin(as_staff):
    return as_staff("admin")


@pytest.fixture
def ask(http, admin):
    def asking(method, rest="", **more):
        return http.request(method, URL + rest, headers=admin | more.pop("headers", {}), **more)

    return asking


@pytest.fixture
def draft(ask):
    """Begun, with a sample and what was inferred from it; its tag."""
    assert ask("POST", json={"name": "Cyberdyne Ltd"}).status_code == 201
    assert ask("PUT", "/sample", files=sample()).status_code == 200
    return ask("POST", "/proposals").headers["ETag"]


def sample(content=STAFF, name="staff_20260504.csv"):
    return {"file": (name, content)}


def test_a_partner_comes_from_a_sample_step_by_step(ask, http, admin):
    begun = ask("POST", json={"name": "Cyberdyne Ltd"})
    assert (begun.status_code, begun.headers["ETag"], begun.json()["in_force"]) == (201, '"1"', 0)
    assert ask("POST", json={}).status_code == 200
    sent = ask("PUT", "/sample", files=sample(), headers={"If-Match": '"1"'})
    assert (sent.json()["draft"]["sample"], sent.headers["ETag"]) == ("staff_20260504.csv", '"2"')
    proposed = ask("POST", "/proposals", headers={"If-Match": '"2"'}).json()
    assert (proposed["valid"], proposed["proposal"]["rows"], proposed["proposal"]["loaded"]) == (True, 3, 3)
    columns = ask("GET", "/columns").json()
    assert (columns["feed"], len(columns["columns"])) == ("staff", 8)
    moved = ask("PUT", "/columns", json=COLUMN, headers={"If-Match": '"3"'})
    assert (moved.status_code, "middle_name:" in moved.json()["source"]) == (200, True)
    tried = ask("POST", "/previews").json()
    assert (tried["read"], tried["stored"], len(tried["parts"][0]["rows"])) == (3, 3, 3)
    assert "536-90" not in str(tried) + str(columns)
    listed = http.get("/v1/config-drafts", headers=admin).json()["data"]
    assert [(one["partner"], one["is_new"], one["version"]) for one in listed] == [("cyberdyne", True, 4)]
    why = {"in_force": 0, "reason": "They begin in May"}
    applied = ask("POST", "/applications", json=why, headers={"If-Match": '"4"'})
    assert (applied.status_code, applied.json()["version"], applied.json()["reason"]) == (201, 1, "They begin in May")
    assert applied.headers["Location"] == "/v1/partners/cyberdyne/configs/1"
    assert http.get("/v1/partners/cyberdyne", headers=admin).status_code == 200
    assert ask("GET").status_code == 404


def test_who_comes_second_is_told(ask, draft):
    assert ask("PUT", "/source", json={"source": "x: 1"}, headers={"If-Match": draft}).status_code == 200
    for method, rest, body in [
        ("PUT", "/source", {"json": {"source": "y: 1"}}),
        ("PUT", "/sample", {"files": sample()}),
        ("PUT", "/columns", {"json": COLUMN}),
        ("POST", "/proposals", {}),
        ("POST", "/applications", {"json": {"in_force": 0}}),
        ("DELETE", "", {}),
    ]:
        answer = ask(method, rest, headers={"If-Match": draft}, **body)
        assert (answer.status_code, answer.json()["error"]) == (412, "changed_meanwhile"), rest
    assert ask("GET").json()["source"] == "x: 1"
    assert ask("DELETE", headers={"If-Match": ask("GET").headers["ETag"]}).status_code == 204
    assert ask("GET").status_code == 404


def test_what_is_wrong_is_told_with_its_line(ask, draft):
    source = ask("GET").json()["source"].replace("    contents: changes", "    contents: chanegs")
    found = ask("PUT", "/source", json={"source": source}).json()
    assert found["valid"] is False
    [one] = found["findings"]
    assert (one["path"], one["suggestion"]) == ("feeds.staff.contents", "changes")
    assert source.splitlines()[one["line"] - 1].startswith("    contents: chanegs")
    for rest, body in (("/previews", None), ("/applications", {"in_force": 0})):
        answer = ask("POST", rest, json=body)
        assert (answer.status_code, answer.json()["error"]) == (422, "config_invalid")
        assert [each["line"] for each in answer.json()["details"]] == [one["line"]]
    assert ask("GET", "/columns").status_code == 200
    ask("PUT", "/source", json={"source": "feeds: [x"})
    assert ask("GET", "/columns").json()["error"] == "config_invalid"


def test_another_version_in_force_is_told_before_it_is_overwritten(ask, draft, inbox, roster):
    inbox.apply(roster.replace("partner: acme", "partner: cyberdyne"))
    answer = ask("POST", "/applications", json={"in_force": 0})
    assert (answer.status_code, answer.json()["error"]) == (409, "in_force_changed")
    found = ask("GET").json()
    assert (found["in_force"], found["draft"]["is_new"]) == (1, False)
    assert "-    absent: close" in found["difference"]["text"]
    assert {one["feed"]: one["change"] for one in found["difference"]["feeds"]} == {
        "roster": "removed",
        "staff": "added",
    }
    assert ask("POST", "/applications", json={"in_force": 1}).json()["version"] == 2


def test_the_same_application_is_answered_once(ask, draft):
    key = {"Idempotency-Key": "once"}
    first = ask("POST", "/applications", json={"in_force": 0}, headers=key)
    again = ask("POST", "/applications", json={"in_force": 0}, headers=key)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())


def test_a_sample_too_large_is_refused_in_words(ask, draft):
    large = ask("PUT", "/sample", files=sample(b"x" * (MOST_SAMPLE + 1)))
    assert (large.status_code, large.json()["error"]) == (422, "sample_too_large")
    assert "at most 2 MB" in large.json()["message"]
    assert ask("PUT", "/sample", files=sample(b"x" * MOST_BODY)).status_code == 413
    assert ask("PUT", "/sample", files=sample(b"")).json()["error"] == "empty_file"


def test_what_nothing_can_be_inferred_from_says_why(ask, draft):
    ask("PUT", "/sample", files=sample("a;b\n1;1\n1;1\n"))
    answer = ask("POST", "/proposals")
    assert (answer.status_code, answer.json()["error"]) == (422, "no_key")
    ask("DELETE")
    ask("POST", json={})
    for method, rest in (("POST", "/proposals"), ("POST", "/previews"), ("GET", "/columns")):
        assert ask(method, rest).json()["error"] == "no_sample"


@pytest.mark.parametrize("rest", ["/proposals", "/previews"])
def test_one_caller_has_one_sample_read_at_a_time(http, ask, draft, rest, monkeypatch):
    monkeypatch.setattr(http.app.state, "heavy", Bulkhead(0, 2))
    answer = ask("POST", rest)
    assert (answer.status_code, answer.json()["error"]) == (429, "too_many_at_once")


def test_drafts_are_for_admins_of_the_firm(http, as_staff, acme_key, draft):
    for who, status in (
        (as_staff("viewer"), 403),
        (as_staff("paralegal"), 403),
        (as_staff("attorney"), 403),
        (acme_key, 403),
        (as_staff("stranger"), 404),
    ):
        for method, rest, body in [
            ("GET", "", None),
            ("GET", "/columns", None),
            ("PUT", "/source", {"source": "x: 1"}),
            ("POST", "/applications", {"in_force": 0}),
            ("POST", "/previews", None),
            ("DELETE", "", None),
        ]:
            answer = http.request(method, URL + rest, json=body, headers=who)
            assert answer.status_code == status, (method, rest)
    assert http.get("/v1/config-drafts", headers=as_staff("stranger")).json()["data"] == []


def test_the_newest_file_of_a_partner_is_taken_as_the_sample(http, admin, inbox, roster):
    def ask(method, rest="", **more):
        headers = admin | more.pop("headers", {})
        return http.request(method, f"/v1/partners/acme/draft{rest}", headers=headers, **more)

    inbox.apply(roster)
    ask("POST", json={})
    assert (ask("POST", "/sample", json={}).status_code, ask("POST", "/sample", json={}).json()["error"]) == (
        409,
        "no_files",
    )
    inbox.drop("roster_20260301.csv", people(3))
    taken = ask("POST", "/sample", json={"feed": "roster"}, headers={"If-Match": '"1"'})
    assert (taken.status_code, taken.headers["ETag"]) == (200, '"2"')
    assert taken.json()["draft"]["sample"] == "roster_20260301.csv"
    assert len(ask("GET", "/columns").json()["columns"]) == 8
    assert ask("POST", "/sample", json={"feed": "nobody's"}).status_code == 404
    assert ask("POST", "/sample", json={}, headers={"If-Match": '"1"'}).status_code == 412
