"""Staff sign in, are known by their session, and sign out; a password of one's own is changed."""

import json
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from helpers.callers import ME, PASSWORD, asking, kept_of
from helpers.signing_in import EMAIL, WRONG, bearer, in_minutes, me, sign_in
from sqlalchemy import update

from gateway.db.models import AuditEntry, Firm, SigningKey, Staff, StaffSession
from gateway.domain.access import passwords, sessions
from gateway.domain.access.accounts import find_staff, set_password

pytestmark = pytest.mark.usefixtures("with_password")


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
