"""Real-time checks: what is true now, to whom it may be told."""

import datetime as dt

import psycopg
import pytest
from helpers.inbox import people, person

from gateway import clock
from gateway.domain.access.credentials import add_key, digest_of, revoke
from gateway.office import Actor

CHECK, BATCH = "/v1/eligibility/check", "/v1/eligibility/check/batch"
UNKNOWN = {
    "eligible": False,
    "program": None,
    "eligibility_start_date": None,
    "eligibility_end_date": None,
    "reason": "unknown",
}


@pytest.fixture
def enrolled(inbox):
    inbox.drop("roster_20260301.csv", people(5))
    return inbox


def ask(number=1, born="1980-02-03"):
    return {"employee_id": f"E{number}", "date_of_birth": born}


def test_an_employee_on_the_roster_is_eligible(http, acme_key, enrolled):
    enrolled.sql("UPDATE clients SET program = 'H-1B', eligibility_start_date = '2026-01-01' WHERE employee_id = 'E1'")
    answer = http.post(CHECK, json=ask(), headers=acme_key)
    assert answer.status_code == 200
    assert answer.json() == UNKNOWN | {
        "eligible": True, "reason": "enrolled", "program": "H-1B", "eligibility_start_date": "2026-01-01",
    }  # fmt: skip


@pytest.mark.parametrize("question", [ask(99), ask(1, "1980-02-04")])
def test_an_unknown_person_and_a_wrong_birth_date_sound_alike(http, acme_key, enrolled, question):
    answer = http.post(CHECK, json=question, headers=acme_key)
    assert (answer.status_code, answer.json()) == (404, UNKNOWN)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("enrollment_status = 'terminated'", "not_enrolled"),
        ("eligibility_start_date = '2999-01-01'", "not_started"),
        ("eligibility_end_date = '2001-01-01'", "ended"),
    ],
)
def test_whoever_is_not_in_the_programme_today_is_told_why(http, acme_key, enrolled, change, reason):
    enrolled.sql(f"UPDATE clients SET {change} WHERE employee_id = 'E2'")
    answer = http.post(CHECK, json=ask(2), headers=acme_key)
    assert (answer.status_code, answer.json()["eligible"], answer.json()["reason"]) == (200, False, reason)


def test_what_an_import_committed_is_the_next_answer(http, acme_key, enrolled):
    assert http.post(CHECK, json=ask(6), headers=acme_key).status_code == 404
    enrolled.drop("roster_20260302.csv", people(6, without=(5,)))
    assert http.post(CHECK, json=ask(6), headers=acme_key).json()["eligible"] is True
    assert http.post(CHECK, json=ask(5), headers=acme_key).json()["reason"] == "not_enrolled"


def test_a_batch_is_answered_in_its_order(http, acme_key, enrolled):
    asked = [ask(3), ask(99), ask(1), ask(3)]
    told = http.post(BATCH, json={"checks": asked}, headers=acme_key).json()["results"]
    assert [one["reason"] for one in told] == ["enrolled", "unknown", "enrolled", "enrolled"]


def test_a_thousand_are_a_batch_and_one_more_is_not(http, acme_key, enrolled):
    assert http.post(BATCH, json={"checks": [ask(n) for n in range(1000)]}, headers=acme_key).status_code == 200
    assert http.post(BATCH, json={"checks": [ask(n) for n in range(1001)]}, headers=acme_key).status_code == 400
    assert http.post(BATCH, json={"checks": []}, headers=acme_key).status_code == 400


def test_people_of_another_partner_are_unknown(http, enrolled, db, tenants, key_of):
    for firm, partner in ((tenants.northgate, tenants.globex), (tenants.harbor, tenants.initech)):
        answer = http.post(CHECK, json=ask(), headers=key_of(firm, partner))
        assert (answer.status_code, answer.json()) == (404, UNKNOWN)


def test_a_partner_that_names_another_is_told_so(http, acme_key, enrolled):
    answer = http.post(CHECK, json=ask() | {"partner_id": "globex"}, headers=acme_key)
    assert (answer.status_code, answer.json()["error"]) == (422, "wrong_partner")
    assert http.post(CHECK, json=ask() | {"partner_id": "acme"}, headers=acme_key).status_code == 200


def test_every_question_is_on_record_with_whom_it_was_about(http, acme_key, enrolled):
    http.post(CHECK, json=ask(1), headers=acme_key)
    http.post(CHECK, json=ask(99), headers=acme_key)
    found = enrolled.sql(
        "SELECT c.employee_id, a.actor_kind, a.actor FROM audit_log a LEFT JOIN clients c ON c.id = a.client_id"
        " WHERE a.action = 'eligibility.check' ORDER BY a.id"
    )
    assert found == [("E1", "partner", "acme"), (None, "partner", "acme")]


