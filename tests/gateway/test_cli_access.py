"""Passwords of staff and keys of partners at the command line."""

import json
from datetime import UTC, datetime

import pytest
from helpers.callers import asking
from sqlalchemy import select

from gateway.db.models import AuditEntry, Credential, SigningKey, StaffSession
from gateway.domain.access.permissions import SCOPES
from gateway.domain.access.sessions import accounts_of

EMAIL = "viewer@northgate.example"
AT = ("--firm", "northgate")


def document(result, exit_code=0):
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def http(settings, db):
    with asking(settings) as client:
        yield client


def sign_in(http, password, email=EMAIL):
    return http.post("/v1/auth/login", json={"email": email, "password": password})


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


# ---------------------------------------------------------------- passwords


def test_a_new_member_of_staff_signs_in_with_the_password_that_was_printed(gateway, http):
    made = document(gateway("staff", "add", "ana@n.example", *AT, "--role", "viewer", "--json"))
    assert sign_in(http, made["password"], "ana@n.example").status_code == 200
    printed = gateway("staff", "add", "bo@n.example", *AT, "--role", "viewer").stdout.splitlines()
    assert sign_in(http, printed[-1], "bo@n.example").status_code == 200


def test_a_password_comes_from_standard_input(gateway, http):
    assert gateway("staff", "password", EMAIL, *AT, typed="a long enough one\n").exit_code == 0
    assert sign_in(http, "a long enough one").status_code == 200


def test_a_password_is_made_when_asked_for(gateway, http):
    made = document(gateway("staff", "password", EMAIL.upper(), *AT, "--make", "--json"))
    assert sign_in(http, made["password"]).status_code == 200
    assert gateway("staff", "password", EMAIL, *AT, "--make").stdout.splitlines()[-1] != made["password"]


def test_a_password_that_is_set_ends_the_sessions_before_it(gateway, http):
    gateway("staff", "password", EMAIL, *AT, typed="a long enough one\n")
    token = sign_in(http, "a long enough one").json()["access_token"]
    gateway("staff", "password", EMAIL, *AT, typed="another long one!\n")
    assert http.get("/v1/me", headers=bearer(token)).status_code == 401
    assert sign_in(http, "a long enough one").status_code == 401


@pytest.mark.parametrize("typed", ["short\n", f"{EMAIL} and more\n", "", "zzzzzzzzzzzzzzz\n"])
def test_a_weak_password_is_refused_and_nothing_changes(gateway, db, typed):
    told = document(gateway("staff", "password", EMAIL, *AT, "--json", typed=typed), 1)
    assert told["error"] == "password_weak"
    with db.signing_in() as session:
        assert accounts_of(session, EMAIL, None, "cli") == []


def test_a_password_is_for_somebody_who_works_there(gateway):
    assert document(gateway("staff", "password", "x@y.example", *AT, "--make", "--json"), 1)["error"] == "not_found"
    assert (
        document(gateway("staff", "password", EMAIL, "--firm", "harbor", "--make", "--json"), 1)["error"] == "not_found"
    )


def test_somebody_deactivated_is_out_at_once(gateway, http):
    gateway("staff", "password", EMAIL, *AT, typed="a long enough one\n")
    token = sign_in(http, "a long enough one").json()["access_token"]
    assert document(gateway("staff", "deactivate", EMAIL, *AT, "--json"))["active"] is False
    assert http.get("/v1/me", headers=bearer(token)).status_code == 401
    assert sign_in(http, "a long enough one").status_code == 401


def test_what_was_done_to_staff_is_on_record_without_the_password(gateway, db):
    gateway("staff", "password", EMAIL, *AT, typed="a long enough one\n")
    gateway("staff", "deactivate", EMAIL, *AT)
    with db.system() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [one.action for one in entries] == ["staff.password", "staff.deactivate"]
        assert not any("long enough" in str(one.changes) for one in entries)


# ---------------------------------------------------------------- keys


def test_a_key_is_added_listed_and_revoked(gateway, http):
    added = ("key", "add", "--partner", "acme", "--name", "Nightly", "--scope", "files:write", "--json")
    made = document(gateway(*added))
    assert http.get("/v1/me", headers=bearer(made["secret"])).json()["scopes"] == ["files:write"]
    [listed] = document(gateway("key", "list", "--partner", "acme", "--json"))
    assert (listed["prefix"], listed["is_live"], "secret" in listed) == (made["prefix"], True, False)
    assert document(gateway("key", "revoke", made["prefix"], "--json"))["is_live"] is False
    assert http.get("/v1/me", headers=bearer(made["secret"])).status_code == 401
    assert gateway("key", "revoke", made["id"]).exit_code == 0
    shown = gateway("key", "list", "--partner", "acme").stdout
    assert made["prefix"] in shown
    assert "revoked" in shown
    assert made["secret"] not in shown


