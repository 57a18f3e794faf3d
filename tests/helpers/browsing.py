"""The console in a real browser, and what every page of it owes to whoever looks at it."""

from __future__ import annotations

import shutil

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

PROGRAM = shutil.which("chromium")
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}


def unfold(page: Page) -> None:
    """Open all that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def told_to_everybody(page: Page, path: str, *, unfolded: bool = False) -> None:
    """A page has nothing that somebody who cannot see it would not be told."""
    page.goto(path)
    if unfolded:
        unfold(page)
    found = Axe().run(page, options=_RULES)
    assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def fits(page: Page, path: str) -> None:
    """A page is no wider than its window."""
    page.goto(path)
    assert page.viewport_size
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], path


def tab_to(page: Page, wanted: Locator) -> None:
    """Go on by the tabulator until something has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"the keyboard never comes to {wanted}")
