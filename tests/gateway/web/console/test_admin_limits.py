"""An admin sees how much partners use of what they may, and sets what holds for a tier."""

from __future__ import annotations

import re

import httpx
import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.callers import ME
from sqlalchemy import update

from gateway.db.models import Partner, Wall
from gateway.domain.access import tiers
from gateway.web.console.admin import limits

PAGE = "/admin/limits"
STATUS = "/v1/rate-limit/status"


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    """No minute ends meanwhile."""
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-10T15:00:30+00:00")


@pytest.fixture
def admin(browser):
    browser.sign_in("admin")
    return browser


@pytest.fixture
def limited(office, tenants):
    def limit(tier, **most):
        with office.acting(tenants.northgate, ME) as acting:
            tiers.change(acting, tier, most)

    return limit


@pytest.fixture
def call(service, acme_key):
    """Acme calls the very process that shows the page: each counts for itself."""

    def times(number):
        with httpx.Client(base_url=f"http://127.0.0.1:{service.config.port}", headers=acme_key) as program:
            return [program.get(STATUS).status_code for _ in range(number)]

    return times


def holds(office, tenants, tier):
    with office.acting(tenants.northgate, ME) as acting:
        return {one.name: one.most for one in tiers.listed(acting)[tier]}


def standing(page):
    return re.findall(r"(\d[\d,]*) of (\d[\d,]*)", " ".join(page.text.split()))


def test_what_partners_used_stands_there_and_whoever_is_near_the_end_is_named_first(admin, call, limited):
    limited("standard", minute=5)
    assert PAGE in admin.get("/admin").links
    page = admin.get(PAGE)
    assert "No partner is near what it may." in page.text
    assert standing(page) == [("0", "5"), ("0", "250,000"), ("0", "300")] * 2
    call(4)
    page = admin.get(PAGE)
    assert re.search(r"1 partner has used most of what it may, or all of it:\s*acme\.", page.text)
    assert ("4", "5") in standing(page)
    assert "nearly used up" in page.text
    assert call(3) == [200, 429, 429]
    page = admin.get(PAGE)
    assert ("5", "5") in standing(page)
    assert "nearly used up" not in page.text
    assert "used up" in page.text


def test_a_tier_is_set_and_given_back_to_what_is_usual(admin, office, tenants, inbox):
    admin.get(PAGE)
    page = admin.press(f"{PAGE}/standard", minute="2,000")
    assert "It holds from the partners' next request on." in page.text
    assert "set by the firm" in page.text
    assert holds(office, tenants, "standard") == {"minute": 2_000, "day": 250_000}
    assert inbox.sql('SELECT tier, "window", most FROM rate_limits') == [("standard", "minute", 2_000)]
    page = admin.press(f"{PAGE}/standard", minute="")
    assert "set by the firm" not in page.text
    assert inbox.sql("SELECT count(*) FROM rate_limits") == [(0,)]
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE action = 'limits.set' AND actor_kind = 'staff'") == [(2,)]


def test_what_somebody_else_set_meanwhile_is_left_where_one_changed_nothing(admin, office, tenants, limited):
    admin.get(PAGE)
    limited("basic", day=77)
    admin.press(f"{PAGE}/basic", minute="400")
    assert holds(office, tenants, "basic") == {"minute": 400, "day": 77}


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "2000000000", "<script>alert(1)</script>", "=1+1"])
def test_what_is_no_number_is_told_at_its_field_and_kept(admin, office, tenants, text):
    admin.get(PAGE)
    page = admin.press(f"{PAGE}/firm", minute=text, day="20")
    assert admin.page.status_code == 422
    assert "A whole number from 1 to 1,000,000,000 is wanted" in page.text
    assert page.found[f"{PAGE}/firm"]["minute"] == text
    assert page.found[f"{PAGE}/firm"]["day"] == "20"
    assert page.found[f"{PAGE}/basic"]["day"] == "50,000"
    assert "#firm-minute" in page.links
    assert "<script>alert" not in admin.page.text
    assert holds(office, tenants, "firm") == {"minute": 30_000, "day": 10_000_000}


def test_setting_nothing_says_so(admin, inbox):
    admin.get(PAGE)
    assert "Nothing is other than it was." in admin.press(f"{PAGE}/files").text
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE action = 'limits.set'") == [(0,)]


def test_a_tier_that_there_is_not_is_refused(admin):
    form = admin.get(PAGE).found[f"{PAGE}/basic"] | {"minute": "9"}
    answer = admin.send(f"{PAGE}/golden", form)
    assert answer.status_code == 422
    assert "is not a tier" in answer.text


@pytest.mark.parametrize("role", ["viewer", "paralegal", "attorney"])
def test_whoever_is_no_admin_is_refused(browser, elsewhere, office, tenants, role):
    elsewhere.sign_in("admin")
    elsewhere.get(PAGE)
    form = elsewhere.forms.found[f"{PAGE}/basic"] | {"minute": "9"}
    own = browser.sign_in(role).found["/sign-out"]
    assert browser.http.get(PAGE).status_code == 403
    assert browser.send(f"{PAGE}/basic", form | own).status_code == 403
    assert holds(office, tenants, "basic")["minute"] == 300


def test_another_firms_partners_and_those_behind_a_wall_are_not_there(admin, db, tenants):
    page = admin.get(PAGE)
    assert ("/partners/acme" in page.links, "/partners/globex" in page.links) == (True, True)
    assert "initech" not in page.text
    with db.firm(tenants.northgate) as session:
        wall = {"partner_id": tenants.acme, "reason": "x", "created_by": "x"}
        session.add(Wall(firm_id=tenants.northgate, staff_id=tenants.staff["admin"], **wall))
    walled = {one["partner"] for one in admin.http.get("/v1/rate-limit/partners").json()["data"]}
    page = admin.get(PAGE)
    assert ("/partners/acme" in page.links) == ("acme" in walled)


def test_long_lists_go_on(admin, monkeypatch):
    monkeypatch.setattr(limits, "SHOWN", 1)
    page = admin.get(PAGE)
    [following] = [one for one in page.links if "cursor=" in one]
    first = [one for one in page.links if one.startswith("/partners/")]
    assert "No partner here is near what it may." in page.text
    second = [one for one in admin.get(following).links if one.startswith("/partners/")]
    assert {*first, *second} == {"/partners/acme", "/partners/globex"}


# ------------------------------------------------------------------------------------------------ in Chromium

in_chromium = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)")


@pytest.fixture
def busy(db, tenants, call, limited):
    """A partner with a long name that has used all that it may."""
    with db.firm(tenants.northgate) as session:
        name = "Hohenstein-Wittelsbach & Söhne Präzisionswerkzeugmaschinenbaugesellschaft <b>mbH</b>"
        session.execute(update(Partner).where(Partner.slug == "acme").values(name=name))
    limited("standard", minute=2)
    call(3)


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, busy, scheme):
    told_to_everybody(opened("admin", color_scheme=scheme), PAGE)


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 640])
def test_the_page_does_not_go_sideways(opened, busy, width):
    fits(opened("admin", viewport={"width": width, "height": 700}), PAGE)


@in_chromium
@pytest.mark.browser
def test_a_tier_is_set_by_keyboard_alone(opened, office, tenants):
    page = opened("admin")
    page.goto(PAGE)
    tab_to(page, page.locator("#basic-minute"))
    page.keyboard.press("Control+a")
    page.keyboard.type("450")
    page.keyboard.press("Enter")
    page.get_by_text("It holds from the partners' next request on.").wait_for()
    assert holds(office, tenants, "basic")["minute"] == 450