def test_the_secret_stands_alone_on_the_last_line(gateway, http):
    for words in [(), ("--oauth",)]:
        printed = gateway("key", "add", "--partner", "globex", *words).stdout.splitlines()
        assert printed[-1].startswith(("gwk_", "gws_"))
    assert gateway("key", "list", "--partner", "acme").stdout == "acme has no keys.\n"


def test_a_key_ends_at_midnight_of_the_partner(gateway, db):
    document(gateway("key", "add", "--partner", "acme", "--expires", "2099-01-01", "--json"))
    with db.system() as session:
        found = session.scalars(select(Credential)).one()
        assert found.expires_at == datetime(2099, 1, 1, 6, tzinfo=UTC)
        assert found.scopes == sorted(SCOPES)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("add", "--partner", "acne"), "not_found"),
        (("add", "--partner", "acme", "--scope", "file:write"), "scope_unknown"),
        (("add", "--partner", "acme", "--expires", "2020-01-01"), "already_expired"),
        (("list", "--partner", "acne"), "not_found"),
        (("revoke", "gwk_00000000"), "not_found"),
        (("revoke", "01900000-0000-7000-8000-000000000000"), "not_found"),
    ],
)
def test_what_cannot_be_done_to_keys_is_said(gateway, words, error):
    assert document(gateway("key", *words, "--json"), 1)["error"] == error


def test_a_new_signing_key_can_sign_everybody_out(gateway, http, db, tenants):
    gateway("staff", "password", EMAIL, *AT, typed="a long enough one\n")
    token = sign_in(http, "a long enough one").json()["access_token"]
    document(gateway("key", "rotate-signing", "--json"))
    assert http.get("/v1/me", headers=bearer(token)).status_code == 200
    assert document(gateway("key", "rotate-signing", "--end-sessions", "--json"))["sessions_ended"] == 1
    assert http.get("/v1/me", headers=bearer(token)).status_code == 401
    with db.system() as session:
        assert session.query(SigningKey).filter(SigningKey.ends_at.is_(None)).count() == 1
        assert session.query(StaffSession).filter(StaffSession.ended_at.is_(None)).count() == 0
        assert session.query(AuditEntry).filter_by(action="session.end_all", firm_id=tenants.northgate).count() == 1


# ---------------------------------------------------------------- logins for SFTP


def test_a_partner_is_let_in_by_its_public_key(gateway, tmp_path):
    path = tmp_path / "id.pub"
    path.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPQIDZLQKj0SFXu0UUhIqUiDMJhDwiQmJGFF4JZi9X7K hr@acme\n")
    made = gateway("key", "add", "--partner", "acme", "--ssh-key", path)
    assert "The user name is acme." in made.stdout
    [one] = document(gateway("key", "list", "--partner", "acme", "--json"))
    assert (one["kind"], one["name"]) == ("ssh_key", "SSH key")
    assert one["fingerprint"] in made.stdout
    assert gateway("key", "revoke", one["prefix"]).exit_code == 0
    again = gateway("key", "add", "--partner", "acme", "--ssh-key", path)
    assert (again.exit_code, "this very key" in again.stderr) == (1, True)


def test_a_password_for_sftp_is_shown_once(gateway):
    made = document(gateway("key", "add", "--partner", "acme", "--sftp-password", "--json"))
    printed = gateway("key", "add", "--partner", "acme", "--sftp-password").stdout.splitlines()
    assert len(made["secret"]) == len(printed[-1]) == 23
    assert made["secret"] not in gateway("key", "list", "--partner", "acme").stdout


def test_a_private_key_and_two_kinds_at_once_are_refused(gateway, tmp_path):
    path = tmp_path / "id"
    path.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    refused = gateway("key", "add", "--partner", "acme", "--ssh-key", path)
    assert (refused.exit_code, "private key" in refused.stderr) == (1, True)
    path.write_bytes(b"\xff\xfe\x00")
    assert gateway("key", "add", "--partner", "acme", "--ssh-key", path).exit_code == 1
    assert gateway("key", "add", "--partner", "acme", "--oauth", "--sftp-password").exit_code == 2
