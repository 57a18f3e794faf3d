"""The console in a real browser, and what every page of it owes to whoever looks at it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from helpers.callers import PASSWORD

PROGRAM = shutil.which("chromium")
WIDE = {"width": 1_280, "height": 900}
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
_BELOW = re.compile(r"/[a-z]+/[^?#]+")  # one thing of a list, not the list

# What moves by itself once a page has come whole, and before anybody has touched it; on paper everything stands elsewhere.
_STEADY = """(() => {
  let whole = Infinity, touched = Infinity;
  const now = () => performance.now();
  addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(() => { whole = now(); })));
  for (const kind of ["keydown", "pointerdown", "input"]) addEventListener(kind, () => { touched = Math.min(touched, now()); }, true);
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      if (one.hadRecentInput || one.startTime < whole || one.startTime > touched || matchMedia("print").matches) continue;
      const moved = one.sources.map((each) => each.node?.nodeName ?? "gone").join(", ");
      console.error(`layout shift at ${location.pathname}: ${moved}`);
    }
  }).observe({ type: "layout-shift", buffered: true });
})();"""

Windows = Callable[..., Page]


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser; an event loop runs meanwhile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def windows(browser: Browser, base: str) -> Iterator[Windows]:
    """Opens windows, each of somebody else; at the end nothing may have been wrong in any.

    A message in the browser's console, a breach of the policy, a request elsewhere, a page that moves by itself.
    """
    said: list[str] = []
    contexts = []

    def window(**asked: object) -> Page:
        context = browser.new_context(base_url=base, **({"viewport": WIDE} | asked))  # type: ignore[arg-type]  # a window's
        contexts.append(context)
        context.add_init_script(_STEADY)
        context.on("console", lambda message: said.append(message.text))
        context.on("weberror", lambda one: said.append(str(one.error)))
        context.on("request", lambda one: None if one.url.startswith(base) else said.append(one.url))
        return context.new_page()

    yield window
    for context in contexts:
        context.close()
    wrong = [one for one in said if "the server responded with a status of 4" not in one]
    assert not wrong, wrong


def sign_in(page: Page, role: str) -> None:
    """By the form that stands there, as somebody of Northgate's."""
    page.fill("#email", f"{role}@northgate.example")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")


def unfold(page: Page) -> None:
    """Open all that is folded; what moves by that was asked for."""
    page.evaluate("""() => {
        dispatchEvent(new Event("input"));
        document.querySelectorAll("details").forEach((one) => { one.open = true; });
    }""")


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


def tab_to(page: Page, wanted: Locator, *, key: str = "Tab", most: int = 60) -> None:
    """Go on by the tabulator until something has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"the keyboard never comes to {wanted}")


# ------------------------------------------------------------------------------------------------ every page


def pages(page: Page) -> Iterator[tuple[str, str]]:
    """Names and addresses: all that the navigation leads to, and one thing of each list that has any."""
    parts = [one for one in links(page, "/admin", "main a") if one.startswith("/admin/")]
    lists = dict.fromkeys(["/", *links(page, "/", "header a"), *parts])
    for path in lists:
        name = path.strip("/").replace("/", "-") or "today"
        yield name, path
        below = [one for one in links(page, path, "main a") if _BELOW.fullmatch(one) and one not in lists]
        own = [one for one in below if one.startswith(f"{path}/")]  # rather than what it is a thing of
        if below and path != "/":
            yield f"{name}-one", [*own, *below][0]


def first_below(page: Page, path: str) -> str:
    """The first thing of a list."""
    return next(filter(_BELOW.fullmatch, links(page, path, "main a")))


def last_below(page: Page, path: str) -> str:
    """The last thing of a list."""
    [*_, last] = filter(_BELOW.fullmatch, links(page, path, "main a"))
    return last


def links(page: Page, path: str, which: str) -> list[str]:
    """Where those of a page lead that stay here."""
    page.goto(path)
    found = page.locator(which).evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    return [one for one in found if one and one.startswith("/")]
