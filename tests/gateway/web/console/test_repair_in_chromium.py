"""The grid in a real browser: by keyboard, with and without scripts, for whoever looks at it."""

from __future__ import annotations

from uuid import UUID

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.inbox import COLUMNS, people, person

from gateway.domain.partners.homes import find_home
from ingest.running import finish

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
DOB = COLUMNS.index("DOB")


@pytest.fixture
def grid(inbox, roster) -> str:
    """The address of a grid of four rows: two alike, one with a secret, one with a cell of many letters."""
    inbox.apply(roster)
    wrong = [person(31) | {"DOB": "soon"}, person(32) | {"DOB": "soon"}, person(33, ssn="523-45-67")]
    long = person(34) | {"DOB": "x" * 30_000, "Last Name": "Wolfeschlegelsteinhausenbergerdorff, née <b>Okonkwo</b>"}
    told = inbox.drop("roster_20260301.csv", [*people(30), *wrong, long])
    return f"/files/{told['import_id']}/repair"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, grid, scheme):
    page = opened(color_scheme=scheme)
    for path in (grid, f"{grid}/rows/32"):
        told_to_everybody(page, path)


@pytest.mark.parametrize("width", [320, 640])
def test_neither_page_goes_sideways_and_bad_cells_are_seen_first(opened, grid, width):
    page = opened(viewport={"width": width, "height": 700})
    fits(page, f"{grid}/rows/32")
    fits(page, grid)
    box = page.get_by_label("DOB, row 32").bounding_box()
    assert box is not None
    assert box["x"] < width - 60  # it can be seen that there is a field, without pushing the table aside


def test_on_a_phone_a_row_says_whose_it_is_and_why_and_its_field_is_as_large_as_a_finger(opened, grid):
    page = opened(viewport={"width": 320, "height": 700})
    page.goto(grid)
    row, field = page.locator("tr", has=page.get_by_label("DOB, row 32")), page.get_by_label("DOB, row 32")
    label = row.locator("td.who", has_text="Name31").evaluate("cell => getComputedStyle(cell, '::before').content")
    assert "Last Name" in label
    assert row.get_by_text("is not a date in the agreed form").is_visible()
    assert field.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") >= 16
    for one in (field, row.get_by_role("link", name="32", exact=True), page.get_by_role("button", name="Set").first):
        assert one.bounding_box()["height"] >= 40
    box = page.get_by_role("button", name="Set").first.bounding_box()
    assert box["x"] + box["width"] <= 320 - 16  # the button is seen whole, without pushing the table aside


def test_on_a_phone_what_is_set_leads_on_to_the_next_kind_and_the_last_one_to_sending(opened, inbox, roster):
    inbox.apply(roster)
    wrong = [person(40 + n) | {"DOB": f"soon {n // 2}"} for n in range(24)]  # twelve kinds, of two rows each
    told = inbox.drop("roster_20260301.csv", [*people(30), *wrong])
    page = opened(viewport={"width": 390, "height": 844})
    page.goto(f"/files/{told['import_id']}/repair")
    rows = page.locator(".groups tbody tr")
    following = rows.nth(3).locator("th, td").nth(1).inner_text()
    rows.nth(2).locator("[name=to]").fill("02/03/1980")
    rows.nth(2).get_by_role("button", name="Set").click()
    said, field = page.get_by_text("Saved for all of them."), page.locator("[name=to]:focus")
    said.wait_for()
    field.wait_for()
    assert following in field.get_attribute("aria-label")
    assert field.get_attribute("aria-describedby") == "said"
    row = page.locator("tr", has=field)
    bottom = said.bounding_box()["y"] + said.bounding_box()["height"]
    assert said.bounding_box()["y"] >= 0
    assert bottom <= row.bounding_box()["y"]  # neither hides the other
    assert row.bounding_box()["y"] + row.bounding_box()["height"] <= 844
    rows.nth(10).locator("[name=to]").fill("02/03/1980")  # the last of those with something to do
    rows.nth(10).get_by_role("button", name="Set").click()
    page.get_by_role("button", name="Send 4 rows").first.wait_for()
    assert page.evaluate("scrollY") < 200
    assert page.get_by_role("button", name="Send 4 rows").first.bounding_box()["y"] < 844


def test_three_cells_and_all_alike_by_keyboard_alone(opened, grid, inbox):
    page = opened()
    page.goto(grid)
    tab_to(page, page.get_by_label("What all 2 are to be: DOB, now soon"))
    page.keyboard.type("02/03/1980")
    page.keyboard.press("Enter")
    page.get_by_text("Saved for all of them.").wait_for()
    tab_to(page, page.get_by_label("DOB, row 33"))
    page.keyboard.press("Control+A")
    page.keyboard.type("never")
    page.keyboard.press("Enter")  # on to the next wrong cell below
    page.locator("[data-state]", has_text="still wrong").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "SSN, row 34"
    page.keyboard.type("123-45-6789")
    page.keyboard.press("Shift+Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "DOB, row 33"
    page.keyboard.press("Control+A")
    page.keyboard.type("02/03/1981")
    page.keyboard.press("Tab")
    page.get_by_text("correct", exact=True).nth(2).wait_for()
    page.get_by_role("button", name="Send 3 rows").first.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Sent. This is the file").wait_for()
    sent = UUID(page.url.rpartition("/")[2])
    finish(inbox.office, find_home(inbox.office, "acme"), sent)
    assert inbox.account(sent)["rows"]["created"] == 3


def test_a_cell_that_could_not_be_kept_says_so_and_stays_as_it_was_typed(opened, grid):
    page = opened()
    page.goto(grid)
    page.route("**/repair/cells", lambda route: route.fulfill(status=409, body="{}"))
    field = page.get_by_label("DOB, row 32")
    field.fill("02/03/1980")
    field.press("Tab")
    page.get_by_role("row").filter(has=field).get_by_text("Not saved: press").wait_for()
    assert field.input_value() == "02/03/1980"
    page.unroute("**/repair/cells")
    page.get_by_role("button", name="Save this page").click()
    page.get_by_text("Saved. Nothing is sent before").first.wait_for()
    assert page.get_by_label("DOB, row 32").input_value() == "02/03/1980"


def test_at_the_end_of_the_rows_they_are_sent_and_it_says_how_many_are_still_wrong(opened, grid):
    page = opened(viewport={"width": 390, "height": 844})
    page.goto(grid)
    for row, text in ((32, "02/03/1980"), (33, "never")):
        page.get_by_label(f"DOB, row {row}").fill(text)
        page.keyboard.press("Tab")
        page.locator(f"tr[data-place='{row}'] .state", has_text="correct" if row == 32 else "still wrong").wait_for()
    last, send = page.locator("tr[data-place]").last, page.get_by_role("button", name="Send 2 rows").last
    assert send.bounding_box()["y"] > last.bounding_box()["y"]
    told = "Still wrong on this page, and rejected again if sent: 1"
    assert [one.is_visible() for one in page.get_by_text(told).all()] == [True, True]
    page.reload()
    assert page.get_by_text(told).count() == 2
    send.click()
    page.get_by_text("Sent. This is the file").wait_for()


def test_two_people_in_one_grid_see_whose_word_it_is(opened, grid):
    one, other = opened(), opened("attorney")
    for page in (one, other):
        page.goto(grid)
    field = one.get_by_label("DOB, row 32")
    field.fill("02/03/1980")
    field.press("Tab")
    one.get_by_text("correct", exact=True).wait_for()
    other.reload()
    assert other.get_by_label("DOB, row 32").input_value() == "02/03/1980"
    other.get_by_text("by paralegal@northgate.example").wait_for()
