"""What a page of the console leads to and what can be done on it, as it is drawn."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urldefrag

_PASSED_OVER = ("file", "submit")  # kinds of inputs that a form sends nothing of by itself


class Drawn(HTMLParser):
    """A page.

    Attributes:
        leads: the addresses that its links, filters and scripts ask for, without what is on the same page.
        acts: address -> the fields of a form that is sent there, as they stand; of several the last.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.leads: set[str] = set()
        self.acts: dict[str, dict[str, str]] = {}
        self._form: dict[str, str] | None = None
        self._named: dict[str, dict[str, str]] = {}  # forms by their ids, for fields that stand elsewhere on the page
        self._open = ""  # the select or the text field whose value is being read
        self._is_option = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "hidden" in given:
            return  # a script shows it once it is of use
        if tag in ("a", "iframe") or "data-follow" in given:
            self._lead(given.get("href") or given.get("src") or given.get("data-follow", ""))
        if tag == "form":
            self._begin(given)
        elif self._form is not None:
            self._field(tag, given)
        elif given.get("form") in self._named and "name" in given:
            self._take(self._named[given["form"]], tag, given)

    def _begin(self, given: dict[str, str]) -> None:
        if given.get("method") != "post":
            self._lead(given["action"])
            return
        self._form = self.acts[urldefrag(given["action"]).url] = {}
        self._named[given.get("id", "")] = self._form
        if "data-grid" in given:
            self.acts[given["data-grid"]] = self._form

    def _field(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        if "formaction" in given:
            self.acts[urldefrag(given["formaction"]).url] = self._form
        if tag == "option":
            is_first = self._form.get(self._open) is None
            if "selected" in given or is_first:
                self._form[self._open] = given.get("value", "")
                self._is_option = "value" not in given
        elif "name" in given and tag == "select":
            self._open = given["name"]
        elif "name" in given and tag == "textarea":
            self._form[given["name"]], self._open, self._is_option = "", given["name"], True
        elif "name" in given and given.get("type") not in _PASSED_OVER:
            self._take(self._form, tag, given)

    def _take(self, form: dict[str, str], tag: str, given: dict[str, str]) -> None:
        is_ticked = given.get("type") != "checkbox" or "checked" in given
        if is_ticked and (tag == "input" or given["name"] not in form):  # of two buttons the first is pressed
            form[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "textarea" and self._form is not None and self._is_option:
            self._form[self._open] = self._form[self._open].removeprefix("\n")  # which is no part of the text
        if tag in ("option", "textarea"):
            self._is_option = False

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._is_option:
            self._form[self._open] += data

    def _lead(self, address: str) -> None:
        if found := urldefrag(address).url:
            self.leads.add(found)
