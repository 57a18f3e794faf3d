"""The studio in a real browser: told to everybody, narrow and wide, and used by keyboard alone."""

from __future__ import annotations

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody, unfold
from helpers.callers import ME
from helpers.studio import STAFF, Studio

from ingest.studio import drafts

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
HERE = "/partners/cyberdyne/studio"
PATHS = ("/studio", HERE, f"{HERE}?edit=1", "/partners/acme/studio", "/partners/globex/studio")
LONG = "Hohenstein-Wittelsbach von und zu Lichtenberg-Ballenstedt"


@pytest.fixture
def drawn(office, tenants, inbox, roster):
    """A full draft, one with much that is wrong, and a partner that has none."""
    inbox.apply(roster)
    full = Studio(office, tenants.northgate, actor=ME)
    full.begin("Cyberdyne Ltd")
    head, *rows = STAFF.splitlines()
    many = [row.replace("0010", f"{n}0") for n in range(67) for row in rows]
    full.send(content="\n".join([head, *many, f"99;{LONG};{LONG};;;;;"]))
    full.propose()
    bad = Studio(office, tenants.northgate, "acme", actor=ME)
    bad.begin()
    bad.do(drafts.save, roster.replace("type: money", "type: mony").replace("full", "ful"), None)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, drawn, scheme):
    page = opened("admin", color_scheme=scheme)
    for path in PATHS:
        told_to_everybody(page, path, unfolded=True)


@pytest.mark.parametrize("width", [320, 640])
def test_no_page_goes_sideways(opened, drawn, width):
    page = opened("admin", viewport={"width": width, "height": 700})
    for path in PATHS:
        fits(page, path)
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(HERE)
    page.get_by_role("button", name="Try it on the sample").click()
    page.get_by_text("would be stored").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_empty_pages_are_told_as_well(opened, inbox):
    page = opened("admin")
    for path in ("/studio", "/partners/acme/studio"):
        told_to_everybody(page, path)


def test_settings_are_tried_and_put_in_force_by_keyboard_alone(opened, drawn):
    page = opened("admin")
    page.goto(f"{HERE}?edit=1")
    tab_to(page, page.get_by_role("button", name="Keep it"))
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()
    for name, told in (
        ("Try it on the sample", "would be stored"),
        ("Put these settings in force", "as a new version"),
    ):
        if name.startswith("Put"):
            tab_to(page, page.get_by_label("Why this partner is set up"))
            page.keyboard.type("They send us files from May on.")
        wanted = page.get_by_role("button", name=name)
        tab_to(page, wanted)
        page.keyboard.press("Enter")
        page.get_by_text(told).first.wait_for()
