"""Staff sign in, are known by their session, and sign out; whoever guesses waits."""

import base64
import json
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from helpers.callers import ME, PASSWORD, asking, kept_of
from sqlalchemy import insert, update

from gateway.db.models import AuditEntry, Firm, SigningKey, SignInTries, Staff, StaffSession
from gateway.domain.access import passwords, sessions, sign_in_delays, signing
from gateway.domain.access.accounts import deactivate_staff, find_staff, set_password
from gateway.domain.upkeep import housekeeping
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job
from gateway.web.auth.tokens import Keyring

EMAIL = "attorney@northgate.example"
WRONG = "not-the-password"
pytestmark = pytest.mark.usefixtures("with_password")


def sign_in(http, password=PASSWORD, email=EMAIL, **more):
    return http.post("/v1/auth/login", json={"email": email, "password": password, **more})


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def me(http, headers):
    return http.get("/v1/me", headers=headers)


def really_now():
    return datetime.now(UTC)  # noqa: TID251 - the real clock, from which the tests pretend


def in_minutes(minutes):
    return (really_now() + timedelta(minutes=minutes)).isoformat()


# ---------------------------------------------------------------- a session


def test_whoever_knows_the_password_is_known_until_an_hour_without_a_request(http, tenants, monkeypatch):
    answer = sign_in(http, email=" Attorney@Northgate.example")
    told = answer.json()
    assert (answer.status_code, told["token_type"], told["expires_in"]) == (200, "Bearer", 3600)
    assert answer.headers["cache-control"] == "no-store"
    known = me(http, bearer(answer)).json()
    assert (known["kind"], known["email"], known["role"]) == ("staff", EMAIL, "attorney")
    assert known["firm"] == {"id": str(tenants.northgate), "slug": "northgate", "name": "Northgate Law"}
    monkeypatch.setenv("GATEWAY_NOW", in_minutes(59))
    assert me(http, bearer(answer)).status_code == 200
    monkeypatch.setenv("GATEWAY_NOW", in_minutes(59 + 61))
    assert me(http, bearer(answer)).status_code == 401


def test_a_token_says_what_it_is_for(http, tenants):
    token = sign_in(http).json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["firm_id"]) == (str(tenants.staff["attorney"]), str(tenants.northgate))
    assert (claims["role"], claims["exp"] - claims["iat"]) == ("attorney", 12 * 3600)
    assert jwt.get_unverified_header(token)["alg"] == "HS256"


def test_whoever_signs_out_is_out_in_every_process_at_once(http, settings):
    with asking(settings) as elsewhere:
        first, second = sign_in(http), sign_in(http)
        assert me(elsewhere, bearer(first)).status_code == 200
        assert http.post("/v1/auth/logout", headers=bearer(first)).status_code == 204
        assert me(elsewhere, bearer(first)).status_code == 401
        assert me(elsewhere, bearer(second)).status_code == 200


@pytest.mark.parametrize(
    ("model", "values"), [(Staff, {"active": False}), (Firm, {"status": "deactivated"})], ids=["staff", "firm"]
)
def test_whoever_is_deactivated_is_out_at_once_and_stays_out(http, db, model, values):
    session_before = bearer(sign_in(http))
    with db.system() as session:
        session.execute(update(model).values(**values))
    assert me(http, session_before).status_code == 401
    assert sign_in(http).status_code == 401


def test_a_new_role_counts_from_the_next_request_on(http, db):
    admin = bearer(sign_in(http, email="admin@northgate.example"))
    assert http.get("/v1/credentials", headers=admin).status_code == 200
    with db.system() as session:
        session.execute(update(Staff).where(Staff.email == "admin@northgate.example").values(role="viewer"))
    assert http.get("/v1/credentials", headers=admin).status_code == 403


def test_whoever_works_at_two_firms_names_one(http, db, tenants):
    with db.firm(tenants.harbor) as session:
        kept = passwords.hashed(PASSWORD)
        session.add(Staff(firm_id=tenants.harbor, email=EMAIL, name="Ana", role="viewer", password_hash=kept))
    refused = sign_in(http)
    assert refused.status_code == 401
    assert "name the firm" in refused.json()["message"]
    assert me(http, bearer(sign_in(http, firm="harbor"))).json()["role"] == "viewer"
    assert me(http, bearer(sign_in(http, firm="northgate"))).json()["role"] == "attorney"


