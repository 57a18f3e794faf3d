"""What people do about themselves: sessions left open, a new password, and how they are told."""

from __future__ import annotations

import pytest
from helpers.callers import ME, PASSWORD
from helpers.signing_in import WRONG

from gateway.domain.access import accounts

NEW = "lamp-owl-fig-tree"
HOSTILE = "<script>alert(1)</script>"


def ends(page) -> list[str]:
    return [action for action in page.found if action.startswith("/me/sessions/") and action != "/me/sessions/end"]


def test_it_is_reached_by_ones_name(paralegal):
    assert "/me" in paralegal.get("/").links
    page = paralegal.get("/me")
    assert "paralegal at" in page.text
    assert "signed in" in page.text


def test_a_session_that_was_left_open_is_ended_and_this_one_goes_on(paralegal, elsewhere):
    elsewhere.sign_in("paralegal")
    [one] = ends(paralegal.get("/me"))
    page = paralegal.press(one)
    assert "That session has ended." in page.text
    assert ends(page) == []
    elsewhere.get("/")
    assert elsewhere.path == "/sign-in"


def test_all_others_are_ended_at_once(paralegal, elsewhere):
    elsewhere.sign_in("paralegal")
    paralegal.get("/me")
    page = paralegal.press("/me/sessions/end")
    assert "nowhere else" in page.text
    assert "/me/sessions/end" not in page.found
    elsewhere.get("/")
    assert elsewhere.path == "/sign-in"


def test_a_colleagues_session_cannot_be_ended(paralegal, elsewhere):
    elsewhere.sign_in("viewer")
    theirs = elsewhere.get("/me")
    assert ends(theirs) == []
    fields = paralegal.get("/me").found["/sign-out"]
    answer = paralegal.send("/me/sessions/01900000-0000-7000-8000-000000000001/end", fields)
    assert answer.status_code == 404
    assert elsewhere.get("/me").found


def test_a_new_password_counts_at_once_and_ends_other_sessions(paralegal, elsewhere):
    elsewhere.sign_in("paralegal")
    paralegal.get("/me")
    page = paralegal.press("/me/password", current=PASSWORD, new=NEW, again=NEW)
    assert "Your password is changed" in page.text
    assert NEW not in paralegal.page.text
    elsewhere.get("/")
    elsewhere.press("/sign-in", email="paralegal@northgate.example", password=PASSWORD)
    assert elsewhere.page.status_code == 401
    elsewhere.press("/sign-in", email="paralegal@northgate.example", password=NEW)
    assert elsewhere.path == "/"


@pytest.mark.parametrize(
    ("given", "status", "field"),
    [
        ({"current": WRONG, "new": NEW, "again": NEW}, 403, "current"),
        ({"current": PASSWORD, "new": "short", "again": "short"}, 422, "new"),
        ({"current": PASSWORD, "new": NEW, "again": NEW.upper()}, 422, "again"),
        ({"current": "", "new": NEW, "again": NEW}, 422, "current"),
        (
            {"current": PASSWORD, "new": "paralegal@northgate.example", "again": "paralegal@northgate.example"},
            422,
            "new",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_no_password_comes_back(paralegal, given, status, field):
    paralegal.get("/me")
    page = paralegal.press("/me/password", **given)
    assert (paralegal.page.status_code, f"#{field}" in page.links) == (status, True)
    assert NEW not in paralegal.page.text
    assert page.found["/me/password"]["new"] == ""
    paralegal.http.cookies.clear()
    paralegal.sign_in("paralegal")
    assert paralegal.path == "/"


def test_guessing_the_password_here_is_slowed_down_and_the_page_says_so(paralegal):
    paralegal.get("/me")
    for _ in range(7):
        paralegal.press("/me/password", current=WRONG, new=NEW, again=NEW)
    assert paralegal.page.status_code == 429
    assert int(paralegal.page.headers["retry-after"]) > 0


def test_a_wish_is_noted_and_taken_back(paralegal, inbox):
    paralegal.get("/me")
    page = paralegal.press("/me/wishes", channel="email", doc_type="passport", pace="weekly")
    assert "Noted." in page.text
    assert inbox.sql("SELECT channel, doc_type, pace FROM notice_preferences") == [("email", "passport", "weekly")]
    paralegal.press("/me/wishes", channel="email", doc_type="passport", pace="usual")
    assert inbox.sql("SELECT count(*) FROM notice_preferences") == [(0,)]


def test_quiet_hours_are_ones_own_and_then_the_firms_again(paralegal, inbox):
    fields = paralegal.get("/me").found["/me/quiet-hours"]
    token = {name: fields[name] for name in ("csrf", "key")}
    hours = token | {"begins": "18:30", "ends": "09:00", "day:1": "on", "day:3": "on"}
    assert "From 18:30 to 09:00" in paralegal.send("/me/quiet-hours", hours).text
    assert inbox.sql("SELECT begins::text, working_days FROM quiet_hours") == [("18:30:00", [1, 3])]
    none = paralegal.send("/me/quiet-hours", {name: value for name, value in hours.items() if "day" not in name})
    assert (none.status_code, "#working_days" in none.text) == (422, True)
    assert paralegal.send("/me/quiet-hours", token | {"usual": "yes"}).status_code == 200
    assert inbox.sql("SELECT count(*) FROM quiet_hours") == [(0,)]


def test_a_name_is_text_whatever_it_holds(browser, office, tenants):
    with office.acting(tenants.northgate, ME) as acting:
        accounts.find_staff(acting, "viewer@northgate.example").name = HOSTILE
    browser.sign_in("viewer")
    browser.get("/me")
    assert "<script>alert" not in browser.page.text
    assert "&lt;script&gt;" in browser.page.text
