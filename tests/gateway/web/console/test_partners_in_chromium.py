"""Partners in a real browser: to be seen and used by everybody, and settings taken back by keyboard alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.callers import ME
from helpers.feeds_at_work import begun, came, send_files, settings_of
from helpers.halted import line_off, parcel

from gateway import clock
from gateway.db.models import FeedRow
from gateway.domain.partners import names, versions
from gateway.wings import PARTNER_YAML

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]

LONG = "Wayne Enterprises Global Workforce Mobility and Relocation Services (North America) LLC"
FEEDS = ("roster", "leavers", "everybody_who_was_hired_or_moved_within_the_group")
PATHS = ["/", "/partners", "/partners/acme", "/partners/acme/versions/2"]
PATHS += ["/partners/acme/versions/compared?before=2&after=3", "/partners?name=zz"]


@pytest.fixture
def at_work(inbox, tenants):
    """Everything that may stand on the pages."""
    send_files(inbox, "acme", FEEDS, LONG)
    send_files(inbox, "globex")
    begun(inbox, 90)
    states = ("loaded", "loaded_with_errors", "held", "refused", "running", "no_change")
    for ago in range(1, 50, 2):
        for place, feed in enumerate(FEEDS):
            came(inbox, "acme", feed, clock.now() - timedelta(days=ago), states[(ago + place) % 6])
    inbox.sql("UPDATE imports SET finished_at = NULL WHERE state = 'running' RETURNING id")
    line = line_off(inbox, tenants, "changes")
    for state in ("dead", "sent"):
        parcel(inbox, tenants, line, state, "2 hours")
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        feed = acting.session.query(FeedRow).filter_by(name="roster").first()
        names.learn_name(acting, feed.id, "Last Name", "Surname" * 20)
        changed = settings_of("acme", LONG, FEEDS).replace("06:00", "07:30")
        versions.apply(acting, PARTNER_YAML.read(changed), reason="They send later " * 20)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, at_work, scheme):
    page = opened("admin", color_scheme=scheme)
    for path in PATHS:
        told_to_everybody(page, path, unfolded=True)


def test_no_page_goes_sideways(opened, at_work):
    page = opened("admin")
    for width in (320, 640):  # a telephone's; and a screen's, with letters twice as large
        page.set_viewport_size({"width": width, "height": 700})
        for path in PATHS:
            fits(page, path)


def test_where_there_is_nothing_it_is_told_to_everybody_too(opened):
    page = opened("admin", viewport={"width": 320, "height": 700})
    for path in ("/partners", "/partners/acme"):
        told_to_everybody(page, path)
        fits(page, path)


def test_no_word_beside_the_dots_runs_into_them_or_out_of_the_plot(opened, at_work):
    page = opened("admin")
    for path in ("/", "/partners/acme"):
        page.goto(path)
        plot = page.locator("svg.dots[role=img]")
        drawn = plot.bounding_box()
        dots = page.locator("svg.dots[role=img] path").evaluate_all(
            "all => all.map((one) => one.getBoundingClientRect()).map((one) => [one.left, one.right])"
        )
        first, last = min(left for left, _ in dots), max(right for _, right in dots)
        for one in plot.locator("text:not(.axis)").all():
            box = one.bounding_box()
            assert box["x"] + box["width"] <= drawn["x"] + drawn["width"], one.text_content()
            assert box["x"] + box["width"] <= first or box["x"] >= last, one.text_content()


def test_settings_are_taken_back_by_keyboard_alone(opened, at_work):
    page = opened("admin")
    page.goto("/partners")
    tab_to(page, page.get_by_role("link", name=LONG))
    page.keyboard.press("Enter")
    page.wait_for_url("**/partners/acme")
    tab_to(page, page.get_by_role("link", name="Version 2"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/versions/2")
    tab_to(page, page.get_by_label("Why it is to be in force again"))
    page.keyboard.type("At six again")
    tab_to(page, page.get_by_role("button", name="Go back to version 2"))
    page.keyboard.press("Enter")
    page.get_by_text("In force. The next file").wait_for()
    page.get_by_text("Back to version 2: At six again").wait_for()
