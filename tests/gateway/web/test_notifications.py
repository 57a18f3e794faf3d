"""Notifications and texts through the API: statuses, faults at their places, keys that are sent again, who may."""

from __future__ import annotations

import pytest

NEWS = {"title": "Closed on Friday", "paragraphs": ["We are back on Monday."]}
BODY = {"recipients": [{"staff": "paralegal@northgate.example"}], "template": "announcement", "data": NEWS}


def test_a_notification_is_taken_shown_and_called_off(http, as_staff):
    taken = http.post("/v1/notifications", json=BODY, headers=as_staff("paralegal"))
    assert taken.status_code == 202, taken.text
    assert taken.headers["Location"] == f"/v1/notifications/{taken.json()['id']}"
    shown = http.get(taken.headers["Location"], headers=as_staff("viewer")).json()
    assert sum(counts["waiting"] for counts in shown["counts"].values()) == taken.json()["dispatches"]
    assert {one["to"] for one in shown["dispatches"]} == {"staff"}
    called_off = http.post(f"{taken.headers['Location']}/cancel", headers=as_staff("paralegal"))
    assert called_off.json() == {"cancelled": taken.json()["dispatches"]}


def test_the_same_key_sends_once(http, as_staff, inbox):
    more = as_staff("paralegal") | {"Idempotency-Key": "k1"}
    first, again = (http.post("/v1/notifications", json=BODY, headers=more) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert inbox.sql("SELECT count(*) FROM notifications") == [(1,)]
    other = http.post("/v1/notifications", json=BODY | {"priority": "low"}, headers=more)
    assert (other.status_code, other.json()["error"]) == (422, "idempotency_key_reused")


def test_every_fault_stands_at_its_place(http, as_staff):
    body = {"recipients": [{"staff": "x@y.example"}, {}], "template": "announcement", "data": {"title": "a"}}
    refused = http.post("/v1/notifications", json=body, headers=as_staff("paralegal"))
    assert (refused.status_code, refused.json()["error"]) == (422, "notification_wrong")
    assert [one["field"] for one in refused.json()["details"]] == [
        "recipients[0].staff",
        "recipients[1]",
        "data.paragraphs",
    ]


def test_a_partners_program_tells_its_own_contacts(http, key_of, tenants, inbox):
    inbox.sql("UPDATE partners SET contacts = '{\"late\": [\"hr@acme.example\"]}' WHERE slug = 'acme' RETURNING id")
    acme, globex = (key_of(tenants.northgate, one, ["notifications:write"]) for one in (tenants.acme, tenants.globex))
    taken = http.post("/v1/notifications", json=BODY | {"recipients": [{"contact": "late"}]}, headers=acme)
    assert taken.status_code == 202, taken.text
    assert http.get(taken.headers["Location"], headers=acme).status_code == 200
    assert http.get(taken.headers["Location"], headers=globex).status_code == 404
    assert http.post("/v1/notifications", json=BODY, headers=acme).status_code == 422


def test_a_text_is_given_listed_and_given_up(http, as_staff):
    place = "/v1/templates/expiry/subject"
    assert http.put(place, json={"source": "{{ paper.what }}"}, headers=as_staff("paralegal")).status_code == 403
    given = http.put(place, json={"source": "{{ paper.what }}"}, headers=as_staff("admin")).json()
    assert (given["own"], given["version"]) == (True, 1)
    [version] = http.get(f"{place}/versions", headers=as_staff("viewer")).json()
    assert (version["source"], version["created_by"]) == ("{{ paper.what }}", "admin@northgate.example")
    assert http.delete(place, headers=as_staff("admin")).json()["own"] is False
    again = http.post(f"{place}/versions/1/activations", headers=as_staff("admin"))
    assert (again.status_code, again.json()["version"]) == (201, 3)


def test_a_wrong_text_is_refused_with_its_lines(http, as_staff):
    body = {"source": "a\n{{ paper.waht }}\n{{ x }}"}
    refused = http.put("/v1/templates/expiry/text", json=body, headers=as_staff("admin"))
    assert (refused.status_code, refused.json()["error"]) == (422, "template_wrong")
    assert [one["field"] for one in refused.json()["details"]] == ["line 2", "line 3"]
    assert 'Did you mean "what"' in refused.json()["message"]


def test_a_text_is_tried_out(http, as_staff):
    tried = http.post(
        "/v1/templates/expiry/subject/preview", json={"source": "{{ paper.initials }}"}, headers=as_staff("viewer")
    )
    assert tried.json() == {"said": ["A. S.", "A. S."]}


@pytest.mark.parametrize("place", ["expiry/subjct", "expriy/subject", "expriy/subject/versions", "expiry/x/versions"])
def test_a_text_that_there_is_not_is_missing(http, as_staff, place):
    assert http.get(f"/v1/templates/{place}", headers=as_staff("admin")).status_code == 404
