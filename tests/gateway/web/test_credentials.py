"""Partners prove themselves by a key or by an access token; admins make, replace and revoke both."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus, urlencode
from uuid import UUID, uuid4

import pytest
from helpers.callers import ME, asking, key_headers
from sqlalchemy import update

from gateway.db.models import AccessToken, AuditEntry, Credential, Partner
from gateway.domain.access.credentials import add_key, revoke
from gateway.domain.access.permissions import SCOPES

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
def client(office, tenants):
    """Acme's OAuth2 client, which may send files and ask about them."""
    with office.acting(tenants.northgate, ME) as acting:
        scopes = ["files:write", "status:read"]
        return add_key(acting, tenants.acme, name="Workday", scopes=scopes, expires_at=None, kind="oauth_client")


@pytest.fixture
def admin(as_staff):
    return as_staff("admin")


def ask(http, client, **fields):
    """A token, by client_secret_post."""
    proof = {"client_id": client.credential.prefix, "client_secret": client.secret}
    return http.post("/oauth/token", content=urlencode(GRANT | proof | fields), headers=FORM)


def basic(client_id, secret):
    joined = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return FORM | {"Authorization": "Basic " + base64.b64encode(joined.encode()).decode()}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def me(http, token):
    return http.get("/v1/me", headers=bearer(token))


def later(minutes):
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()  # noqa: TID251 - from the real clock on


# ---------------------------------------------------------------- API keys


def test_a_key_says_whose_it_is_and_what_it_may(http, acme_key, tenants):
    told = http.get("/v1/me", headers=acme_key).json()
    assert (told["kind"], told["partner"], told["scopes"]) == ("partner", "acme", sorted(SCOPES))
    assert told["firm"]["id"] == str(tenants.northgate)


def test_a_revoked_key_ends_at_once_in_every_process(http, settings, office, tenants, acme_key):
    key_id = UUID(http.get("/v1/me", headers=acme_key).json()["id"])
    with asking(settings) as elsewhere:
        assert elsewhere.get("/v1/me", headers=acme_key).status_code == 200
        with office.acting(tenants.northgate, ME) as acting:
            revoke(acting, key_id)
        assert elsewhere.get("/v1/me", headers=acme_key).status_code == 401


def test_the_keys_of_a_deactivated_partner_end_with_it(http, db, acme_key):
    with db.system() as session:
        session.execute(update(Partner).where(Partner.slug == "acme").values(status="deactivated"))
    assert http.get("/v1/me", headers=acme_key).status_code == 401


# ---------------------------------------------------------------- OAuth2


def test_a_client_gets_a_token_for_a_quarter_of_an_hour(http, client, monkeypatch):
    answer = ask(http, client)
    told = answer.json()
    assert answer.status_code == 200
    assert set(told) == {"access_token", "token_type", "expires_in", "scope"}
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 900, "files:write status:read")
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    known = me(http, told["access_token"]).json()
    assert (known["partner"], known["scopes"]) == ("acme", ["files:write", "status:read"])
    monkeypatch.setenv("GATEWAY_NOW", later(14))
    assert me(http, told["access_token"]).status_code == 200
    monkeypatch.setenv("GATEWAY_NOW", later(16))
    assert me(http, told["access_token"]).status_code == 401


def test_a_client_may_prove_itself_by_http_basic(http, client):
    headers = basic(client.credential.prefix, client.secret)
    assert http.post("/oauth/token", content=urlencode(GRANT), headers=headers).status_code == 200
    named = urlencode(GRANT | {"client_id": client.credential.prefix})
    assert http.post("/oauth/token", content=named, headers=headers).status_code == 200


def test_a_token_may_be_asked_for_less(http, client):
    told = ask(http, client, scope="status:read").json()
    assert told["scope"] == "status:read"
    assert me(http, told["access_token"]).json()["scopes"] == ["status:read"]


