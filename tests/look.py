"""Pictures of the console of the demo's firm, four of each page, for whoever changes one: `make look`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from helpers.browsing import PROGRAM, first_below, last_below, launched, pages
from helpers.servers import until
from helpers.serving import Installation, answering, installed
from playwright.sync_api import Browser, FloatRect, Page

HOUSE = Path(__file__).parents[1]
FOLDER = HOUSE / "build" / "look"
README = {"held-file": HOUSE / "docs" / "held-file.png", "grid": HOUSE / "docs" / "grid.png"}
TALLEST = 4_000  # pixels of a picture
HEAVIEST = 150_000  # bytes of one of the README's
WAYS = {  # how a page is looked at: the window, and what it is asked for
    "light": ((1280, 900), {"color_scheme": "light"}),
    "dark": ((1280, 900), {"color_scheme": "dark"}),
    "320": ((320, 640), {"color_scheme": "light"}),
    "print": ((1280, 900), {"media": "print"}),
}


@pytest.mark.skipif(PROGRAM is None, reason="no chromium is installed: apt-get install chromium fonts-dejavu-core")
@pytest.mark.timeout(900)
def test_every_page_has_its_pictures():
    FOLDER.mkdir(parents=True, exist_ok=True)
    with installed({"GATEWAY_CONFIG_DIR": str(HOUSE / "partner_configs")}) as made:
        told = made.run("demo")
        with answering(made) as http, launched() as browser:
            _send_half(made, http)
            _look(made, browser, told)
    assert all(one.stat().st_size < HEAVIEST for one in README.values())


def _send_half(made: Installation, http: httpx.Client) -> None:
    """A file of which so many people are missing that it is held."""
    lines = (HOUSE / "partner_configs/acme/samples/roster_20260302.csv").read_bytes().splitlines(keepends=True)
    half = {"file": ("roster_20260303.csv", b"".join(lines[: len(lines) // 2]))}
    key = made.key("acme")
    [one] = http.post("/v1/files", files=half, headers=key).raise_for_status().json()["imports"]
    until(lambda: http.get(one["status_url"], headers=key).json()["state"] == "held")


def _look(made: Installation, browser: Browser, told: str) -> None:
    """Each page in each way; those of the README besides, as much of them as a window shows."""
    for way, ((width, height), asked) in WAYS.items():
        page = browser.new_page(base_url=made.url, viewport={"width": width, "height": height})
        _sign_in(page, told)
        page.emulate_media(**asked)  # type: ignore[arg-type]  # one of the words that it knows
        for name, path in _pages(page):
            page.goto(path)
            if way == "light" and name in README:
                page.screenshot(path=README[name], clip={"x": 0, "y": 0, "width": width, "height": 720})
            tall = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
            shown: FloatRect = {"x": 0, "y": 0, "width": width, "height": tall}
            page.screenshot(path=FOLDER / f"{name}-{way}.png", full_page=True, clip=shown)
        page.close()


def _sign_in(page: Page, told: str) -> None:
    login = re.search(r"staff: +(\S+), password (\S+)", told)
    assert login, "the demo prints a login"
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(login[1])
    page.get_by_label("Password").fill(login[2])
    page.get_by_role("button", name="Sign in").click()


def _pages(page: Page) -> Iterator[tuple[str, str]]:
    """Names and addresses: every page, a held file, and a grid."""
    yield from pages(page)
    yield "held-file", first_below(page, "/files?state=held")
    yield "grid", f"{last_below(page, '/files?state=loaded_with_errors&partner=acme')}/repair"
