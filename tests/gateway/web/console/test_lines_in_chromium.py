"""A line of a file in a real browser: to be seen by everybody, and come to from a value by keyboard alone."""

from __future__ import annotations

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.inbox import people, person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh-Cholmondeley"
PATHS = ("2?field=client.date_of_birth", "2?field=client.ssn", "3", "4")


@pytest.fixture
def lines(inbox) -> str:
    """The lines of a file: one that says much, one that says next to nothing, and one that was rejected."""
    much = person(1, ssn="536904399", passport="K1234567", passport_expiry="05/31/2030", i94_expiry="D/S")
    wrong = person(3) | {"DOB": "the third of February, or so her manager says, and " * 3}
    table = [much | {"Last Name": LONG}, {"EMP_ID": "E2", "Last Name": "Li"}, wrong, *people(20)[3:]]
    return f"/files/{inbox.drop('roster_20260301.csv', table)['import_id']}/lines"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, lines, scheme):
    page = opened(color_scheme=scheme)
    for path in PATHS:
        told_to_everybody(page, f"{lines}/{path}", unfolded=True)


@pytest.mark.parametrize("width", [320, 640])  # a telephone's; and a screen's, with letters twice as large
def test_no_line_goes_sideways(opened, lines, width):
    page = opened(viewport={"width": width, "height": 700})
    for path in PATHS:
        fits(page, f"{lines}/{path}")


def test_from_a_person_to_the_line_and_back_by_keyboard_alone(opened, lines, inbox):
    [(client_id,)] = inbox.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    page = opened()
    page.goto(f"/clients/{client_id}")
    tab_to(page, page.locator("#value-date_of_birth td.source a"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/lines/2?row=2&field=client.date_of_birth")
    assert "02/03/1980" in page.locator("tr.marked").inner_text()
    tab_to(page, page.locator("tr.marked summary"))
    page.keyboard.press("Enter")
    assert page.locator("tr.marked pre").is_visible()
    page.go_back()
    page.go_forward()
    tab_to(page, page.get_by_role("link", name="this person"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/clients/{client_id}")