def test_parameters_that_the_rfc_does_not_know_are_ignored(http, client):
    assert ask(http, client, audience="everybody", resource="x").status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"scope": "reports:read"}, 400, "invalid_scope"),
        ({"scope": "files:write everything"}, 400, "invalid_scope"),
        ({"scope": " "}, 400, "invalid_scope"),
        ({"client_secret": "gws_wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_secret": "a\x00b"}, 401, "invalid_client"),
        ({"client_id": "gwc_00000000"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
    ],
)
def test_errors_are_the_rfcs_own(http, client, fields, status, error):
    answer = ask(http, client, **fields)
    told = answer.json()
    assert (answer.status_code, told["error"]) == (status, error)
    assert set(told) == {"error", "error_description"}
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("content", "headers", "error"),
    [
        (b"", FORM, "invalid_request"),
        (b"grant_type=client_credentials&grant_type=client_credentials", FORM, "invalid_request"),
        (b"grant_type=%ff", FORM, "invalid_request"),
        (b"grant_type=\xff", FORM, "invalid_request"),
        (b"&".join(b"f%d=x" % n for n in range(50)), FORM, "invalid_request"),
        (b'{"grant_type": "client_credentials"}', {"Content-Type": "application/json"}, "invalid_request"),
        (b"grant_type=client_credentials", FORM | {"Authorization": "Basic !!"}, "invalid_client"),
        (b"grant_type=client_credentials", FORM | {"Authorization": "Bearer x"}, "invalid_client"),
        (b"grant_type=client_credentials", FORM | {"Authorization": "Basic " + base64.b64encode(b"abc").decode()}, "invalid_client"),
        (b"grant_type=client_credentials&client_secret=x", basic("a", "b"), "invalid_request"),
        (b"grant_type=client_credentials&client_id=x", basic("a", "b"), "invalid_request"),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_meant_is_refused(http, content, headers, error):
    answer = http.post("/oauth/token", content=content, headers=headers)
    assert answer.status_code in (400, 401)
    assert answer.json()["error"] == error


def test_a_token_ends_with_its_client(http, settings, office, tenants, client):
    token = ask(http, client).json()["access_token"]
    with asking(settings) as elsewhere:
        assert me(elsewhere, token).status_code == 200
        with office.acting(tenants.northgate, ME) as acting:
            revoke(acting, client.credential.id)
        assert me(elsewhere, token).status_code == 401
        assert ask(elsewhere, client).json()["error"] == "invalid_client"


def test_neither_a_clients_secret_nor_its_id_opens_anything_but_the_token_endpoint(http, client, acme_key):
    for proof in (client.secret, client.credential.prefix, client.secret.replace("gws_", "gwk_")):
        assert me(http, proof).status_code == 401
    api_key = acme_key["Authorization"].partition(" ")[2]
    form = urlencode(GRANT | {"client_id": api_key[:12], "client_secret": api_key})
    assert http.post("/oauth/token", content=form, headers=FORM).json()["error"] == "invalid_client"


def test_a_clients_secret_does_not_pass_for_a_key_even_under_its_mark(http, db, tenants, client):
    from gateway.domain.access.credentials import digest_of

    with db.firm(tenants.northgate) as session:
        session.execute(update(Credential).values(digest=digest_of("gwk_and_so_on")))
    assert me(http, "gwk_and_so_on").status_code == 401


def test_tokens_that_have_ended_are_forgotten(http, db, client, monkeypatch):
    ask(http, client)
    monkeypatch.setenv("GATEWAY_NOW", later(20))
    ask(http, client)
    with db.system() as session:
        assert session.query(AccessToken).count() == 1


# ---------------------------------------------------------------- credentials, by admins


def add(http, admin, **changed):
    body = {"partner": "acme", "name": "Nightly", "scopes": ["files:write"]} | changed
    return http.post("/v1/credentials", headers=admin, json=body)


def test_an_admin_gives_a_partner_a_key_that_works_and_is_shown_once(http, admin):
    answer = add(http, admin)
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/credentials/{made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert me(http, made["secret"]).json()["scopes"] == ["files:write"]
    shown = http.get(answer.headers["location"], headers=admin).json()
    assert shown.items() <= (made | {"last_used_at": shown["last_used_at"]}).items()
    assert shown["last_used_at"] is not None
    assert "secret" not in shown
    listed = http.get("/v1/credentials", headers=admin)
    assert [one["id"] for one in listed.json()["data"]] == [made["id"]]
    assert made["secret"] not in listed.text


def test_an_admin_makes_an_oauth_client(http, admin):
    made = add(http, admin, kind="oauth_client").json()
    form = urlencode(GRANT | {"client_id": made["prefix"], "client_secret": made["secret"]})
    assert http.post("/oauth/token", content=form, headers=FORM).status_code == 200


PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPQIDZLQKj0SFXu0UUhIqUiDMJhDwiQmJGFF4JZi9X7K"


def test_an_admin_lets_a_partner_in_by_sftp(http, admin):
    """Neither proof is good for a call."""
    key = add(http, admin, kind="ssh_key", public_key=f"{PUBLIC} hr@acme").json()
    assert key["secret"] is None
    assert key["fingerprint"].startswith("SHA256:")
    password = add(http, admin, kind="sftp_password").json()
    for proof in (PUBLIC, PUBLIC.split()[1], key["prefix"], password["secret"]):
        assert me(http, proof).status_code == 401
    again = http.post(f"/v1/credentials/{password['id']}/rotations", headers=admin, json={}).json()
    assert again["secret"] not in {None, password["secret"]}
    refused = http.post(f"/v1/credentials/{key['id']}/rotations", headers=admin, json={})
    assert (refused.status_code, refused.json()["error"]) == (422, "public_key_needed")
    assert "argon2" not in http.get("/v1/credentials", headers=admin).text


def test_a_key_ends_when_it_was_said_to(http, admin, monkeypatch):
    secret = add(http, admin, expires_at=later(10)).json()["secret"]
    assert me(http, secret).status_code == 200
    monkeypatch.setenv("GATEWAY_NOW", later(11))
    assert me(http, secret).status_code == 401


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"partner": "nobody"}, 404, "not_found"),
        ({"partner": "initech"}, 404, "not_found"),
        ({"scopes": ["file:write"]}, 422, "scope_unknown"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422, "already_expired"),
        ({"expires_at": "2030-01-01T00:00:00"}, 400, "invalid_request"),
        ({"kind": "password"}, 400, "invalid_request"),
        ({"name": "a\x00b"}, 400, "invalid_request"),
        ({"name": ""}, 400, "invalid_request"),
        ({"kind": "ssh_key"}, 422, "public_key_needed"),
        ({"kind": "ssh_key", "public_key": "ssh-rsa AAAA"}, 422, "ssh_key_unusable"),
        ({"public_key": PUBLIC}, 422, "public_key_needed"),
        ({"more": 1}, 400, "invalid_request"),
    ],
)
def test_a_credential_that_cannot_be_is_refused(http, admin, changed, status, error):
    answer = add(http, admin, **changed)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_an_end_beyond_the_calendar_is_its_last_day(http, admin):
    assert add(http, admin, expires_at="9999-12-31T23:59:59-12:00").json()["expires_at"].startswith("9999-12-30")


