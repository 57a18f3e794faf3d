"""An admin gives partners what they prove themselves by, sees it used, and ends it."""

from __future__ import annotations

import re

import pytest

HOSTILE = "=cmd<script>alert(1)</script>"
PAGE = "/admin/credentials"
NEW = {"partner": "acme", "name": "Workday nightly", "kind": "api_key"}


@pytest.fixture
def admin(browser):
    browser.sign_in("admin")
    return browser


def filled(browser, **more: str) -> dict[str, str]:
    """The form with nothing ticked but what may send files; of the boxes a test's browser has all."""
    fields = browser.get(PAGE).found[PAGE]
    kept = {name: text for name, text in fields.items() if not name.startswith("scope:")}
    return {name: text for name, text in (kept | NEW | {"scope:files:write": "on"} | more).items() if text != "-"}


def make(browser, **more: str):
    browser.page = browser.send(PAGE, filled(browser, **more))
    return browser.forms


def secret(browser) -> str:
    return re.search(r'class="secret".*?<code>(.*?)</code>', browser.page.text, re.DOTALL)[1]


def asked(browser, key: str) -> int:
    with_key = browser.http.build_request("GET", "/v1/me", headers={"Authorization": f"Bearer {key}"})
    return browser.http.send(with_key).status_code


def test_a_key_is_shown_once_and_counts_until_it_is_ended(admin):
    assert PAGE in admin.get("/admin").links
    make(admin)
    assert admin.page.headers["cache-control"] == "no-store"
    key = secret(admin)
    assert asked(admin, key) == 200
    page = admin.get(PAGE)
    assert key not in admin.page.text
    assert "live" in page.text
    [deed] = [one for one in page.found if one.endswith("/revoke")]
    fields = page.found[deed]
    page = admin.press(deed)
    assert "It has ended" in page.text
    assert "revoked" in page.text
    assert admin.send(deed, fields).status_code == 200
    assert not [one for one in page.found if one.endswith("/revoke")]
    assert asked(admin, key) == 401


def test_loading_the_answer_again_shows_the_same_and_makes_no_other(admin, inbox):
    fields, shown = filled(admin), []
    for _ in range(2):
        admin.page = admin.send(PAGE, fields)
        shown.append(secret(admin))
    assert shown[0] == shown[1]
    assert inbox.sql("SELECT count(*), max(scopes::text) FROM credentials") == [(1, "{files:write}")]


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"name": " "}, 422, "name"),
        ({"scope:files:write": "-"}, 422, "scopes"),
        ({"expires_at": "soon"}, 422, "expires_at"),
        ({"expires_at": "2001-01-01"}, 422, "expires_at"),
        ({"kind": "ssh_key"}, 422, "public_key"),
        ({"kind": "ssh_key", "public_key": HOSTILE}, 422, "public_key"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(admin, inbox, wrong, status, field):
    page = make(admin, **wrong)
    assert (admin.page.status_code, f"#{field}" in page.links) == (status, True)
    assert page.found[PAGE]["partner"] == "acme"
    assert "<script>alert" not in admin.page.text
    assert inbox.sql("SELECT count(*) FROM credentials") == [(0,)]


def test_a_day_is_one_of_the_firms(admin, inbox):
    make(admin, expires_at="2999-07-01")
    assert inbox.sql("SELECT expires_at AT TIME ZONE 'UTC' = '2999-07-01 04:00' FROM credentials") == [(True,)]


def test_a_third_live_one_of_a_kind_is_refused_in_place_and_lists_are_narrowed(admin):
    for name in (HOSTILE, "second"):
        make(admin, name=name)
    page = make(admin, name="third")
    assert (admin.page.status_code, "#kind" in page.links) == (409, True)
    assert page.found[PAGE]["name"] == "third"
    assert "<script>alert" not in admin.page.text
    assert "This partner has none." in admin.get(f"{PAGE}?partner=globex").text
    assert HOSTILE in admin.get(f"{PAGE}?partner=acme").text


def test_long_lists_go_on(admin, monkeypatch):
    from gateway.web.console.admin import credentials

    for kind in ("api_key", "oauth_client"):
        make(admin, kind=kind)
    monkeypatch.setattr(credentials, "SHOWN", 1)
    following = next(link for link in admin.get(f"{PAGE}?partner=acme").links if "cursor=" in link)
    assert "partner=acme" in following
    assert "gwk_" in admin.get(following).text


@pytest.mark.parametrize("role", ["viewer", "paralegal", "attorney"])
def test_others_are_refused_it(browser, role):
    browser.sign_in(role)
    fields = browser.forms.found["/sign-out"] | NEW
    browser.get(PAGE)
    assert browser.page.status_code == 403
    for deed in (PAGE, f"{PAGE}/01900000-0000-7000-8000-000000000001/revoke"):
        assert browser.send(deed, fields).status_code == 403


def test_another_firms_are_not_there(admin, office, tenants, db):
    from helpers.callers import key_headers

    key_headers(office, tenants.harbor, tenants.initech, ["files:write"])
    with db.firm(tenants.harbor) as session:
        from gateway.db.models import Credential

        theirs = session.query(Credential).one().id
    fields = admin.get(PAGE).found[PAGE]
    assert "initech" not in admin.page.text
    assert admin.send(f"{PAGE}/{theirs}/revoke", fields).status_code == 404
    assert admin.send(PAGE, filled(admin, partner="initech")).status_code == 404
