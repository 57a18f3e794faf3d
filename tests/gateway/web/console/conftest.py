"""The console as a browser without scripts sees it: cookies kept, forms filled in as they stand, redirects followed."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from helpers.browsing import launched, sign_in, windows
from helpers.callers import PASSWORD
from msgspec.structs import replace
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page


class Forms(HTMLParser):
    """The forms of a page that do something: action -> the fields as they stand, of a select what is chosen; and all its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self.links: list[str] = []
        self._form: dict[str, str] | None = None
        self._select = ""
        self._option: str | None = None
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given["href"])
        if tag == "form" and given["method"] == "post":
            self._form = self.found[given["action"]] = {}
        elif self._form is not None and tag in ("input", "textarea") and "name" in given:
            self._form[given["name"]] = given.get("value", "")
        elif self._form is not None and tag == "select":
            self._select = given["name"]
        elif self._form is not None and tag == "option" and ("selected" in given or self._select not in self._form):
            self._form[self._select] = given.get("value", "")
            self._option = None if "value" in given else self._select

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._form is not None and self._option:
            self._form[self._option] = data
            self._option = None


class Browser:
    """Somebody at the console."""

    def __init__(self, base: str) -> None:
        self.http = httpx.Client(base_url=base, timeout=20)
        self.page: httpx.Response | None = None

    def get(self, path: str) -> Forms:
        self.page = self.http.get(path, follow_redirects=True)
        return self.forms

    @property
    def forms(self) -> Forms:
        return Forms(self.page.text)

    @property
    def path(self) -> str:
        return self.page.url.path

    def press(self, action: str, files: Any = None, **fields: str) -> Forms:
        """Send a form of the page, with what is filled in besides."""
        self.page = self.send(action, self.forms.found[action] | fields, files)
        return self.forms

    def send(self, action: str, data: dict[str, str], files: Any = None, **headers: str) -> httpx.Response:
        return self.http.post(action, data=data, files=files, headers=headers, follow_redirects=True)

    def sign_in(self, role: str, path: str = "/") -> Forms:
        self.get(path)
        return self.press("/sign-in", email=f"{role}@northgate.example", password=PASSWORD)


@pytest.fixture
def settings(settings):
    """Cookies that a browser keeps without https."""
    return replace(settings, cookies="plain")


@pytest.fixture
def browser(service, with_password) -> Iterator[Browser]:
    """Nobody so far."""
    one = Browser(f"http://127.0.0.1:{service.config.port}")
    yield one
    one.http.close()


@pytest.fixture
def elsewhere(service, with_password) -> Iterator[Browser]:
    """Nobody so far, at another machine."""
    one = Browser(f"http://127.0.0.1:{service.config.port}")
    yield one
    one.http.close()


@pytest.fixture
def paralegal(browser) -> Browser:
    """Signed in."""
    browser.sign_in("paralegal")
    return browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """One browser a worker, as long as these tests last: an event loop runs meanwhile, and others need theirs."""
    with launched() as browser:
        yield browser


@pytest.fixture
def opened(chromium, service, with_password):
    """Opens the console as somebody, in a window of its own; whatever the browser complains of fails the test.

    A message in its console, a breach of the policy, a request elsewhere, a page that moves by itself.
    """
    base = f"http://127.0.0.1:{service.config.port}"
    with windows(chromium, base) as window:

        def open_as(role: str | None = "paralegal", **asked: object) -> Page:
            page = window(**asked)
            page.goto("/sign-in")
            if role:
                sign_in(page, role)
                page.wait_for_url(f"{base}/")
            return page

        yield open_as
