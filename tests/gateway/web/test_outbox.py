"""The outbox over HTTP: a partner's own files, and for staff what no wall hides."""

from uuid import uuid4

import pytest
from helpers.inbox import person

from gateway.domain.partners import outbox
from gateway.office import Actor

URL = "/v1/outbox"


@pytest.fixture
def put(office, tenants):
    def putting(name="errors.csv", content=b"Row\n2\n", partner_id=tenants.acme):
        key = f"{tenants.northgate}/out/{uuid4()}"
        with office.acting(tenants.northgate, Actor("system", "tests")) as acting:
            stored = office.store.put(key, iter([content]), acting.cipher)
            return str(outbox.put(acting, partner_id, name, key, stored.size, stored.sha256, "text/csv"))

    return putting


def test_a_partner_lists_and_fetches_what_waits_for_it(http, put, acme_key, tenants):
    mine, theirs = put("Fehler «März».csv"), put(partner_id=tenants.globex)
    page = http.get(URL, headers=acme_key).json()
    assert [(one["id"], one["name"], one["size"], one["fetched_at"]) for one in page["data"]] == [
        (mine, "Fehler «März».csv", 6, None)
    ]
    answer = http.get(f"{URL}/{mine}", headers=acme_key)
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"Row\n2\n", "6")
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Fehler _M_rz_.csv\"; filename*=UTF-8''Fehler%20%C2%ABM%C3%A4rz%C2%BB.csv"
    )
    assert http.get(URL, headers=acme_key).json()["data"][0]["fetched_at"]
    assert http.get(f"{URL}/{theirs}", headers=acme_key).status_code == 404


def test_an_empty_file_is_fetched_as_one(http, put, acme_key):
    assert http.get(f"{URL}/{put(content=b'')}", headers=acme_key).content == b""


def test_staff_may_narrow_the_list_to_a_partner(http, put, as_staff, tenants):
    put("a.csv")
    put("g.csv", partner_id=tenants.globex)
    answer = http.get(URL, params={"partner": "globex", "total": "true"}, headers=as_staff("paralegal")).json()
    assert [one["name"] for one in answer["data"]] == ["g.csv"]
    assert answer["pagination"]["total_items"] == 1
    assert http.get(URL, headers=as_staff("stranger")).json()["data"] == []


@pytest.mark.parametrize("against", ["partner", "client"])
def test_whoever_is_walled_off_sees_none_of_the_partners_files(http, put, as_staff, tenants, inbox, against):
    inbox.drop("roster_20260301.csv", [person(1)])
    file_id, walled = put(), as_staff("attorney")
    [(client_id,)] = inbox.sql("SELECT id FROM clients")
    side = {"partner_id": str(tenants.acme)} if against == "partner" else {"client_id": str(client_id)}
    wall = {"staff_id": str(tenants.staff["attorney"]), "reason": "Acted for the other side"} | side
    assert http.get(f"{URL}/{file_id}", headers=walled).status_code == 200
    assert http.post("/v1/walls", json=wall, headers=as_staff("admin")).status_code == 201
    assert http.get(f"{URL}/{file_id}", headers=walled).status_code == 404
    assert http.get(URL, headers=walled).json()["data"] == []
    assert http.get(f"{URL}/{file_id}", headers=as_staff("paralegal")).status_code == 200