@pytest.mark.parametrize(
    ("email", "password", "firm"),
    [
        (EMAIL, WRONG, None),
        ("nobody@northgate.example", PASSWORD, None),
        (EMAIL, PASSWORD, "harbor"),
        (EMAIL, PASSWORD, "nowhere"),
        (EMAIL, PASSWORD + " ", None),
    ],
)
def test_a_refusal_is_the_same_whatever_was_wrong(http, email, password, firm):
    answer = sign_in(http, password, email, firm=firm)
    told = answer.json()
    assert (answer.status_code, told["error"]) == (401, "sign_in_failed")
    assert told["message"].startswith("E-mail address and password do not belong together.")


def test_somebody_without_a_password_cannot_sign_in(http, db):
    with db.system() as session:
        session.execute(update(Staff).values(password_hash=None))
    assert sign_in(http).status_code == 401


def test_a_password_is_checked_even_where_there_is_none(http, monkeypatch):
    checked = []
    whole = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda given, kept: checked.append(kept) or whole(given, kept))
    verified = []
    verify = passwords._HASHER.verify
    monkeypatch.setattr(
        type(passwords._HASHER), "verify", lambda _, kept, given: verified.append(kept) or verify(kept, given)
    )
    for email in (EMAIL, "nobody@northgate.example"):
        sign_in(http, WRONG, email)
    assert [kept is None for kept in checked] == [False, True]
    assert len(verified) == 2
    assert all(kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for kept in verified)


def test_a_password_kept_in_an_old_way_is_kept_anew(http, db, tenants):
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with db.system() as session:
        session.execute(update(Staff).values(password_hash=old))
    assert sign_in(http).status_code == 200
    kept = kept_of(db, tenants.staff["attorney"], EMAIL)
    assert kept not in (old, None)
    assert passwords.matches(PASSWORD, kept)


def test_a_password_changed_while_somebody_signs_in_with_it_opens_nothing(db, office, tenants):
    with db.signing_in() as session:
        [account] = sessions.accounts_of(session, EMAIL, None, "10.0.0.1")
    with office.acting(tenants.northgate, ME) as acting:
        set_password(acting, find_staff(acting, EMAIL), "a new long one")
    with db.firm(tenants.northgate) as session:
        assert sessions.start(session, account, PASSWORD, "10.0.0.1") is None


