"""The admin's pages in a real browser: to be seen by everybody, narrow and wide, and used by keyboard alone."""

from __future__ import annotations

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody, unfold
from helpers.callers import ME
from helpers.halted import line_off, parcel
from helpers.idle import idle_job

from gateway.domain.access import accounts, credentials
from gateway.domain.access.permissions import SCOPES
from gateway.domain.partners import homes
from gateway.domain.people import walls

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
PATHS = (
    "/",
    "/admin",
    "/admin/staff",
    "/admin/staff?which=out",
    "/admin/staff/{viewer}",
    "/admin/credentials",
    "/admin/walls",
    "/admin/limits",
    "/admin/health",
    "/admin/jobs",
    "/admin/jobs?which=waiting",
    "/admin/jobs/{job}",
)


@pytest.fixture
def paths(office, tenants, inbox) -> list[str]:
    """Every page, with somebody whose name is long."""
    with office.acting(tenants.northgate, ME) as acting:
        name = "Maximiliane Freifrau von und zu Hohenstein-Wittelsbach"
        accounts.add_staff(acting, "maximiliane.hohenstein@northgate.example", name=name, role="attorney")
        home = homes.home_of(acting, "acme")
        credentials.add_key(acting, home.partner_id, name=name, scopes=SCOPES, expires_at=None)
        walls.add(acting, walls.NewWall(tenants.staff["viewer"], None, home.partner_id, f"{name} acted for them."))
    job = idle_job(office, tenants.northgate, "ingest.run", last_error=f"{name} is not at home. " * 9)
    idle_job(office, tenants.northgate, "notices.plan", "running", minutes=600)
    idle_job(office, tenants.northgate, "notices.plan", "waiting", minutes=-60, attempts=2)
    parcel(inbox, tenants, line_off(inbox, tenants, "changes"), "dead", "2 hours")
    return [path.format(viewer=tenants.staff["viewer"], job=job) for path in PATHS]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, paths, scheme):
    page = opened("admin", color_scheme=scheme)
    for path in paths:
        told_to_everybody(page, path, unfolded=True)


@pytest.mark.parametrize("width", [320, 640])
def test_no_page_goes_sideways(opened, paths, width):
    page = opened("admin", viewport={"width": width, "height": 700})
    for path in paths:
        fits(page, path)
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_all_pages_stand_in_one_line_of_a_usual_window(opened):
    page = opened("admin")
    links = page.locator(".top nav a").all()
    assert len(links) > 10
    assert len({one.bounding_box()["y"] for one in links}) == 1


def test_somebody_is_let_in_by_keyboard_alone(opened):
    page = opened("admin")
    page.goto("/admin/staff")
    tab_to(page, page.get_by_text("Let somebody in"))
    page.keyboard.press("Enter")
    for field, text in (("#email", "ana@northgate.example"), ("#name", "Ana Li"), ("#role", "paralegal")):
        tab_to(page, page.locator(field))
        page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("The first password of ana@northgate.example").wait_for()


def test_a_wall_is_raised_by_keyboard_alone(opened):
    page = opened("admin")
    page.goto("/admin/walls")
    tab_to(page, page.get_by_text("Raise a wall"))
    page.keyboard.press("Enter")
    for field, text in (("#staff_id", "viewer"), ("#partner_id", "acme"), ("#reason", "Acted for the other side.")):
        tab_to(page, page.locator(field))
        page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("The wall stands").wait_for()


def test_a_dead_job_is_tried_again_by_keyboard_alone(opened, office, tenants):
    idle_job(office, tenants.northgate, "ingest.run", last_error="The disk was full.")
    page = opened("admin")
    page.goto("/admin/jobs")
    tab_to(page, page.get_by_role("button", name="Try again"))
    page.keyboard.press("Enter")
    page.get_by_text("It waits for a worker again").wait_for()
