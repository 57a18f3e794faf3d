"""Which HTML a message may have: words, lists, tables and links; nothing that runs, hides or is fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from outbound.notify.templates.forms import Fault

_TAGS = frozenset("p br hr strong em b i u ul ol li h1 h2 h3 table thead tbody tr th td caption span div a".split())
_ATTRIBUTES = {"a": {"href"}, "th": {"scope", "colspan"}, "td": {"colspan"}}
_OURS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_FILLER = "\ue000"  # stands for what a template writes; of a private area, so that nobody means it
_SAFE = re.compile(rf"(?:https://|mailto:)[^\s\"'<>{_FILLER}]+")


def faults(source: str) -> list[Fault]:
    """What must not stand in the HTML of a template, by its line."""
    reader = _Tags()
    reader.feed(_OURS.sub(lambda found: re.sub(r"[^\n]", _FILLER, found[0]), source))
    if "<" in reader.rawdata:
        reader.found.append(Fault(reader.getpos()[0], "A tag begins here and does not end."))
    return reader.found


class _Tags(HTMLParser):
    """Notes tags and attributes that have no place in a message."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[Fault] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        if tag not in _TAGS:
            told = f"There is no place for <{tag}> in a message; there is for {', '.join(sorted(_TAGS))}."
            self._note(told.replace(_FILLER, "…"))
            return
        for name, value in attrs:
            if name not in _ATTRIBUTES.get(tag, ()):
                self._note(f"<{tag}> has no {name.replace(_FILLER, '…')} in a message.")
            elif name == "href" and not _SAFE.fullmatch(value or ""):
                self._note("A link is written out whole, and begins with https:// or mailto:.")
            elif _FILLER in (value or ""):
                self._note("Values stand in the text, not in a tag.")

    def handle_endtag(self, tag: str) -> None:
        """Nobody closes what is around the message."""
        if tag not in _TAGS:
            self._note(f"There is no place for </{tag.replace(_FILLER, '…')}> in a message.")

    def handle_data(self, data: str) -> None:
        """A sign that stands alone here may begin a tag once values are written behind it."""
        if "<" in data:
            self._note("Write < as &lt; where it begins no tag.")

    def handle_comment(self, data: str) -> None:  # noqa: ARG002 - HTMLParser's signature
        """Comments are for nobody who gets the message."""
        self._note("Write comments as {# ... #}: those of HTML would be sent.")

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002 - HTMLParser's signature
        """The frame has the beginning of the page."""
        self._note("The page around the message is the house's; write what stands within.")

    def _note(self, sentence: str) -> None:
        self.found.append(Fault(self.getpos()[0], sentence))
