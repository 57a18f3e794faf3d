"""XML: which elements are records, which of those in them make a row each, and what to call what they hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.formats.base import Refused, Source
from ingest.formats.markup import Attributes, Markup, Name
from ingest.formats.xmlpaths import Path, path_of
from ingest.formats.xmlrecords import telling_of
from ingest.infer.layout import Layout, check_width
from ingest.infer.sniffing import HEAD, Text, head_of, told

_BEGINS = re.compile(r"<\?xml\s|<!--|<!DOCTYPE\s|<[^\W\d][^<>]{0,2000}>\s{0,200}<")
_OF_A_BROWSER = re.compile(r"<(?:!DOCTYPE\s+)?html\b", re.IGNORECASE)
_MOST = 0.5  # of the elements, for those that repeat to be the records


def is_xml(source: Source, text: Text) -> bool:
    """Whether it begins as XML does; a page for a browser is none."""
    head = head_of(source, 64 * 1024).decode(text.encoding, "replace").lstrip("\ufeff \t\r\n")
    return _BEGINS.match(head) is not None and _OF_A_BROWSER.search(head[:1_000]) is None


def layout_of(source: Source, _: Text) -> Layout:
    """The layout of XML.

    Raises:
        NotUnderstood: it cannot be read, or holds no records.
    """
    layout = Layout({"type": "xml"}, footers=False)
    layout.because[""] = "elements that repeat"
    try:
        _settle_records(layout, _census(source))
        header = layout.open(source).parts[0].header
    except Refused as refused:
        raise told(refused) from refused
    check_width(source, len(header))
    if columns := _named(header):
        layout.options["columns"] = columns
        layout.because["columns"] = "the paths that occur; what is left out here is not read"
    return layout


# ---------------------------------------------------------------- what repeats


@dataclass
class _Kind:
    """Elements of one name at one place.

    Attributes:
        inside: elements in all of them together.
        repeats: whether there are several in one element.
        holds: whether there are elements in one of them.
    """

    inner: dict[str, _Kind] = field(default_factory=dict)
    inside: int = 0
    repeats: bool = False
    holds: bool = False

    def below(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], _Kind]]:
        """All kinds in this one with their paths, the outer ones first."""
        level = [(path, self)]
        while level:
            level = [((*above, name), kind) for above, one in level for name, kind in one.inner.items()]
            yield from level


class _Census:
    """Counts the elements of a document."""

    def __init__(self) -> None:
        self.top = _Kind()
        self._open: list[tuple[_Kind, Counter[tuple[str, str | None]]]] = [(self.top, Counter())]

    def opened(self, name: Name, attributes: Attributes) -> None:
        """An element begins."""
        above, siblings = self._open[-1]
        kind = above.inner.setdefault(name.local, _Kind())
        alike = (name.local, telling_of(attributes))
        siblings[alike] += 1
        kind.repeats |= siblings[alike] > 1
        above.holds = True
        for outer, _ in self._open:
            outer.inside += 1
        self._open.append((kind, Counter()))

    def closed(self) -> None:
        """The innermost element ends."""
        self._open.pop()

    def said(self, text: str) -> None:
        """Text does not count."""


def _census(source: Source) -> _Kind:
    markup, census = Markup(source), _Census()
    for _ in markup.told(census):
        if markup.position >= HEAD:
            break
    return census.top


def _settle_records(layout: Layout, top: _Kind) -> None:
    path, records, because = _records(top)
    layout.options["records"] = "/".join(map(_step, path))
    layout.because["records"] = because
    lists = [(way, kind) for way, kind in records.below() if kind.repeats and kind.holds]
    if lists:
        way, _ = max(lists, key=lambda one: one[1].inside)
        layout.options["explode"] = "/".join(map(_step, way))
        layout.because["explode"] = f"records hold several {way[-1]}; a row for each of them"


def _records(top: _Kind) -> tuple[tuple[str, ...], _Kind, str]:
    within = [(path, kind) for path, kind in top.below() if len(path) > 1]
    several = [(path, kind) for path, kind in within if kind.repeats]
    for path, kind in several:
        if kind.inside >= _MOST * (top.inside - 1) or (not kind.holds and len(several) == 1):
            return path, kind, "elements that repeat, with most of the others in them"
    if several:
        path, kind = max(several, key=lambda one: one[1].inside)
        return path, kind, "of the elements that repeat, those with the most in them"
    for path, kind in within:
        if kind.holds:
            return path, kind, "the first element in the outermost one that holds others; none repeats"
    return ("*", "*"), top, "whatever stands in the outermost element"


def _step(name: str) -> str:
    try:
        path_of(name, {})
    except ValueError:
        return "*"  # XML has names with letters that paths have not
    return name


# ---------------------------------------------------------------- what they hold


def _named(header: list[str]) -> dict[str, str]:
    """A name for each path, with dots as paths in JSON have; none where a path cannot be written."""
    try:
        named = {_name(path_of(path, {})): path for path in header}
    except ValueError:
        return {}
    return named if len(named) == len(header) else {}


def _name(path: Path) -> str:
    words = [word for step in path.steps for word in (step.test.local, *(text for _, text in step.wanted))]
    return ".".join([*words, path.attribute.local] if path.attribute else words) or "."
