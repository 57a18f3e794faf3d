"""Signing in at the console, on to where somebody was going, and out again."""

import pytest
from helpers.callers import PASSWORD
from helpers.signing_in import WRONG, at


def test_whoever_is_not_signed_in_is_led_there_and_on_to_where_they_were_going(browser):
    browser.get("/files?state=held")
    assert browser.path == "/sign-in"
    page = browser.press("/sign-in", email="paralegal@northgate.example", password=PASSWORD)
    assert str(browser.page.url).endswith("/files?state=held")
    assert "paralegal@northgate.example" in page.text


@pytest.mark.parametrize(
    ("sent", "page"),
    [
        ("/files/{id}/repair", "/files/{id}/repair"),
        ("/files/{id}/repair/send", "/files/{id}/repair"),
        ("/files/{id}/repair/links/{id}/revoke", "/files/{id}/repair"),
        ("/files/{id}/release", "/files/{id}"),
        ("/files", "/files"),
        ("/sign-out", None),
    ],
)
def test_whose_form_is_not_taken_for_want_of_a_session_is_led_back_to_its_page(browser, sent, page):
    one = "01900000-0000-7000-8000-000000000001"
    answer = browser.http.post(sent.format(id=one), data={})
    on = f"?next={page.format(id=one)}" if page else ""
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in{on}")


def test_a_pages_script_is_told_in_its_own_way_that_nobody_is_signed_in(browser):
    answer = browser.http.post("/files", data={}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/a\r\nb", "files"]
)
def test_signing_in_leads_to_no_other_site(browser, elsewhere):
    browser.get("/sign-in")
    fields = {"email": "paralegal@northgate.example", "password": PASSWORD, "next": elsewhere}
    answer = browser.http.post("/sign-in", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_wrong_password_is_told_above_the_form_and_the_address_stays_in_it(browser):
    browser.get("/sign-in")
    page = browser.press("/sign-in", email="paralegal@northgate.example", password=WRONG)
    assert browser.page.status_code == 401
    assert "do not belong together" in page.text
    assert page.found["/sign-in"]["email"] == "paralegal@northgate.example"
    assert WRONG not in browser.page.text


def test_after_many_tries_the_page_says_how_long_to_wait(browser):
    browser.get("/sign-in")
    for _ in range(7):
        page = browser.press("/sign-in", email="viewer@northgate.example", password=WRONG)
    assert browser.page.status_code == 429
    assert int(browser.page.headers["retry-after"]) > 0
    assert "Try again" in page.text or "wait" in page.text.lower()


def test_what_is_left_empty_is_named_at_its_field(browser):
    browser.get("/sign-in")
    page = browser.press("/sign-in", email="", password=PASSWORD)
    assert browser.page.status_code == 422
    assert page.links[1] == "#email"  # the first leads past the navigation
    assert "<title>Error: " in browser.page.text


def test_nobody_is_signed_in_by_another_sites_form(browser):
    fields = {"email": "paralegal@northgate.example", "password": PASSWORD}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = browser.send("/sign-in", fields, **headers)
        assert answer.status_code == 403, headers
        assert "Set-Cookie" not in str(answer.history)
    assert browser.get("/").found.keys() == {"/sign-in"}


def test_signing_out_ends_the_session_everywhere(paralegal):
    kept = dict(paralegal.http.cookies)
    page = paralegal.press("/sign-out")
    assert paralegal.path == "/sign-in"
    assert "/sign-in" in page.found
    paralegal.http.cookies.update(kept)
    paralegal.get("/files")
    assert paralegal.path == "/sign-in"


def test_a_session_that_is_used_lasts_also_where_a_page_sets_cookies_of_its_own(paralegal, monkeypatch):
    at(monkeypatch, 30)
    paralegal.http.cookies.set("gateway_said", "sent")
    answer = paralegal.http.get("/files")
    given = {one.partition("=")[0]: one for one in answer.headers.get_list("set-cookie")}
    assert "Max-Age=3600" in given["gateway_session"]
    assert "Max-Age=0" in given["gateway_said"]
