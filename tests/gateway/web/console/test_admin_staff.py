"""An admin lets people in and out, and nobody else does."""

from __future__ import annotations

import re

import pytest
from helpers.callers import ME, PASSWORD

from gateway.domain.access import accounts

HOSTILE = "=cmd|' /C calc'!A0<script>alert(1)</script>"
ANA = {"email": "ana@northgate.example", "name": "Ana Li", "role": "paralegal"}


@pytest.fixture
def admin(browser):
    browser.sign_in("admin")
    return browser


@pytest.fixture
def viewer(tenants) -> str:
    return f"/admin/staff/{tenants.staff['viewer']}"


def secret(browser) -> str:
    return re.search(r'class="secret".*?<code>(.*?)</code>', browser.page.text, re.DOTALL)[1]


def signs_in(browser, email: str, password: str) -> bool:
    browser.http.cookies.clear()
    browser.get("/")
    browser.press("/sign-in", email=email, password=password)
    return browser.path == "/"


def test_from_the_first_page_to_somebody_new_who_signs_in(admin, elsewhere):
    assert "/admin" in admin.get("/").links
    assert "/admin/staff" in admin.get("/admin").links
    admin.get("/admin/staff")
    admin.press("/admin/staff", **ANA)
    assert admin.page.headers["cache-control"] == "no-store"
    assert signs_in(elsewhere, ANA["email"], secret(admin))
    assert secret_is_gone(admin, "/admin/staff")
    assert "Ana Li" in admin.page.text


def secret_is_gone(browser, path: str) -> bool:
    browser.get(path)
    return 'class="secret"' not in browser.page.text


def test_loading_the_answer_again_shows_the_same_and_adds_nobody(admin, inbox):
    fields = admin.get("/admin/staff").found["/admin/staff"] | ANA
    shown = []
    for _ in range(2):
        admin.page = admin.send("/admin/staff", fields)
        shown.append(secret(admin))
    assert shown[0] == shown[1]
    assert inbox.sql("SELECT count(*) FROM staff WHERE email = %s", ANA["email"]) == [(1,)]


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"email": "ana"}, 422, "email"),
        ({"name": " "}, 422, "name"),
        ({"email": "viewer@northgate.example"}, 409, "email"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(admin, wrong, status, field):
    admin.get("/admin/staff")
    page = admin.press("/admin/staff", **ANA | {"name": "Ana Li", **wrong})
    assert (admin.page.status_code, f"#{field}" in page.links) == (status, True)
    assert page.found["/admin/staff"]["role"] == "paralegal"
    assert page.found["/admin/staff"]["email"] == {**ANA, **wrong}["email"]


def test_a_role_is_changed_and_the_last_admin_stays_one(admin, viewer, tenants):
    admin.get(viewer)
    page = admin.press(f"{viewer}/role", role="attorney")
    assert "The role is changed." in page.text
    assert page.found[f"{viewer}/role"]["role"] == "attorney"
    own = f"/admin/staff/{tenants.staff['admin']}"
    assert "This is you." in admin.get(own).text
    page = admin.press(f"{own}/role", role="viewer")
    assert (admin.page.status_code, "only admin" in page.text, "#role" in page.links) == (409, True, True)
    admin.get(own)
    page = admin.press(f"{own}/let-out")
    assert (admin.page.status_code, "#let-out" in page.links) == (409, True)
    assert "/admin" in admin.get("/").links


def test_whoever_leaves_is_out_at_once_and_comes_back_with_the_password_of_then(admin, viewer, elsewhere):
    elsewhere.sign_in("viewer")
    admin.get(viewer)
    page = admin.press(f"{viewer}/let-out")
    assert "let in no more" in page.text
    elsewhere.get("/me")
    assert elsewhere.path == "/sign-in"
    assert "viewer@northgate.example" in admin.get("/admin/staff?which=out").text
    assert "viewer@northgate.example" not in admin.get("/admin/staff?which=in").text
    admin.get(viewer)
    admin.press(f"{viewer}/let-in")
    assert signs_in(elsewhere, "viewer@northgate.example", PASSWORD)


def test_another_password_is_shown_once_and_counts(admin, viewer, elsewhere):
    admin.get(viewer)
    admin.press(f"{viewer}/password")
    assert signs_in(elsewhere, "viewer@northgate.example", secret(admin))
    assert secret_is_gone(admin, viewer)


def test_a_lost_telephone_is_signed_out(admin, viewer, elsewhere):
    elsewhere.sign_in("viewer")
    admin.get(viewer)
    assert "signed out everywhere" in admin.press(f"{viewer}/sign-out").text
    elsewhere.get("/me")
    assert elsewhere.path == "/sign-in"


def test_names_are_text_and_long_lists_go_on(admin, office, tenants, monkeypatch):
    from gateway.web.console.admin import staff

    monkeypatch.setattr(staff, "SHOWN", 2)
    with office.acting(tenants.northgate, ME) as acting:
        accounts.add_staff(acting, "h@northgate.example", name=HOSTILE, role="viewer")
    seen, path = "", "/admin/staff?which=in"
    while path:
        page = admin.get(path)
        assert "<script>alert" not in admin.page.text
        seen += page.text
        path = next((link for link in page.links if "cursor=" in link), None)
    assert seen.count("@northgate.example") >= 5
    assert HOSTILE in seen


@pytest.mark.parametrize("role", ["viewer", "paralegal", "attorney"])
def test_others_are_not_shown_it_and_refused_it(browser, viewer, role):
    assert "/admin" not in browser.sign_in(role).links
    fields = browser.forms.found["/sign-out"] | ANA
    for path in ("/admin", "/admin/staff", viewer):
        browser.get(path)
        assert browser.page.status_code == 403
    for deed in ("/admin/staff", *(f"{viewer}/{one}" for one in ("role", "let-out", "let-in", "password", "sign-out"))):
        assert browser.send(deed, fields).status_code == 403, deed


def test_another_firms_people_are_not_there(admin, office, tenants):
    from helpers.callers import stranger

    theirs = f"/admin/staff/{stranger(office, tenants)}"
    fields = admin.get("/admin/staff").found["/admin/staff"] | {"role": "viewer"}
    assert "harbor" not in admin.page.text
    admin.get(theirs)
    assert admin.page.status_code == 404
    for deed in ("role", "let-out", "let-in", "password", "sign-out"):
        assert admin.send(f"{theirs}/{deed}", fields).status_code == 404, deed
