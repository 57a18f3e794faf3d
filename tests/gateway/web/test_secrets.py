"""No password, key or token is found where it could be read: in logs, on record, or anywhere in the database."""

from urllib.parse import urlencode

import msgspec
import pytest
from helpers.callers import PASSWORD, asking

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WRONG, NEW = "a-wrong-password-indeed", "an-entirely-new-password"


def walk_through(http):
    """Every act that handles a secret; the secrets."""
    secrets = {PASSWORD, WRONG, NEW}
    body = {"email": "admin@northgate.example", "password": PASSWORD}
    told = http.post("/v1/auth/login", json=body).json()
    http.post("/v1/auth/login", json=body | {"password": WRONG})
    http.post("/v1/auth/login", json={"email": WRONG, "password": PASSWORD})
    http.post("/v1/auth/login", json=body | {"unknown": NEW})
    admin = {"Authorization": f"Bearer {told['access_token']}"}
    secrets |= {told["access_token"], told["csrf_token"]}
    for kind in ("sftp_password", "api_key", "oauth_client"):
        asked = {"partner": "acme", "name": "n", "scopes": ["files:write"], "kind": kind}
        made = http.post("/v1/credentials", headers=admin, json=asked).json()
        new = http.post(f"/v1/credentials/{made['id']}/rotations", headers=admin, json={}).json()
        secrets |= {made["secret"], new["secret"]}
        http.get("/v1/me", headers={"Authorization": f"Bearer {made['secret']}"})
        http.get("/v1/clients", headers={"Authorization": f"Bearer {made['secret']}"})
    proof = {"client_id": made["prefix"], "client_secret": made["secret"]}
    form = urlencode({"grant_type": "client_credentials"} | proof)
    secrets.add(http.post("/oauth/token", content=form, headers=FORM).json()["access_token"])
    http.post("/oauth/token", content=form.replace("grant_type", "no_type"), headers=FORM)
    cookie = {"Cookie": f"__Host-gateway_session={told['access_token']}", "X-CSRF-Token": told["csrf_token"]}
    assert http.put("/v1/me/password", headers=cookie, json={"current": PASSWORD, "new": NEW}).status_code == 204
    assert http.post("/v1/auth/logout", headers=cookie).status_code == 204
    return secrets


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_secret_is_found_in_logs_or_in_the_database(settings, all_rows, with_password, capfd, log_format):
    loud = msgspec.structs.replace(settings, log_level="debug", log_format=log_format)
    with asking(loud) as http:
        secrets = walk_through(http)
    told = capfd.readouterr()
    kept = [row for rows in all_rows().values() for row in rows]
    assert "request" in told.err
    assert any("session.start" in row for row in kept)
    assert len(secrets) == 12
    assert "$argon2id$" not in told.err + told.out
    for secret in secrets:
        assert secret not in told.err + told.out
        assert not any(secret in row for row in kept)


def test_a_surprise_while_signing_in_tells_nothing(settings, db, with_password, capfd, monkeypatch):
    monkeypatch.setattr("gateway.domain.access.sessions.start", lambda *_: 1 / 0)
    with asking(settings) as http:
        answer = http.post("/v1/auth/login", json={"email": "admin@northgate.example", "password": PASSWORD})
    assert answer.status_code == 500
    told = capfd.readouterr().err
    assert "ZeroDivisionError" in told
    assert PASSWORD not in told + answer.text


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_id_by_which_a_partner_names_a_person_is_not_logged(
    settings, db, key_of, tenants, capfd, log_format, monkeypatch
):
    ssn = "078-05-1120"  # some partners know their people by nothing else
    acme = key_of(tenants.northgate, tenants.acme)
    with asking(msgspec.structs.replace(settings, log_level="debug", log_format=log_format)) as http:
        assert http.get(f"/v1/employees/{ssn}/status", headers=acme).status_code == 404
        assert http.get(f"/v1/employees/{ssn}/status").status_code == 401
        monkeypatch.setattr("gateway.domain.people.employees.status_of", lambda *_: 1 / 0)
        assert http.get(f"/v1/employees/{ssn}/status", headers=acme).status_code == 500
    told = capfd.readouterr()
    assert "ZeroDivisionError" in told.err
    assert ssn not in told.err + told.out


def test_no_answer_is_kept_by_browsers_or_taken_for_another_type(http, acme_key):
    for path in ("/v1/me", "/v1/imports", "/v1/nothing", "/v1/reports/import_errors"):
        answer = http.get(path, headers=acme_key)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
