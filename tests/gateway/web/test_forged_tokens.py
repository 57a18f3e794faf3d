"""A token that is none of ours, or of a key that has ended, is no proof."""

import base64
import warnings
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from helpers.callers import asking
from helpers.signing_in import bearer, in_minutes, me, really_now, sign_in
from sqlalchemy import update

from gateway.db.models import SigningKey
from gateway.domain.access import signing
from gateway.web.auth.tokens import Keyring

pytestmark = pytest.mark.usefixtures("with_password")


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
