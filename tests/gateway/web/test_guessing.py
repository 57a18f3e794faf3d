"""Whoever guesses passwords waits; whoever only works beside them does not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from helpers.callers import asking
from helpers.signing_in import EMAIL, WRONG, in_minutes, really_now, sign_in
from sqlalchemy import Engine, event, insert

from gateway.db.models import SignInTries
from gateway.domain.access import sign_in_delays
from gateway.domain.upkeep import housekeeping
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job

pytestmark = pytest.mark.usefixtures("with_password")


def statuses(http, times, password=WRONG, email=EMAIL):
    return [sign_in(http, password, email).status_code for _ in range(times)]


def test_after_five_tries_the_wait_begins_and_doubles(http, monkeypatch):
    assert statuses(http, 6, email="nobody@northgate.example") == [401] * 5 + [429]
    refused = sign_in(http, email="nobody@northgate.example")
    assert refused.json()["error"] == "too_many_tries"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    waits, minutes = [], 0
    for wait in (2, 3, 5, 9, 16, 16):
        minutes += wait
        monkeypatch.setenv("GATEWAY_NOW", in_minutes(minutes))
        assert sign_in(http, WRONG, "other@northgate.example").status_code == 401
        waits.append(int(sign_in(http, WRONG, "third@northgate.example").headers["retry-after"]))
    assert [round(wait / 60) for wait in waits] == [2, 4, 8, 15, 15, 15]


def test_the_right_password_helps_nobody_who_must_wait(http):
    statuses(http, 5)
    assert sign_in(http).status_code == 429


def test_a_sign_in_forgets_the_tries_before_it(http):
    for _ in range(3):
        assert statuses(http, 4) == [401] * 4
        assert sign_in(http).status_code == 200


def test_tries_are_forgotten_after_a_quarter_of_an_hour(http, monkeypatch):
    statuses(http, 5)
    monkeypatch.setenv("GATEWAY_NOW", in_minutes(17))
    assert statuses(http, 6) == [401] * 5 + [429]


def test_tries_count_for_the_address_whichever_account_they_are_for(http, settings):
    for number in range(5):
        assert sign_in(http, WRONG, f"a{number}@b.example").status_code == 401
    assert sign_in(http).status_code == 429
    with asking(settings, "10.0.0.2") as elsewhere:
        assert sign_in(elsewhere).status_code == 200


def test_tries_count_for_the_account_wherever_they_come_from(settings, db):
    for number in range(5):
        with asking(settings, f"10.0.1.{number}") as http:
            assert sign_in(http, WRONG).status_code == 401
    with asking(settings, "10.0.2.1") as http:
        refused = sign_in(http)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) <= 60


def test_an_account_never_waits_longer_than_a_minute(settings, db, monkeypatch):
    for number in range(8):
        with asking(settings, f"10.0.1.{number}") as http:
            assert sign_in(http, WRONG).status_code == 401
        if number >= 4:
            with asking(settings, "10.0.2.1") as http:
                assert int(sign_in(http).headers["retry-after"]) <= 60
            monkeypatch.setenv("GATEWAY_NOW", in_minutes(2 * number))
    with asking(settings, "10.0.2.1") as http:
        assert sign_in(http).status_code == 200


def test_a_whole_ipv6_network_is_one_address(settings, db):
    for number in range(5):
        with asking(settings, f"2001:db8::{number:x}:1") as http:
            assert sign_in(http, WRONG, f"a{number}@b.example").status_code == 401
    with asking(settings, "2001:db8::ffff:1") as http:
        assert sign_in(http, WRONG, "b@b.example").status_code == 429
    with asking(settings, "2001:db8:0:1::1") as http:
        assert sign_in(http, WRONG, "b@b.example").status_code == 401


def test_an_attacker_elsewhere_does_not_lock_a_person_out_of_the_usual_place(settings, http, monkeypatch):
    assert sign_in(http).status_code == 200
    with asking(settings, "203.0.113.9") as attacker:
        assert statuses(attacker, 6) == [401] * 5 + [429]
        assert sign_in(http).status_code == 200
        monkeypatch.setenv("GATEWAY_NOW", in_minutes(31 * 24 * 60))
        assert statuses(attacker, 5) == [401] * 5
        assert sign_in(http).status_code == 429  # usual no more: nobody was here for a month


def test_a_colleagues_typos_do_not_lock_out_the_whole_office(http):
    assert sign_in(http).status_code == 200
    statuses(http, 6, email="viewer@northgate.example")
    assert sign_in(http).status_code == 200


def test_an_account_of_ones_own_does_not_wash_an_address_clean(http, settings, db):
    assert statuses(http, 4, email="admin@northgate.example") == [401] * 4
    assert sign_in(http, email="viewer@northgate.example").status_code == 200
    assert statuses(http, 2, email="paralegal@northgate.example") == [401, 429]


def test_tries_at_once_are_counted_each(settings, db):
    with asking(settings) as http, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: sign_in(http, WRONG).status_code, range(12)))
    assert sorted(found) == [401] * 5 + [429] * 7


def test_a_try_waits_for_one_that_is_being_counted(db):
    by = sign_in_delays.counters(EMAIL, "10.0.0.1", is_usual=True)

    def count():
        with db.system() as session:
            sign_in_delays.count(session, by)

    for _ in range(4):
        count()
    with ThreadPoolExecutor(1) as threads:
        with db.system() as session:
            sign_in_delays.count(session, by)  # the fifth, not committed yet
            sixth = threads.submit(count)
            with pytest.raises(TimeoutError):
                sixth.result(timeout=0.3)
        with pytest.raises(sign_in_delays.TooManyTries):
            sixth.result(timeout=30)


def test_tries_hold_for_every_process(http, settings):
    statuses(http, 5)
    with asking(settings) as another:
        assert sign_in(another).status_code == 429


def test_what_was_typed_is_not_kept_with_the_tries(http, db):
    sign_in(http, WRONG, "my-secret-typed-into-the-wrong-field")
    with db.system() as session:
        assert {len(one.digest) for one in session.query(SignInTries)} == {32}


def test_tries_that_count_no_more_are_forgotten_though_nobody_signs_in(office, db, monkeypatch):
    monkeypatch.setattr(housekeeping, "_AT_ONCE", 1_000)
    with db.system() as session:
        session.execute(insert(SignInTries), [tried(number, days=2) for number in range(2_500)])
        session.execute(insert(SignInTries), [tried(number, days=0) for number in range(2_500, 2_510)])
    housekeeping.purge(Handling(office, Job(uuid4(), None, "jobs.purge", {}, 1, 1, "tests", None)))
    with db.system() as session:
        assert session.query(SignInTries).count() == 10


def test_whoever_signs_in_does_not_wait_for_what_others_have_tried(http, db):
    with db.system() as session:
        session.execute(insert(SignInTries), [tried(number, days=2) for number in range(100)])
    assert sign_in(http).status_code == 200
    with db.system() as session:
        assert session.query(SignInTries).count() > 100


def tried(number, days):
    return {"digest": number.to_bytes(32), "tries": 1, "last_at": really_now() - timedelta(days=days)}


def test_a_refusal_of_nobody_writes_as_often_as_one_of_somebody(http):
    """Or the time that an answer takes would tell who has an account."""
    written = []

    def watch(connection, cursor, statement, *rest):
        if statement.lstrip().startswith(("INSERT", "UPDATE")):
            written.append(statement.split()[0])

    def writes(email):
        written.clear()
        body = {"email": email, "password": "not it"}
        assert http.post("/v1/auth/login", json=body).status_code == 401
        return len(written)

    event.listen(Engine, "before_cursor_execute", watch)
    try:
        assert writes("nobody@northgate.example") == writes("paralegal@northgate.example") > 0
    finally:
        event.remove(Engine, "before_cursor_execute", watch)
