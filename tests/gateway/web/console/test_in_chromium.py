"""Today and files in a real browser: to be seen, used by keyboard alone and without scripts, by everybody."""

from __future__ import annotations

from uuid import UUID

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.inbox import as_csv, people, person

from gateway.domain.partners.homes import find_home
from ingest.running import finish

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
PATHS = (
    "/sign-in",
    "/",
    "/files",
    "/files?state=refused",
    "/files/{held}",
    "/files/{drifted}",
    "/files/{bad}",
    "/files/01900000-0000-7000-8000-000000000001",
    "/nowhere",
)


@pytest.fixture
def files(inbox, roster) -> dict[str, str]:
    """One of each kind that looks its own way."""
    inbox.apply(roster)
    bad = inbox.drop("roster_20260301.csv", [*people(20), person(21) | {"DOB": "soon"}])
    held = inbox.drop("roster_20260302.csv", people(2))
    renamed = inbox.drop("roster_20260303.csv", as_csv(people(20)).replace(b"EMP_ID", b"EMP_NUM"))
    assert (held["state"], renamed["state"]) == ("held", "held")
    return {"bad": bad["import_id"], "held": held["import_id"], "drifted": renamed["import_id"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, files, scheme):
    page = opened(color_scheme=scheme)
    for path in PATHS:
        told_to_everybody(page, path.format(**files))


@pytest.mark.parametrize("width", [320, 640])  # a telephone's; and a screen's, with letters twice as large
def test_no_page_goes_sideways(opened, files, width):
    page = opened(viewport={"width": width, "height": 700})
    for path in PATHS:
        fits(page, path.format(**files))


def test_a_held_file_is_let_in_by_keyboard_alone(opened, files, inbox):
    page = opened()
    tab_to(page, page.get_by_role("link", name="roster_20260302.csv"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/files/{files['held']}")
    tab_to(page, page.get_by_text("Release without looking"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Release"))
    page.keyboard.press("Enter")
    page.get_by_text("Released. It runs again now").wait_for()
    assert page.evaluate("document.activeElement.id") == "said"
    finish(inbox.office, find_home(inbox.office, "acme"), UUID(files["held"]))
    page.get_by_text("released", exact=True).wait_for()  # by itself: the page heard of it


def test_all_of_it_works_without_scripts(opened, files, inbox):
    page = opened(java_script_enabled=False)
    page.goto(f"/files/{files['held']}")
    page.get_by_text("Refuse", exact=True).click()
    page.get_by_label("Reason").fill("By mistake")
    page.get_by_role("button", name="Refuse this file").click()
    page.get_by_text("Refused. The partner reads your reason").wait_for()
    page.goto(f"/files/{files['drifted']}")
    page.get_by_label("EMP_ID is now").select_option("EMP_NUM")
    page.get_by_text("Release without looking").click()
    page.get_by_role("button", name="Release with these names").click()
    page.get_by_text("Released. It runs again now").wait_for()
    assert inbox.account(files["held"])["state"] == "refused"
    assert inbox.account(files["drifted"])["state"] == "running"


def test_an_error_is_first_and_has_the_focus(opened, files):
    page = opened()
    page.goto(f"/files/{files['held']}")
    page.get_by_text("Refuse", exact=True).click()
    page.get_by_label("Reason").fill("   ")
    page.get_by_role("button", name="Refuse this file").click()
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.id") == "summary"
    assert page.title().startswith("Error: ")
    page.get_by_role("link", name="Fill this in.").click()
    assert page.evaluate("document.activeElement.id") == "reason"
