"""What if, in a real browser: seen by everybody, and asked by keyboard alone."""

from __future__ import annotations

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.firm_at_work import at_work

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
PAGE = "/workload/what-if"


@pytest.fixture
def firm(office, tenants):
    made = at_work(office, tenants.northgate, tenants.acme)
    for name in ("Li", "Christopher Montgomery-Smythe", "María José Fernández de la Vega y Álvarez"):
        made.firm.hire(name, 3)
    made.firm.open(9, case_type="TN")
    made.firm.work()
    return made


def paths(firm):
    tried = f"{PAGE}?rule=round_robin&from={firm.today}"
    return PAGE, tried, f"{PAGE}?rule=round_robin&from=2020-01-01&to=2020-01-31", f"{PAGE}?rule=dice&from=soon"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, firm, scheme):
    page = opened("attorney", color_scheme=scheme)
    for path in paths(firm):
        told_to_everybody(page, path, unfolded=True)


@pytest.mark.parametrize("width", [320, 640])  # a telephone's; and a screen's, with letters twice as large
def test_it_never_goes_sideways(opened, firm, width):
    page = opened("attorney", viewport={"width": width, "height": 700})
    for path in paths(firm):
        fits(page, path)


def test_a_rule_is_tried_by_keyboard_alone(opened, firm):
    page = opened("attorney")
    page.goto("/workload")
    tab_to(page, page.get_by_role("link", name="What if cases were given by another rule?"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/workload/what-if")
    tab_to(page, page.get_by_label("Rule"))
    page.keyboard.type("workload")
    tab_to(page, page.get_by_role("button", name="Try it"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/workload/what-if?rule=workload_based&**")
    page.get_by_text("Nothing was written.").wait_for()
    tab_to(page, page.get_by_text("The same as a table"))
    page.keyboard.press("Enter")
    assert page.get_by_role("cell", name="Ana Lima").or_(page.get_by_role("rowheader", name="Ana Lima")).is_visible()
