"""Workload in a real browser: to be seen and used by everybody, and time off noted by keyboard alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.firm_at_work import at_work

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]


@pytest.fixture
def firm(office, tenants):
    return at_work(office, tenants.northgate, tenants.acme, cases=6)


@pytest.fixture
def paths(firm):
    """Everybody full, one of them away, and a case that waits."""
    for name in ("ana", "ben"):
        firm.firm.away(firm.attorneys[name], firm.today, firm.today + timedelta(days=9))
    firm.firm.hire("dee", 0)
    firm.firm.open(complexity=9)
    firm.firm.work()
    return ["/workload", *(f"/workload/{one}" for one in (firm.attorneys["attorney"], firm.attorneys["ben"]))]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, paths, scheme):
    page = opened("admin", color_scheme=scheme)
    for path in paths:
        told_to_everybody(page, path)


def test_no_page_goes_sideways(opened, paths):
    page = opened("admin")
    for width in (320, 640):  # a telephone's; and a screen's, with letters twice as large
        page.set_viewport_size({"width": width, "height": 700})
        for path in paths:
            fits(page, path)


def test_where_there_is_nothing_it_is_told_to_everybody_too(opened, db):
    page = opened("admin", viewport={"width": 320, "height": 700})
    told_to_everybody(page, "/workload")
    fits(page, "/workload")


def test_bars_are_as_long_as_they_are_said_to_be(opened, firm):
    """A class of the page that has a width of its own would stretch them: once one did."""
    page = opened("admin")
    page.goto("/workload")
    for bar in page.locator(".levels rect").all():
        drawn, scale = bar.bounding_box(), page.locator(".levels").bounding_box()
        assert drawn
        assert scale
        assert drawn["width"] == pytest.approx(float(bar.get_attribute("width") or 0) * scale["width"] / 1_000, abs=2)


def test_time_off_is_noted_by_keyboard_alone(opened, firm):
    page = opened("attorney")
    page.goto("/workload")
    tab_to(page, page.get_by_role("link", name="attorney", exact=True))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/workload/{firm.attorneys['attorney']}")
    tab_to(page, page.get_by_label("Away from"))
    page.keyboard.type("12202090")
    tab_to(page, page.get_by_label("to and with"))
    page.keyboard.type("12242090")
    tab_to(page, page.get_by_role("button", name="Note the time off"))
    page.keyboard.press("Enter")
    page.get_by_text("Noted. No case is given").wait_for()
    page.get_by_text("Dec 20, 2090 to Dec 24, 2090").first.wait_for()
