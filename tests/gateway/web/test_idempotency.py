"""A request that creates something may be sent again: the same key brings the same answer, and one thing."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from helpers.inbox import people

from gateway import clock
from gateway.domain.upkeep import housekeeping
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job

CLIENTS = "/v1/clients"
ANA = {"partner": "acme", "employee_id": "E900", "given_name": "Ana", "family_name": "Silva"}


@pytest.fixture
def paralegal(as_staff):
    return as_staff("paralegal")


def create(http, headers, key, body=ANA, path=CLIENTS):
    return http.post(path, json=body, headers=headers | {"Idempotency-Key": key})


def test_the_same_key_brings_the_same_answer_and_one_client(http, paralegal, inbox):
    first, again = (create(http, paralegal, "add-ana") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert again.json() == first.json()
    assert (again.headers["location"], again.headers["etag"]) == (first.headers["location"], first.headers["etag"])
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert inbox.sql("SELECT count(*) FROM clients") == [(1,)]


def test_a_key_that_came_with_another_request_is_refused(http, paralegal, inbox):
    create(http, paralegal, "k")
    answer = create(http, paralegal, "k", ANA | {"given_name": "Anna"})
    assert (answer.status_code, answer.json()["error"]) == (422, "idempotency_key_reused")
    assert create(http, paralegal, "k", {"case_number": "C1", "partner": "acme"}, "/v1/cases").status_code == 422


def test_a_request_that_failed_leaves_its_key_free(http, paralegal, inbox):
    assert create(http, paralegal, "k", ANA | {"partner": "nobody"}).status_code in {404, 422}
    assert create(http, paralegal, "k").status_code == 201


def test_keys_are_their_callers_alone(http, as_staff, inbox):
    assert create(http, as_staff("paralegal"), "k").status_code == 201
    assert create(http, as_staff("attorney"), "k").status_code == 409  # no answer of another's, and the person is there


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "ü", "a b"])
def test_a_key_that_is_none_is_refused(http, paralegal, inbox, key):
    answer = http.post(CLIENTS, json=ANA, headers=paralegal | {"Idempotency-Key": key.encode()})
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_idempotency_key")


def test_of_many_at_once_one_creates(http, paralegal, inbox):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(create(http, paralegal, "race"))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert inbox.sql("SELECT count(*) FROM clients") == [(1,)]


def test_of_many_at_once_one_makes_a_credential_and_the_others_are_told_of_it(http, as_staff, inbox):
    admin, answers = as_staff("admin"), []
    asked = {"partner": "acme", "name": "nightly", "scopes": ["files:write"]}
    assert create(http, admin, "first", asked, "/v1/credentials").status_code == 201  # one more is the most
    threads = [
        threading.Thread(target=lambda: answers.append(create(http, admin, "race", asked, "/v1/credentials")))
        for _ in range(12)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["secret"] for answer in answers}) == 1
    assert inbox.sql("SELECT count(*) FROM credentials") == [(2,)]


def test_cases_documents_and_walls_are_made_once_as_well(http, as_staff, inbox, tenants):
    admin = as_staff("admin")
    client_id = create(http, admin, "one").json()["id"]
    for path, body in [
        ("/v1/cases", {"case_number": "C1", "client_id": client_id}),
        ("/v1/documents", {"client_id": client_id, "doc_type": "passport", "number": "FX123456"}),
        ("/v1/walls", {"staff_id": str(tenants.staff["viewer"]), "client_id": client_id, "reason": "Acted for them"}),
    ]:
        first, again = (create(http, admin, path, body, path) for _ in range(2))
        assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json()), first.text


def test_a_credential_is_made_once_and_its_secret_shown_again_to_whoever_lost_the_answer(http, as_staff, inbox):
    admin, path = as_staff("admin"), "/v1/credentials"
    asked = {"partner": "acme", "name": "nightly", "scopes": ["files:write"]}
    first, again = (create(http, admin, "key", asked, path) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json()), first.text
    assert again.headers["cache-control"] == "no-store"
    rotations = f"{path}/{first.json()['id']}/rotations"
    first, again = (create(http, admin, "turn", {"grace_hours": 1}, rotations) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json()), first.text
    assert inbox.sql("SELECT count(*) FROM credentials") == [(2,)]


def test_kept_answers_cannot_be_read_in_the_database(http, as_staff, inbox):
    told = create(http, as_staff("paralegal"), "k").json()
    [(body,)] = inbox.sql("SELECT body FROM idempotency_keys")
    assert told["id"].encode() not in body
    assert b"Silva" not in body


def test_answers_are_forgotten_after_a_day_even_if_nobody_asks_again(http, as_staff, inbox, db, settings, monkeypatch):
    create(http, as_staff("paralegal"), "k")
    job, now = Job(uuid4(), None, "jobs.purge", {}, 1, 1, "tests", None), clock.now()
    for hours, left in ((23, 1), (25, 0)):
        monkeypatch.setenv("GATEWAY_NOW", (now + timedelta(hours=hours)).isoformat())
        housekeeping.purge(Handling(inbox.office, job))
        assert inbox.sql("SELECT count(*) FROM idempotency_keys") == [(left,)], hours


def test_an_import_is_taken_again_once(http, as_staff, inbox):
    told = inbox.drop("roster_20260301.csv", people(3))
    path = f"/v1/imports/{told['import_id']}/replay"
    first, again = (create(http, as_staff("admin"), "again", None, path) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (202, 202, first.json()), first.text
    assert inbox.sql("SELECT count(*) FROM imports") == [(2,)]


def test_erasing_a_person_forgets_the_answers_about_her_alone(http, as_staff, inbox, tenants):
    admin, other = as_staff("admin"), ANA | {"employee_id": "E901", "given_name": "Ben"}
    client_id = create(http, admin, "hers").json()["id"]
    create(http, admin, "her case", {"case_number": "C1", "client_id": client_id}, "/v1/cases")
    create(http, admin, "her passport", {"client_id": client_id, "doc_type": "passport"}, "/v1/documents")
    his = create(http, admin, "his", other)
    inbox.sql(
        "INSERT INTO idempotency_keys (firm_id, caller_id, key, fingerprint, status, body)"
        " SELECT firm_id, caller_id, 'of before anybody noted whom it shows', fingerprint, status, body"
        " FROM idempotency_keys WHERE key = 'his'"
    )
    answer = http.post(f"{CLIENTS}/{client_id}/erasure", json={"reason": "She asked for it"}, headers=admin)
    assert answer.status_code == 201, answer.text
    assert inbox.sql("SELECT key FROM idempotency_keys") == [("his",)]
    again = create(http, admin, "his", other)
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (201, his.json(), "true")
    assert inbox.sql("SELECT count(*) FROM clients") == [(2,)]
