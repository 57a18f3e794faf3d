"""What is one's own in a real browser: to be seen by everybody, narrow and wide, and changed by keyboard alone."""

from __future__ import annotations

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody, unfold
from helpers.callers import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
NEW = "lamp-owl-fig-tree"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, scheme):
    opened()
    page = opened(color_scheme=scheme)
    told_to_everybody(page, "/me", unfolded=True)


@pytest.mark.parametrize("width", [320, 640])
def test_no_page_goes_sideways(opened, width):
    opened()
    page = opened(viewport={"width": width, "height": 700})
    fits(page, "/me")
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_password_is_changed_by_keyboard_alone(opened):
    page = opened()
    tab_to(page, page.get_by_role("link", name="paralegal@northgate.example"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/me")
    tab_to(page, page.get_by_text("Change it").first)
    page.keyboard.press("Enter")
    for field, text in (("#current", PASSWORD), ("#new", NEW), ("#again", "another one altogether")):
        tab_to(page, page.locator(field))
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.id") == "summary"
    for field, text in (("#current", PASSWORD), ("#new", NEW), ("#again", NEW)):
        tab_to(page, page.locator(field))
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.get_by_text("Your password is changed").wait_for()
