"""Doctor's words as a page: for a firm that has its installation for itself, and in time whatever hangs."""

from __future__ import annotations

import threading
from time import monotonic

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.servers import until

from gateway.domain.upkeep.checks import Check
from gateway.domain.upkeep.health import examine
from gateway.domain.upkeep.looking import Examiner

PAGE, ROUTE = "/admin/health", "/v1/health/checks"
HOSTILE = "=cmd <script>alert(1)</script>"
WELL = Check("clock", "ok", "0.0 s apart.")
AMISS = Check("disk <b>", "problem", HOSTILE, "Make room.")


@pytest.fixture
def alone(addresses, workers_database, tenants):
    """No other firm shares the installation."""
    superuser = workers_database[2]
    for table, column in (("staff", "firm_id"), ("partners", "firm_id"), ("firms", "id")):
        superuser.execute(f"DELETE FROM {table} WHERE {column} = %s", [tenants.harbor])


@pytest.fixture
def admin(browser):
    browser.sign_in("admin")
    return browser


@pytest.fixture
def finds(service):
    """Lets the server's examiner find what a test says."""

    def say(checks):
        service.config.app.state.examiner = Examiner(checks, waits=0.2)

    return say


def test_what_doctor_says_is_told_the_worst_first(admin, alone, settings):
    assert PAGE in admin.get("/admin").links
    page = admin.get(PAGE)
    assert admin.page.status_code == 200
    told = admin.http.get(ROUTE).json()
    assert told["is_over"]
    assert [*dict.fromkeys(one["check"] for one in told["checks"])][:5] == [
        *dict.fromkeys(one.name for one in examine(settings))
    ][:5]
    assert told["checks"][-1]["check"] == "places"
    text = " ".join(page.text.split())
    for one in told["checks"]:
        assert one["check"] in text
        assert one["advice"] is None or f"What to do: {' '.join(one['advice'].split())}" in text
    words = [word for word in ("mend it", "look at it", "well") if word in page.text]
    assert words == sorted(words, key=page.text.index)
    amiss = sum(one["level"] != "ok" for one in told["checks"])
    assert f"{amiss} check{'' if amiss == 1 else 's'} of {len(told['checks'])}" in text


def test_what_checks_say_is_text(admin, alone, finds):
    finds(lambda: iter([WELL, AMISS]))
    page = admin.get(PAGE)
    assert "1 check of 2 needs a hand." in page.text
    assert page.text.index("Make room.") < page.text.index("0.0 s apart.")
    assert HOSTILE in page.text
    assert "<script>alert" not in admin.page.text


def test_all_that_is_well_is_said_in_a_sentence(admin, alone, finds):
    finds(lambda: iter([WELL]))
    assert "1 check, and all is well." in admin.get(PAGE).text


def test_one_that_hangs_hangs_no_page_and_is_begun_once(admin, alone, finds):
    begun, release = [], threading.Event()

    def checks():
        begun.append(1)
        yield WELL
        release.wait()
        yield AMISS

    finds(checks)
    try:
        before = monotonic()
        page = admin.get(PAGE)
        again = admin.get(PAGE)
        assert monotonic() - before < 10
        assert "still being looked at" in page.text
        assert "what comes after clock has not answered yet" in page.text
        assert 'http-equiv="refresh"' in admin.page.text
        assert "1 check, and all is well, as far as that is known." in again.text
        assert not admin.http.get(ROUTE).json()["is_over"]
        assert len(begun) == 1
    finally:
        release.set()
    until(lambda: admin.http.get(ROUTE).json()["is_over"])
    page = admin.get(PAGE)
    assert "1 check of 2 needs a hand." in page.text
    assert 'http-equiv="refresh"' not in admin.page.text


def test_one_that_stumbles_is_told_without_a_word_of_what_it_was(admin, alone, finds):
    def checks():
        yield WELL
        raise ZeroDivisionError(HOSTILE)

    finds(checks)
    page = admin.get(PAGE)
    assert "It stumbled, and looked no further." in page.text
    assert "cmd" not in page.text


def test_what_was_found_a_moment_ago_is_told_again_and_later_it_is_looked_at_anew(monkeypatch):
    begun = []

    def checks():
        begun.append(1)
        yield WELL

    examiner = Examiner(checks)
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-10T15:00:00+00:00")
    assert [examiner.look().checks for _ in range(2)] == [(WELL,)] * 2
    assert len(begun) == 1
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-10T15:00:11+00:00")
    assert examiner.look().is_over
    assert len(begun) == 2


def test_where_firms_share_the_installation_nobody_is_told_here(admin, finds):
    finds(lambda: iter([AMISS]))
    page = admin.get(PAGE)
    assert admin.page.status_code == 409
    assert "Several firms share this installation" in page.text
    assert "Make room." not in page.text
    answer = admin.http.get(ROUTE)
    assert (answer.status_code, answer.json()["error"]) == (409, "installation_shared")


@pytest.mark.parametrize("role", ["viewer", "paralegal", "attorney"])
def test_whoever_is_no_admin_is_refused(browser, alone, role):
    browser.sign_in(role)
    assert [browser.http.get(path).status_code for path in (PAGE, ROUTE)] == [403, 403]


def test_no_partner_is_told(http, acme_key, alone):
    assert http.get(ROUTE, headers=acme_key).status_code == 403


# ------------------------------------------------------------------------------------------------ in Chromium

in_chromium = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)")
LONG = Check("stored files", "warning", f"/srv/{'x' * 90}/files cannot be read.", "Make it readable. " * 9)


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, alone, finds, scheme):
    finds(lambda: iter([WELL, LONG, AMISS]))
    told_to_everybody(opened("admin", color_scheme=scheme), PAGE)


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 640])
def test_the_page_does_not_go_sideways(opened, alone, finds, width):
    finds(lambda: iter([WELL, LONG, AMISS]))
    fits(opened("admin", viewport={"width": width, "height": 700}), PAGE)


@in_chromium
@pytest.mark.browser
def test_it_is_looked_at_again_by_keyboard_alone(opened, alone, finds):
    finds(lambda: iter([WELL]))
    page = opened("admin")
    page.goto(PAGE)
    finds(lambda: iter([AMISS]))
    tab_to(page, page.get_by_role("link", name="Look again"))
    page.keyboard.press("Enter")
    page.get_by_text("1 check of 1 needs a hand.").wait_for()
