"""What ends, and messages, in a real browser: to be seen, used by keyboard alone and without scripts, by everybody."""

from __future__ import annotations

import pytest
from helpers import ending
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
EMPTY = ("/expiring?within=1", "/expiring?of=work&until=2020-01-01", "/messages?state=opened", "/expiring?until=soon")
FULL = (
    "/expiring?within=60",
    "/expiring?of=work&until=2027-03-01",
    "/messages",
    "/expiring/{paper}",
    "/messages/{sent}",
)


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", ending.NOW)


@pytest.fixture
def known(inbox, roster, tenants) -> dict[str, str]:
    """Of one all were told, of another some were in vain."""
    inbox.apply(roster)
    people = ending.load(inbox, tenants)
    [(_, sent), *_] = ending.tell(inbox, people["E1"])
    ending.tell(inbox, people["E2"], "dead")
    return {"paper": ending.paper_of(inbox, people["E1"]), "sent": str(sent)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, known, scheme):
    page = opened(color_scheme=scheme)
    for path in (*FULL, *EMPTY):
        told_to_everybody(page, path.format(**known))


@pytest.mark.parametrize("width", [320, 640])  # a telephone's; and a screen's, with letters twice as large
def test_no_page_goes_sideways(opened, known, width):
    page = opened(viewport={"width": width, "height": 700})
    for path in (*FULL, *EMPTY):
        fits(page, path.format(**known))


def test_two_are_ticked_and_acknowledged_by_keyboard_alone(opened, known):
    page = opened()
    tab_to(page, page.get_by_role("link", name="Expiring"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/expiring")
    for box in (0, 2):
        tab_to(page, page.locator('.ends input[type="checkbox"]').nth(box))
        page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Acknowledge what is ticked").last)
    page.keyboard.press("Enter")
    page.get_by_text("Nobody is told next of").first.wait_for()
    assert page.evaluate("document.activeElement.id") == "said"
    assert page.get_by_text("paralegal@northgate.example, Feb 1").count() == 2


def test_it_is_snoozed_and_sent_again_without_scripts(opened, known, inbox):
    page = opened(java_script_enabled=False)
    page.goto(f"/expiring/{known['paper']}")
    page.get_by_text("Snooze", exact=True).first.click()
    page.get_by_label("again on").select_option("2027-02-03")
    page.get_by_role("button", name="Snooze").click()
    page.get_by_text("Snoozed. It comes again on that day.").wait_for()
    page.goto("/messages?state=dead")
    page.locator("td.wide a").first.click()
    page.get_by_role("button", name="Send again").click()
    page.get_by_text("It leaves again now").wait_for()
    assert inbox.sql("SELECT count(*) FROM dispatches WHERE state = 'waiting'") == [(1,)]


def test_printed_it_is_the_list_and_nothing_to_press(opened, known):
    page = opened()
    page.goto(FULL[1])
    page.emulate_media(media="print")
    assert page.get_by_text("people may not work after Mar 1, 2027").is_visible()
    assert page.get_by_text("Name2").first.is_visible()
    assert not page.locator("button:visible, .ends input:visible").count()
