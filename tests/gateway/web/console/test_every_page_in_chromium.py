"""Every page of the console, full and empty: with letters twice as large, its first deed in sight, and without JavaScript.

The pages are those to which the navigation leads, so one that is new is met by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers.browsing import PROGRAM, first_below, pages, sign_in, windows
from helpers.callers import ME
from helpers.checked import Checked
from helpers.inbox import people
from helpers.serving import furnished, own_folder
from helpers.studio import Studio
from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
LEAST = 19  # pages: fewer, and the list is not what it says
ANSWERS = (200, 409)  # a page of an installation that firms share says that it is told nobody here

_LARGER = """() => {
    const all = [...document.querySelectorAll("body *")].map((one) => [one, parseFloat(getComputedStyle(one).fontSize)]);
    for (const [one, size] of all) [one.style.fontSize, one.style.lineHeight] = [`${2 * size}px`, "normal"];
}"""
_SEEN = """(one) => {
    const box = one.getBoundingClientRect(), x = box.x + Math.min(box.width, innerWidth - box.x) / 2;
    const there = document.elementFromPoint(x, box.y + Math.min(box.height, 20) / 2);
    return box.x >= 0 && box.y >= 0 && there !== null && (one.contains(there) || there.contains(one));
}"""
_DEEDS = "main :is(button, a.button, summary, input, select, table a, .todo a, .empty a, dl a, li a, p a):visible"


def sideways(page: Page) -> str | None:
    return "it goes sideways" if page.evaluate("document.documentElement.scrollWidth > innerWidth") else None


def magnified(page: Page) -> str | None:
    """The window is shown twice as large, as browsers do it."""
    return sideways(page)


def with_larger_letters(page: Page) -> str | None:
    """Letters alone are twice as large."""
    page.evaluate("dispatchEvent(new Event('input'))")  # what moves by that was asked for
    page.evaluate(_LARGER)
    return sideways(page)


def with_its_deed_in_sight(page: Page) -> str | None:
    """What can be done first is seen without a search, in a usual window."""
    first = page.locator(_DEEDS).first
    if not first.count():
        said = page.locator("main .empty").count()
        return None if said else "there is nothing to do on it, and nowhere to go"
    return None if first.evaluate(_SEEN) else f"{first.inner_text()!r} is not in sight"


def without_script(page: Page) -> str | None:
    """It says what it is; all that is filled in can be sent; what waits looks again."""
    if page.locator("h1").count() != 1 or not page.locator("main").inner_text().strip():
        return "it does not say what it is"
    if page.locator("form:not(:has(button))").count():
        return "a form has nothing to press"
    waits = page.locator("[data-follow], [data-again]").count()
    return "it waits for ever" if waits and not page.locator('meta[http-equiv="refresh"]').count() else None


WAYS: dict[Callable[[Page], str | None], dict[str, object]] = {
    magnified: {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
    with_larger_letters: {},
    with_its_deed_in_sight: {},
    without_script: {"java_script_enabled": False},
}
each_way = pytest.mark.parametrize("looked_at", WAYS, ids=lambda one: one.__name__)


@pytest.fixture(scope="module")
def full(chromium, modules_addresses, tenants):
    """Windows on an installation that holds some of everything."""
    with (
        own_folder() as folder,
        furnished(modules_addresses, tenants, folder) as one,
        windows(chromium, one.url) as window,
    ):
        yield window


def met(page: Page, paths: dict[str, str], looked_at: Callable[[Page], str | None]) -> None:
    assert len(paths) >= LEAST, paths
    wrong = {}
    for path in paths.values():
        answer = page.goto(path)
        assert answer
        told = looked_at(page) if answer.status in ANSWERS else f"it answers {answer.status}"
        wrong |= {path: told} if told else {}
    assert wrong == {}


@each_way
def test_every_page_that_is_full(full, looked_at):
    page = full(**WAYS[looked_at])
    page.goto("/sign-in")
    sign_in(page, "admin")
    page.wait_for_url("**/")
    paths = dict(pages(page))
    grid = f"{first_below(page, '/files?state=loaded_with_errors')}/repair"
    met(page, paths | {"held": first_below(page, "/files?state=held"), "grid": grid}, looked_at)


@each_way
def test_every_page_that_is_empty(opened, looked_at):
    page = opened("admin", **WAYS[looked_at])
    met(page, dict(pages(page)), looked_at)


# ---------------------------------------------------------------------------------------------------- that waits


@pytest.fixture
def begun(inbox, roster, office, tenants):
    """Where something is asked for, what is pressed to ask, and the end of the address at which it is waited for."""
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", people(20))
    looked, let_in = (f"/files/{inbox.drop(f'roster_2026030{day}.csv', people(2))['import_id']}" for day in (2, 3))
    Studio(office, tenants.northgate, "acme", ME).begin()
    firm = Checked(office, tenants)
    return [
        (looked, ["text=See what releasing would do"], f"{looked}/preview"),
        (let_in, ["text=Release without looking", f'form[action="{let_in}/release"] details button'], let_in),
        ("/partners/acme/studio", ['form[action$="/trial"] button'], "/partners/acme/studio/trial"),
        ("/reports/import_errors", ["text=Order it"], "/reports/orders/*"),
        (f"/eligibility/{firm.ask(firm.person(), 'EB1A')}", [], ""),
    ]


def test_every_page_that_waits_looks_again_without_a_script(opened, begun):
    page = opened("admin", java_script_enabled=False)
    for path, presses, there in begun:
        page.goto(path)
        for one in presses:
            page.locator(one).first.click()
        page.wait_for_url(f"**{there}")
        assert page.locator("main .lead[role=status]").count() == 1, f"nothing is waited for at {page.url}"
        assert page.locator('meta[http-equiv="refresh"]').count() == 1, f"{page.url} waits for ever"