def test_who_may_not_ask_leaves_no_trace_of_having_been_answered(http, enrolled, tenants, key_of, acme_key):
    assert http.post(CHECK, json=ask() | {"partner_id": "globex"}, headers=acme_key).status_code == 422
    narrow = key_of(tenants.northgate, tenants.acme, scopes=["status:read"])
    assert http.post(CHECK, json=ask(), headers=narrow).status_code == 403
    assert enrolled.sql("SELECT count(*) FROM audit_log WHERE action = 'eligibility.check'") == [(0,)]


def test_the_secret_of_an_oauth_client_answers_nothing(http, enrolled, tenants, office, addresses):
    """Not even if it looked like a key, by which the application tells them apart."""
    with office.acting(tenants.northgate, Actor("system", "test")) as acting:
        made = add_key(acting, tenants.acme, name="erp", scopes=["records:write"], expires_at=None, kind="oauth_client")
    answer = http.post(CHECK, json=ask(), headers={"Authorization": f"Bearer {made.secret}"})
    assert answer.status_code == 401
    with psycopg.connect(addresses.app) as connection:
        asked = "SELECT partner, known FROM answer_checks(%s, 'records:write', '', '{}', '{E1}', '{1980-02-03}')"
        assert connection.execute(asked, [digest_of(made.secret)]).fetchall() == [("acme", None)]


def test_a_key_without_the_scope_or_revoked_or_wrong_gets_no_answer(http, enrolled, tenants, key_of, office):

    narrow = key_of(tenants.northgate, tenants.acme, scopes=["status:read"])
    assert http.post(CHECK, json=ask(), headers=narrow).status_code == 403
    good = key_of(tenants.northgate, tenants.acme)
    assert http.post(CHECK, json=ask(), headers=good).status_code == 200
    [(credential_id,)] = enrolled.sql("SELECT id FROM credentials WHERE 'records:write' = ANY(scopes)")
    with office.acting(tenants.northgate, Actor("system", "test")) as acting:
        revoke(acting, credential_id)
    assert http.post(CHECK, json=ask(), headers=good).status_code == 401
    assert http.post(CHECK, json=ask()).status_code == 401


def test_when_a_key_was_last_used_is_known_to_the_minute(http, acme_key, enrolled):
    http.post(CHECK, json=ask(), headers=acme_key)
    [(used,)] = enrolled.sql("SELECT last_used_at FROM credentials")
    assert clock.now() - used < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"employee_id": "E1"}',
        b'{"employee_id": "E\\u0000", "date_of_birth": "1980-02-03"}',
        b'{"employee_id": 1, "date_of_birth": "1980-02-03"}',
        b'{"employee_id": "E1", "date_of_birth": "1980-02-30"}',
        b'{"employee_id": "E1", "date_of_birth": 1e30}',
        b'{"employee_id": "\\ud800", "date_of_birth": "1980-02-03"}',
        b'{"employee_id": "E1", "date_of_birth": "1980-02-03", "more": 1}',
        b"\xff\xfe",
        b'{"employee_id": "' + b"x" * 2_000_000 + b'", "date_of_birth": "1980-02-03"}',
    ],
)
def test_a_body_that_is_not_as_agreed_is_a_problem_of_the_caller(http, acme_key, body):
    answer = http.post(CHECK, content=body, headers=acme_key | {"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("unknown", ["A", "E2", "E20", "E5", "Z"])  # ahead of all, between two, behind all
def test_as_much_is_read_about_somebody_unknown_as_about_a_wrong_birth_date(addresses, inbox, acme_key, unknown):
    inbox.drop("roster_20260301.csv", [person(number) for number in (1, 3, 4)])
    digest = digest_of(acme_key["Authorization"].removeprefix("Bearer "))

    def rows_read(key):
        # what is read of many people; of three, all would be
        with psycopg.connect(addresses.app, options="-c enable_seqscan=off -c enable_bitmapscan=off") as connection:
            asked = "SELECT known FROM answer_checks(%s, 'records:write', '', '{}', %s, '{1999-09-09}')"
            assert connection.execute(asked, [digest, [key]]).fetchone() == ([False],)
            read = "SELECT idx_tup_fetch, seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'clients'"
            return connection.execute(read).fetchone()

    rows_read("E1")
    assert rows_read(unknown) == rows_read("E1") == (1, 0)