def test_many_sign_in_at_once_and_each_has_a_session(http, db):
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: sign_in(http), range(4)))
    assert [one.status_code for one in answers] == [200] * 4
    assert {me(http, bearer(one)).status_code for one in answers} == {200}
    with db.system() as session:
        assert session.query(StaffSession).count() == 4
        assert session.query(SigningKey).count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {"email": EMAIL},
        {"email": EMAIL, "password": ""},
        {"email": EMAIL, "password": "a\x00b"},
        {"email": "a\x00b", "password": PASSWORD},
        {"email": EMAIL, "password": "x" * 201},
        {"email": EMAIL, "password": PASSWORD, "role": "admin"},
        {"email": 7, "password": PASSWORD},
        {"email": "\ud800", "password": PASSWORD},
        {"email": EMAIL, "password": PASSWORD, "firm": "a\x00b"},
        [],
    ],
)
def test_a_sign_in_that_is_not_as_agreed_is_refused(http, body):
    answer = http.post("/v1/auth/login", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert PASSWORD not in answer.text


def test_a_page_of_somebody_else_cannot_sign_people_in(http):
    body = json.dumps({"email": EMAIL, "password": PASSWORD})
    assert http.post("/v1/auth/login", content=body, headers={"Content-Type": "text/plain"}).status_code == 415


# ---------------------------------------------------------------- tokens that are none of ours


def forged(token, key=None, header=None, **claims):
    """The same token with other claims, another header or another key."""
    whole = jwt.decode(token, options={"verify_signature": False}) | claims
    head = jwt.get_unverified_header(token) | (header or {})
    algorithm = head.pop("alg")
    with warnings.catch_warnings(action="ignore"):  # of a key that is short for SHA-512
        return jwt.encode(whole, key, algorithm=algorithm, headers=head)


def key_of(office):
    with office.db.system() as session:
        [(key_id, _)] = signing.live(session).items()
    keyring = Keyring(office)
    return key_id, keyring._key(key_id)


def test_a_forged_token_is_no_proof(http, office, tenants):
    token = sign_in(http).json()["access_token"]
    _, key = key_of(office)
    other = b"another key of thirty-two bytes!"
    head, claims, signature = token.split(".")
    good = {"Authorization": f"Bearer {forged(token, key)}"}
    assert me(http, good).status_code == 200  # the forger's tool works, given the key
    for bad in [
        forged(token, other),
        forged(token, None, {"alg": "none"}),
        f"{head}.{claims}.",
        f"{head}.{claims}",
        f"{head}.{claims}.{signature[:-2]}AA",
        forged(token, other, {"kid": str(uuid4())}),
        forged(token, key, {"kid": str(uuid4())}),
        forged(token, key, {"kid": "../../etc/passwd"}),
        forged(token, key, {"alg": "HS512"}),
        forged(token, key, exp=int(really_now().timestamp()) - 1),
        forged(token, key, aud="somebody else"),
        forged(token, key, iss="somebody else"),
        forged(token, key, sid=str(uuid4())),
        forged(token, key, sid="'; DROP TABLE sessions"),
        forged(token, key, firm_id=str(tenants.harbor)),
        forged(token, key, extra="claim"),
        "x" * 5000,
        base64.urlsafe_b64encode(b"[" * 2900).decode() + ".x.x",
        f"{head}.{base64.urlsafe_b64encode(b'[' * 2900).decode()}.x",
        "\xff.\xfe.\xfd".encode("latin-1"),
        "a.b.c",
        "",
    ]:
        answer = me(http, {"Authorization": b"Bearer " + (bad if isinstance(bad, bytes) else bad.encode())})
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthenticated"), bad


def test_a_role_in_a_token_counts_for_nothing(http, office):
    token = sign_in(http, email="viewer@northgate.example").json()["access_token"]
    _, key = key_of(office)
    grand = {"Authorization": f"Bearer {forged(token, key, role='admin')}"}
    assert http.get("/v1/credentials", headers=grand).status_code == 403


def test_a_new_key_signs_after_thirty_days_and_the_old_one_still_counts_as_long_as_a_session_may_last(
    http, db, monkeypatch
):
    monkeypatch.setenv("GATEWAY_NOW", in_minutes(-30 * 24 * 60 - 30))
    first = sign_in(http)
    monkeypatch.setenv("GATEWAY_NOW", in_minutes(-30))
    old = sign_in(http)
    with db.system() as session:  # as if it had been made a month before: the session of today is its last
        session.execute(update(SigningKey).values(created_at=really_now() - timedelta(days=31), ends_at=None))
    monkeypatch.delenv("GATEWAY_NOW")
    new = sign_in(http)
    kids = [jwt.get_unverified_header(one.json()["access_token"])["kid"] for one in (old, new)]
    assert kids[0] != kids[1]
    assert [me(http, bearer(one)).status_code for one in (first, old, new)] == [401, 200, 200]


def test_a_key_that_was_ended_ends_its_tokens(http, office, settings):
    old = sign_in(http)
    with office.db.system() as session:
        signing.replace(session, settings.master_key, end_old=True)
    with asking(settings) as another:  # a process that does not remember the key; one that does forgets in a minute
        assert me(another, bearer(old)).status_code == 401
        assert me(another, bearer(sign_in(another))).status_code == 200


# ---------------------------------------------------------------- cookies and CSRF


def cookies_of(answer):
    return {one.partition("=")[0]: one for one in answer.headers.get_list("set-cookie")}


def test_the_console_gets_cookies_that_no_script_and_no_neighbour_can_reach(http):
    set_cookies = cookies_of(sign_in(http))
    token, csrf = set_cookies["__Host-gateway_session"], set_cookies["__Host-gateway_csrf"]
    for one in (token, csrf):
        assert {"Path=/", "SameSite=lax", "Secure", "Max-Age=3600"} <= set(one.split("; "))
        assert "Domain" not in one
    assert "HttpOnly" in token
    assert "HttpOnly" not in csrf


def test_cookies_of_development_go_over_http_as_well(settings, db):
    import msgspec

    with asking(msgspec.structs.replace(settings, cookies="plain")) as http:
        set_cookies = cookies_of(sign_in(http))
        assert set(set_cookies) == {"gateway_session", "gateway_csrf"}
        assert not any("Secure" in one for one in set_cookies.values())


@pytest.mark.parametrize(
    ("method", "proof", "csrf", "status"),
    [
        ("GET", "cookie", None, 200),
        ("POST", "cookie", None, 403),
        ("POST", "cookie", "", 403),
        ("POST", "cookie", "wrong", 403),
        ("POST", "cookie", "another session's", 403),
        ("POST", "cookie", "right", 204),
        ("POST", "bearer", None, 204),
        ("POST", "bearer", "wrong", 204),
        ("POST", "both", None, 204),
        ("POST", "a bad bearer and the cookie", "right", 401),
        ("GET", "a bad bearer and the cookie", None, 401),
        ("POST", "nothing", "right", 401),
        ("POST", "a bad cookie", "right", 401),
    ],
)
def test_an_unsafe_request_by_cookie_repeats_the_token_of_its_own_session(settings, db, method, proof, csrf, status):
    with asking(settings) as signing_in:
        mine, other = sign_in(signing_in), sign_in(signing_in)
    token = mine.json()["access_token"]
    headers = {}
    if "cookie" in proof or proof == "both":
        value = token[:-2] + "AA" if proof == "a bad cookie" else token
        headers["Cookie"] = f"__Host-gateway_session={value}"
    if "bearer" in proof or proof == "both":
        headers["Authorization"] = "Bearer bad" if "bad" in proof else f"Bearer {token}"
    tokens = {"right": mine.json()["csrf_token"], "another session's": other.json()["csrf_token"]}
    if csrf is not None:
        headers["X-CSRF-Token"] = tokens.get(csrf, csrf)
    with asking(settings) as http:
        path = "/v1/me" if method == "GET" else "/v1/auth/logout"
        answer = http.request(method, path, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["error"] == "csrf"


def test_signing_out_makes_the_browser_forget(http):
    answer = http.post("/v1/auth/logout", headers=bearer(sign_in(http)))
    assert all("Max-Age=0" in one for one in cookies_of(answer).values())
    assert len(cookies_of(answer)) == 2


# ---------------------------------------------------------------- guessing


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


# ---------------------------------------------------------------- one's own password


def change(http, headers, current=PASSWORD, new="another-long-one"):
    return http.put("/v1/me/password", headers=headers, json={"current": current, "new": new})


def test_a_new_password_ends_all_other_sessions(http):
    here, there = bearer(sign_in(http)), bearer(sign_in(http))
    assert change(http, here).status_code == 204
    assert [me(http, one).status_code for one in (here, there)] == [200, 401]
    assert sign_in(http).status_code == 401
    assert sign_in(http, "another-long-one").status_code == 200


@pytest.mark.parametrize("new", ["too-short", f"{EMAIL.upper()}1", "aaaaaaaaaaaaa"])
def test_a_password_that_is_easily_guessed_is_refused(http, new):
    answer = change(http, bearer(sign_in(http)), new=new)
    assert (answer.status_code, answer.json()["error"]) == (422, "password_weak")


def test_a_stolen_session_cannot_guess_the_password(http):
    stolen = bearer(sign_in(http))
    found = [change(http, stolen, current=WRONG).status_code for _ in range(6)]
    assert found == [403] * 5 + [429]


# ---------------------------------------------------------------- on record


def test_who_signed_in_and_out_and_who_failed_is_on_record(http, db, tenants):
    session_token = bearer(sign_in(http))
    sign_in(http, WRONG)
    http.post("/v1/auth/logout", headers=session_token)
    with db.firm(tenants.northgate) as session:
        entries = session.query(AuditEntry).order_by(AuditEntry.id).all()
        assert [one.action for one in entries] == ["session.start", "session.refuse", "session.end"]
        assert {(one.actor, one.actor_id, one.origin) for one in entries} == {
            (EMAIL, tenants.staff["attorney"], "10.0.0.1")
        }


# ---------------------------------------------------------------- a session that is used goes on


def at(monkeypatch, minutes):
    monkeypatch.setenv("GATEWAY_NOW", in_minutes(minutes))


def test_a_session_that_is_used_goes_on_for_twelve_hours_at_most(http, monkeypatch):
    mine = bearer(sign_in(http))
    for minutes in range(50, 12 * 60, 50):
        at(monkeypatch, minutes)
        assert me(http, mine).status_code == 200, minutes
    at(monkeypatch, 12 * 60 - 1)
    assert me(http, mine).status_code == 200
    at(monkeypatch, 12 * 60 + 1)
    assert me(http, mine).status_code == 401


def test_a_session_that_was_used_ends_an_hour_after_that(http, monkeypatch):
    mine = bearer(sign_in(http))
    at(monkeypatch, 40)
    assert me(http, mine).status_code == 200
    at(monkeypatch, 99)
    assert me(http, mine).status_code == 200
    at(monkeypatch, 160)
    assert me(http, mine).status_code == 401


def expiry(db):
    with db.system() as session:
        return session.query(StaffSession).one().expires_at


def test_a_session_is_written_every_five_minutes_at_most(http, db, monkeypatch):
    mine, first = bearer(sign_in(http)), expiry(db)
    for minutes in (1, 4):
        at(monkeypatch, minutes)
        assert me(http, mine).status_code == 200
        assert expiry(db) == first
    at(monkeypatch, 6)
    assert me(http, mine).status_code == 200
    assert timedelta(minutes=5, seconds=50) < expiry(db) - first < timedelta(minutes=6, seconds=30)


@pytest.mark.parametrize("how", ["signed out", "deactivated", "another password"])
def test_a_session_that_goes_on_ends_at_once_all_the_same(http, office, tenants, monkeypatch, how):
    mine = bearer(sign_in(http))
    at(monkeypatch, 50)
    assert me(http, mine).status_code == 200
    at(monkeypatch, 90)
    if how == "signed out":
        assert http.post("/v1/auth/logout", headers=mine).status_code == 204
    else:
        with office.acting(tenants.northgate, ME) as acting:
            one = find_staff(acting, EMAIL)
            deactivate_staff(acting, one) if how == "deactivated" else set_password(acting, one, "a new long one")
    assert me(http, mine).status_code == 401
    with office.db.firm(tenants.northgate) as session:
        session_id = session.query(StaffSession).one().id
        assert sessions.renew(session, session_id) is None
    assert me(http, mine).status_code == 401


def in_a_browser(answer):
    """The header with both cookies of a new session, and the CSRF token."""
    token, csrf = answer.json()["access_token"], answer.json()["csrf_token"]
    return {"Cookie": f"__Host-gateway_session={token}; __Host-gateway_csrf={csrf}"}, csrf


def test_a_browser_is_given_its_cookies_again_when_the_session_goes_on(http, monkeypatch):
    signed_in = sign_in(http)
    cookies, csrf = in_a_browser(signed_in)
    assert cookies_of(me(http, cookies)) == {}
    at(monkeypatch, 30)
    again = cookies_of(me(http, cookies))
    assert again == cookies_of(signed_in), "the same values, for another hour"
    assert cookies_of(me(http, cookies)) == {}, "not at each request"
    at(monkeypatch, 80)
    answer = http.put("/v1/me/password", json={"current": PASSWORD, "new": "another-fig-tree-lamp"}, headers=cookies)
    assert answer.status_code == 403, "the CSRF token is asked for still"
    assert cookies_of(answer) == {}
    body = {"current": PASSWORD, "new": "another-fig-tree-lamp"}
    answer = http.put("/v1/me/password", json=body, headers=cookies | {"X-CSRF-Token": csrf})
    assert (answer.status_code, set(cookies_of(answer))) == (204, set(again))


def test_a_browser_that_signs_out_is_given_no_cookie_again(http, monkeypatch):
    cookies, csrf = in_a_browser(sign_in(http))
    at(monkeypatch, 30)
    answer = http.post("/v1/auth/logout", headers=cookies | {"X-CSRF-Token": csrf})
    assert len(answer.headers.get_list("set-cookie")) == 2
    assert all("Max-Age=0" in one for one in cookies_of(answer).values())


def test_cookies_end_with_the_session_and_a_strange_csrf_cookie_is_not_given_again(http, monkeypatch):
    cookies, _ = in_a_browser(sign_in(http))
    for minutes in (*range(45, 12 * 60 - 60, 50), 12 * 60 - 70):
        at(monkeypatch, minutes)
        assert me(http, cookies).status_code == 200
    at(monkeypatch, 12 * 60 - 20)
    token_only = cookies["Cookie"].partition(";")[0] + "; __Host-gateway_csrf=somebody-elses"
    [(name, one)] = cookies_of(me(http, {"Cookie": token_only})).items()
    seconds = int(re.search(r"Max-Age=(\d+)", one)[1])
    assert (name, 1150 < seconds <= 1200) == ("__Host-gateway_session", True)


def test_a_token_in_a_header_brings_no_cookies(http, monkeypatch):
    mine = bearer(sign_in(http))
    at(monkeypatch, 30)
    assert cookies_of(me(http, mine)) == {}
