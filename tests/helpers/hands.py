"""Two ways in which somebody works at a page: by a keyboard alone, and in a browser without JavaScript."""

from __future__ import annotations

from typing import ClassVar

from playwright.sync_api import Locator, Page

from helpers.browsing import tab_to

FAR = 500  # presses of the tabulator through a page of a hundred rows


class Keyboard:
    """Nothing but keys: what the tabulator does not come to is not there."""

    window: ClassVar[dict[str, object]] = {}

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, wanted: Locator) -> None:
        tab_to(self.page, wanted, most=FAR)
        self.page.keyboard.press("Enter")

    def tick(self, wanted: Locator) -> None:
        tab_to(self.page, wanted, most=FAR)
        self.page.keyboard.press("Space")

    def write(self, wanted: Locator, text: str) -> None:
        tab_to(self.page, wanted, most=FAR)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, wanted: Locator, text: str) -> None:
        tab_to(self.page, wanted, most=FAR)
        self.page.keyboard.type(text)


class Scriptless:
    """A mouse, and no script at all."""

    window: ClassVar[dict[str, object]] = {"java_script_enabled": False}

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, wanted: Locator) -> None:
        wanted.click()

    def tick(self, wanted: Locator) -> None:
        wanted.check()

    def write(self, wanted: Locator, text: str) -> None:
        wanted.fill(text)

    def choose(self, wanted: Locator, text: str) -> None:
        wanted.select_option(label=text)


Hands = Keyboard | Scriptless
WAYS: dict[str, type[Hands]] = {"keyboard": Keyboard, "scriptless": Scriptless}
