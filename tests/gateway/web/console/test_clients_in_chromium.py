"""Clients in a real browser: to be seen, used by keyboard alone and without scripts, by everybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.inbox import person

from gateway import clock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
PATHS = (
    "/clients",
    "/clients?search=nobody",
    "/clients/{full}",
    "/clients/{full}/history",
    "/clients/{full}/values/family_name",
    "/clients/{full}/values/awards",
    "/clients/{bare}",
)
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh-Cholmondeley"


def day(offset: int) -> str:
    return f"{clock.now().date() + timedelta(days=offset):%m/%d/%Y}"


@pytest.fixture
def ids(inbox, http, as_staff) -> dict[str, str]:
    """Of somebody of whom much is known, and of somebody of whom next to nothing is."""
    more = {"passport": "K1234567", "passport_expiry": day(900), "i94_expiry": day(-3), "ssn": "536904399"}
    inbox.drop("roster_20260301.csv", [person(1, **more) | {"Last Name": LONG}, person(2)])
    known = dict(inbox.sql("SELECT employee_id, id::text FROM clients"))
    case = {"case_number": "N-2026-00123-" + "X" * 60, "client_id": known["E1"], "case_type": "H1B_EXT"}
    days = {"opened_on": "2026-01-05", "deadline_on": "2026-02-05"}
    assert http.post("/v1/cases", json=case | days, headers=as_staff("admin")).status_code == 201
    body = {"awards": ["Best paper of the year " + "x" * 90], "notes": "Calls in the morning. " * 20}
    assert http.patch(f"/v1/clients/{known['E1']}", json=body, headers=as_staff("admin")).status_code == 200
    return {"full": known["E1"], "bare": known["E2"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, ids, scheme):
    page = opened("admin", color_scheme=scheme)
    for path in PATHS:
        told_to_everybody(page, path.format(**ids))


@pytest.mark.parametrize("width", [320, 640])  # a telephone's; and a screen's, with letters twice as large
def test_no_page_goes_sideways(opened, ids, width):
    page = opened("admin", viewport={"width": width, "height": 700})
    for path in PATHS:
        fits(page, path.format(**ids))


def test_an_empty_list_is_told_and_fits(opened, db):
    page = opened(viewport={"width": 320, "height": 700})
    told_to_everybody(page, "/clients")
    fits(page, "/clients")


def test_a_value_is_corrected_by_keyboard_alone(opened, ids, inbox):
    page = opened()
    page.goto("/clients")
    tab_to(page, page.get_by_role("link", name="Name2"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/clients/{ids['bare']}")
    tab_to(page, page.get_by_role("link", name="Correct: family name"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("New value"))
    page.keyboard.press("Control+A")
    page.keyboard.type("Okafor")
    page.keyboard.press("Enter")
    page.get_by_text("Written, and pinned").wait_for()
    assert page.evaluate("document.activeElement.id") == "said"
    assert inbox.sql("SELECT family_name FROM clients WHERE id = %s", ids["bare"]) == [("Okafor",)]


def test_all_of_it_works_without_scripts(opened, ids):
    page = opened("admin", java_script_enabled=False)
    page.goto(f"/clients/{ids['full']}")
    page.get_by_role("button", name="Take the pin out: notes").click()
    page.get_by_text("The pin is out.").wait_for()
    page.get_by_text("The same as a table").click()
    page.get_by_role("cell", name="not known").first.wait_for()
    page.get_by_text("Erase this person for good").click()
    page.get_by_label("To be sure, type the name").fill("somebody else")
    page.get_by_label("Reason").fill("Asked for it")
    page.get_by_role("button", name="Erase for good").click()
    page.get_by_role("alert").get_by_role("link", name="Type the name as it is").wait_for()
    assert page.get_by_label("To be sure, type the name").input_value() == "somebody else"
