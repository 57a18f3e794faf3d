"""The audit log in a real browser: to be seen by everybody, narrow and wide, and searched by keyboard alone."""

from __future__ import annotations

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.inbox import people

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
PATHS = ("/audit", "/audit?action=import.row", "/audit?from=1999-01-01&to=1999-01-02", "/audit?person=nobody&to=soon")


@pytest.fixture
def log(inbox, roster):
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", people(5, salary="50000", ssn="536904399"))
    inbox.drop("roster_20260302.csv", people(5, salary="60000"))
    return inbox


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, log, scheme):
    page = opened("admin", color_scheme=scheme)
    for path in PATHS:
        told_to_everybody(page, path)


@pytest.mark.parametrize("width", [320, 640])
def test_no_page_goes_sideways(opened, log, width):
    page = opened("admin", viewport={"width": width, "height": 700})
    for path in PATHS:
        fits(page, path)


def test_everything_of_one_person_is_found_by_keyboard_alone(opened, log):
    page = opened("admin")
    page.goto("/audit")
    tab_to(page, page.get_by_label("Did what"))
    page.keyboard.type("import: row")
    tab_to(page, page.get_by_role("button", name="Show"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit?*action=import.row*")
    tab_to(page, page.locator("td.did a[href^='/audit?person=']").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit?person=*")
    page.get_by_text("import: row").last.wait_for()
