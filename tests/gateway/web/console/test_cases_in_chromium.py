"""Cases in a real browser: to be seen and used by everybody, and passed on by keyboard alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers.attorneys import AT_THE_DESK
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.firm_at_work import at_work

from gateway.domain.assignment import moving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]


@pytest.fixture
def firm(office, tenants):
    return at_work(office, tenants.northgate, tenants.acme, cases=6)


@pytest.fixture
def paths(firm, office, tenants):
    """Each page full: one case open, one that somebody is asked to take, one decided, one closed."""
    ana, soon = firm.attorneys["ana"], firm.today + timedelta(days=4)
    [asked] = firm.firm.open(client_id=firm.client_id, attorney_id=ana, stage="filed", deadline_on=soon)
    [decided] = firm.firm.open(stage="decided", status="approved", decided_on=firm.today)
    [closed] = firm.firm.open(stage="closed", status="withdrawn")
    firm.firm.hire("cai", 0)
    with office.acting(tenants.northgate, AT_THE_DESK) as acting:
        moving.move(acting, asked, firm.attorneys["attorney"], "Is in court that week.", "All is filed.")
        moving.move(acting, firm.case_id, firm.attorneys["ben"], "Knows the employer.")
    of_one = [f"/cases/{one}" for one in (firm.case_id, asked, decided, closed)]
    return ["/cases", "/cases?number=nothing", *of_one, f"/cases/{firm.case_id}/candidates"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, paths, scheme):
    page = opened("attorney", color_scheme=scheme)
    for path in paths:
        told_to_everybody(page, path)


@pytest.mark.parametrize("width", [320, 640])  # a telephone's; and a screen's, with letters twice as large
def test_no_page_goes_sideways(opened, paths, width):
    page = opened("attorney", viewport={"width": width, "height": 700})
    for path in paths:
        fits(page, path)


def test_where_there_is_nothing_it_is_told_to_everybody_too(opened, db):
    page = opened("attorney", viewport={"width": 320, "height": 700})
    told_to_everybody(page, "/cases")
    fits(page, "/cases")
    page.get_by_text("You hold no open case.").wait_for()


def test_a_case_is_moved_and_passed_on_by_keyboard_alone(opened, firm):
    page = opened("attorney")
    page.goto(f"/cases/{firm.case_id}")
    tab_to(page, page.get_by_label("Move on to"))
    page.keyboard.type("review")
    tab_to(page, page.get_by_role("button", name="Move the case"))
    page.keyboard.press("Enter")
    page.get_by_text("Moved on.").wait_for()
    assert page.evaluate("document.activeElement.id") == "said"
    tab_to(page, page.get_by_role("link", name="Who else could take it"))
    page.keyboard.press("Enter")
    tab_to(page, page.locator(f"#give-{firm.attorneys['ben']}"))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Knows the employer.")
    page.keyboard.press("Enter")
    page.get_by_text("The case has passed on").wait_for()
    assert firm.firm.holder(firm.case_id) == firm.attorneys["ben"]
