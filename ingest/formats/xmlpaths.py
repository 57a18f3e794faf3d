"""Paths into XML, a small part of XPath: which elements and attributes they lead to, looked up as elements begin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.formats.markup import Attributes, Name

_NAME = r"(?:[^\W\d][\w.-]*:)?[^\W\d][\w.-]*"
_ATTRIBUTE = re.compile(f"@({_NAME})")
_STEP = re.compile(rf"""(\*|{_NAME})((?:\[@{_NAME}=(?:'[^']*'|"[^"]*")\])*)""")
_WANTED = re.compile(rf"""\[@({_NAME})=(?:'([^']*)'|"([^"]*)")\]""")


class Test(NamedTuple):
    """What a name must be; a namespace of None is any, and so is a name `*`."""

    uri: str | None
    local: str


class Step(NamedTuple):
    """From an element to those in it: their name, and the attributes that they must have."""

    test: Test
    wanted: tuple[tuple[Test, str], ...] = ()

    def fits(self, name: Name, attributes: Attributes) -> bool:
        """Whether an element is meant."""
        return _is(self.test, name) and all(
            any(value == text and _is(test, one) for one, value in attributes) for test, text in self.wanted
        )


class Path(NamedTuple):
    """To elements, or to an attribute of theirs; without steps the element itself."""

    steps: tuple[Step, ...]
    attribute: Test | None = None

    def __str__(self) -> str:
        """As it is written, without namespaces."""
        steps = [_shown(step) for step in self.steps]
        return "/".join([*steps, f"@{self.attribute.local}"] if self.attribute else steps) or "."


def path_of(text: str, namespaces: Mapping[str, str]) -> Path:
    """Read a path: `Worker/@Descriptor`, `wd:Worker/wd:ID[@wd:type='Employee_ID']`, `*/Name`, or `.`.

    Raises:
        ValueError: with a sentence; it is none, or has a prefix that `namespaces` does not.
    """
    if text == ".":
        return Path(())
    steps: list[Step] = []
    at = 0
    while match := _STEP.match(text, at):
        steps.append(Step(_test(match[1], text, namespaces), tuple(_wanted(match[2], text, namespaces))))
        at = match.end()
        if at == len(text):
            return Path(tuple(steps))
        if text[at] != "/":
            break
        at += 1
    if last := _ATTRIBUTE.fullmatch(text, at):
        return Path(tuple(steps), _test(last[1], text, namespaces))
    raise ValueError(
        f"{text!r} is no path: that is names of elements with slashes between them, such as "
        "Worker/ID[@type='Employee_ID'] or Worker/@Descriptor."
    )


def elements_of(text: str, namespaces: Mapping[str, str]) -> tuple[Step, ...]:
    """Read a path that must lead to elements.

    Raises:
        ValueError: with a sentence.
    """
    found = path_of(text, namespaces)
    if found.attribute or not found.steps:
        raise ValueError(f"{text!r} must lead to elements, such as Report_Data/Report_Entry.")
    return found.steps


_Sign = tuple[str, str]  # the first attribute that a step wants: its name and its value
_Ways = list[tuple[Step, "Node"]]


@dataclass(slots=True)
class Node:
    """A place to which paths lead, or through which they go on.

    Attributes:
        texts: the columns that are the text of an element here.
        attributes: the columns that are attributes of it. Both are looked up by name, for a document may have
            thousands of columns, and as many elements and attributes in each record.
        explodes: whether each element here makes a row.
    """

    texts: list[int] = field(default_factory=list)
    attributes: dict[str, list[tuple[Test, int]]] = field(default_factory=dict)  # by their name
    explodes: bool = False
    _steps: dict[str, _Ways] = field(default_factory=dict)  # that want no attribute
    _wanting: dict[str, dict[_Sign, _Ways]] = field(default_factory=dict)

    def lead(self, path: Path, column: int) -> None:
        """Let a column be what a path from here leads to."""
        end = self.at(path.steps)
        if path.attribute:
            end.attributes.setdefault(path.attribute.local, []).append((path.attribute, column))
        else:
            end.texts.append(column)

    def at(self, steps: tuple[Step, ...]) -> Node:
        """The place at the end of these steps."""
        if not steps:
            return self
        known = self._ways(steps[0])
        node = next((node for step, node in known if step == steps[0]), None)
        if node is None:
            node = Node()
            known.append((steps[0], node))
        return node.at(steps[1:])

    def into(self, name: Name, attributes: Attributes) -> Iterator[Node]:
        """The places to which an element leads from here."""
        for local in (name.local, "*"):
            for step, node in self._steps.get(local, ()):
                if _is(step.test, name):
                    yield node
            if attributes and local in self._wanting:
                yield from self._fitting(self._wanting[local], name, attributes)

    def found(self, attributes: Attributes) -> Iterator[tuple[int, str]]:
        """The columns that attributes of an element here are, with their values."""
        for name, value in attributes if self.attributes else ():
            for test, column in self.attributes.get(name.local, ()):
                if _is(test, name):
                    yield column, value

    def _ways(self, step: Step) -> _Ways:
        if not step.wanted:
            return self._steps.setdefault(step.test.local, [])
        test, value = step.wanted[0]
        return self._wanting.setdefault(step.test.local, {}).setdefault((test.local, value), [])

    @staticmethod
    def _fitting(ways: dict[_Sign, _Ways], name: Name, attributes: Attributes) -> Iterator[Node]:
        for sign in {(one.local, value) for one, value in attributes}:
            for step, node in ways.get(sign, ()):
                if step.fits(name, attributes):
                    yield node


def _is(test: Test, name: Name) -> bool:
    return test.local in (name.local, "*") and test.uri in (None, name.uri)


def _test(written: str, path: str, namespaces: Mapping[str, str]) -> Test:
    prefix, _, local = written.rpartition(":")
    if prefix and prefix not in namespaces:
        raise ValueError(f"The prefix {prefix} of {path!r} is not among `namespaces`.")
    return Test(namespaces[prefix] if prefix else None, local)


def _wanted(written: str, path: str, namespaces: Mapping[str, str]) -> Iterator[tuple[Test, str]]:
    for match in _WANTED.finditer(written):
        yield _test(match[1], path, namespaces), match[2] if match[2] is not None else match[3]


def _shown(step: Step) -> str:
    return step.test.local + "".join(
        f"[@{test.local}={chr(34) if chr(39) in text else chr(39)}{text}{chr(34) if chr(39) in text else chr(39)}]"
        for test, text in step.wanted
    )