def test_a_partner_has_at_most_two_live_keys(http, admin):
    first = add(http, admin).json()
    add(http, admin)
    assert (add(http, admin).status_code, add(http, admin).json()["error"]) == (409, "too_many_keys")
    assert add(http, admin, kind="oauth_client").status_code == 201
    assert http.delete(f"/v1/credentials/{first['id']}", headers=admin).status_code == 204
    assert add(http, admin).status_code == 201


def test_a_successor_takes_over_while_the_old_key_lives_on(http, admin, monkeypatch):
    old = add(http, admin).json()
    answer = http.post(f"/v1/credentials/{old['id']}/rotations", headers=admin, json={"grace_hours": 2})
    new = answer.json()
    assert (answer.status_code, new["scopes"], new["name"]) == (201, old["scopes"], old["name"])
    assert [me(http, one["secret"]).status_code for one in (old, new)] == [200, 200]
    monkeypatch.setenv("GATEWAY_NOW", later(121))
    assert [me(http, one["secret"]).status_code for one in (old, new)] == [401, 200]


def test_without_a_grace_period_the_old_key_lives_until_it_is_revoked(http, admin, monkeypatch):
    old = add(http, admin, expires_at=later(60 * 24)).json()
    new = http.post(f"/v1/credentials/{old['id']}/rotations", headers=admin, json={}).json()
    lives = [
        datetime.fromisoformat(one["expires_at"]) - datetime.fromisoformat(one["created_at"]) for one in (old, new)
    ]
    assert abs(lives[0] - lives[1]) < timedelta(seconds=1)
    monkeypatch.setenv("GATEWAY_NOW", later(60 * 20))
    assert me(http, old["secret"]).status_code == 200


def test_a_grace_period_never_makes_a_key_live_longer(http, admin, monkeypatch):
    old = add(http, admin, expires_at=later(10)).json()
    http.post(f"/v1/credentials/{old['id']}/rotations", headers=admin, json={"grace_hours": 2000})
    monkeypatch.setenv("GATEWAY_NOW", later(11))
    assert me(http, old["secret"]).status_code == 401


def test_what_has_ended_has_no_successor(http, admin):
    old = add(http, admin).json()
    http.delete(f"/v1/credentials/{old['id']}", headers=admin)
    answer = http.post(f"/v1/credentials/{old['id']}/rotations", headers=admin, json={})
    assert (answer.status_code, answer.json()["error"]) == (409, "credential_ended")


def test_another_firms_credentials_are_not_there(http, office, tenants, admin):
    with office.acting(tenants.harbor, ME) as acting:
        strange = add_key(acting, tenants.initech, name="x", scopes=[], expires_at=None).credential
    for credential_id in (strange.id, uuid4()):
        path = f"/v1/credentials/{credential_id}"
        answers = [
            http.get(path, headers=admin),
            http.delete(path, headers=admin),
            http.post(f"{path}/rotations", headers=admin, json={}),
        ]
        assert [one.status_code for one in answers] == [404] * 3
    assert http.get("/v1/credentials", headers=admin).json()["data"] == []
    assert http.get("/v1/credentials?partner=initech", headers=admin).json()["data"] == []


def test_the_list_can_be_narrowed_to_a_partner(http, office, tenants, admin, acme_key):
    key_headers(office, tenants.northgate, tenants.globex, [])
    listed = http.get("/v1/credentials?partner=globex", headers=admin).json()["data"]
    assert [one["partner"] for one in listed] == ["globex"]


def test_what_is_done_to_credentials_is_on_record(http, admin, db, tenants):
    made = add(http, admin).json()
    http.post(f"/v1/credentials/{made['id']}/rotations", headers=admin, json={"grace_hours": 1})
    http.delete(f"/v1/credentials/{made['id']}", headers=admin)
    http.delete(f"/v1/credentials/{made['id']}", headers=admin)
    with db.firm(tenants.northgate) as session:
        entries = session.query(AuditEntry).filter(AuditEntry.action.startswith("credential.")).order_by(AuditEntry.id)
        acts = [one.action for one in entries]
        assert acts == ["credential.add", "credential.add", "credential.rotate", "credential.revoke"]
        assert {one.actor for one in entries} == {"admin@northgate.example"}
