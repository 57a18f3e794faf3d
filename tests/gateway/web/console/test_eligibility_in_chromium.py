"""Eligibility checks in a real browser: to be seen and used by everybody, and reviewed by keyboard alone."""

from __future__ import annotations

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.checked import SHOWN, Checked
from helpers.checks import completed
from helpers.firm_at_work import HOSTILE, LONG

from gateway.domain.eligibility import chances, checks, entries, reviewing
from gateway.domain.eligibility.entries import Said as Told
from gateway.domain.eligibility.reviewing import Said
from gateway.domain.rules.criteria import ApprovalRate

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
MANY = ("EB1A", "O1A", "NIW", "TN", "H1B_EXT", "E3")
RATE = ApprovalRate(
    approved=60.65, denied=23.32, period="fiscal year 2024", source="U.S. Citizenship and Immigration Services"
)
WIDE = {"offer": {"title": "Lead engineer", "employer": LONG}, "article": {"title": f"{HOSTILE} {'On gears ' * 20}"}}


@pytest.fixture
def firm(office, tenants):
    return Checked(office, tenants)


@pytest.fixture
def paths(firm):
    """Each page full: a check of many visas, one reviewed more than once, one that goes on, two compared."""
    whom = firm.person(SHOWN | WIDE, given_name="María José", family_name=LONG)
    with firm.acting() as acting:
        first = completed(acting, whom, MANY, chance=chances.chance(18, 2, RATE))
        row = checks.recommendations(acting, first)[0]
        reviewing.review(acting, row.id, Said(verdict="rejected", reason=f"The award is internal. {HOSTILE}"))
        edits = reviewing.Edits(summary="Strong, once the letters are in.", missing=[])
        reviewing.review(acting, row.id, Said(verdict="edited", reason="Two letters are promised.", edits=edits))
    with firm.acting() as acting:
        entries.add(acting, whom, "press", Told(facts={"outlet": LONG}, backing="documented", proof="folder 4"))
        entries.withdraw(acting, whom, "judging.1")
        second = completed(acting, whom, MANY[:3])
        said = checks.recommendations(acting, second)[0]
    opened = firm.ask(firm.person(given_name="Li", family_name="Wu"), "EB1A")
    of_checks = [f"/eligibility/{one}" for one in (first, second, opened)]
    more = [f"/eligibility/compare?a={first}&b={second}", f"/clients/{whom}/eligibility", f"/clients/{whom}"]
    return ["/eligibility", "/eligibility?visa=NIW&state=failed", *of_checks, f"/eligibility/{second}/{said.id}", *more]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, paths, scheme):
    page = opened("attorney", color_scheme=scheme)
    for path in paths:
        told_to_everybody(page, path, unfolded=True)


@pytest.mark.parametrize("width", [320, 640])  # a telephone's; and a screen's, with letters twice as large
def test_no_page_goes_sideways(opened, paths, width):
    page = opened("attorney", viewport={"width": width, "height": 700})
    for path in paths:
        fits(page, path)


def test_where_there_is_nothing_it_is_told_to_everybody_too(opened, firm):
    page = opened("attorney", viewport={"width": 320, "height": 700})
    for path in ("/eligibility", f"/clients/{firm.person()}/eligibility"):
        told_to_everybody(page, path)
        fits(page, path)


def test_a_check_is_found_and_spoken_of_by_keyboard_alone(opened, firm):
    whom = firm.person()
    with firm.acting() as acting:
        check = completed(acting, whom, ["EB1A"])
    page = opened("attorney")
    tab_to(page, page.get_by_role("link", name="1 eligibility check"))
    page.keyboard.press("Enter")
    tab_to(page, page.locator("table.cards").first.get_by_role("link").first)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/eligibility/{check}")
    tab_to(page, page.get_by_text("Reject", exact=True))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("The award is internal.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Rejected. It leaves for nobody.").wait_for()
    assert page.evaluate("document.activeElement.id") == "said"
    tab_to(page, page.get_by_role("link", name="Edit its words"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("In short"))
    page.keyboard.press("Control+A")
    page.keyboard.type("Strong, once the letters are in.")
    tab_to(page, page.get_by_label("Why it reads so"))
    page.keyboard.type("Two letters are promised.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Kept. It may leave in your words").wait_for()
    page.get_by_text("Strong, once the letters are in.").wait_for()
