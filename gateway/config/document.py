"""One config file as a mapping of nodes, free of what YAML allows and we do not."""

from __future__ import annotations

import functools
import hashlib
import math
import pathlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from gateway.config.findings import ConfigError, Finding, KeyPath, dotted, quoted, shortened
from gateway.config.loader import BOOL, FLOAT, INT, MAP, NULL, SEQ, SPELLED, STR, composed, content, decoded

Scalar = str | int | float | bool | None

_AT_HAND = 4  # documents that are kept parsed: one act of somebody at work reads the same text several times
MAX_DIGITS = 18  # of an integer; a longer one is an identifier, and would not fit 64 bits

_TAGS: dict[type[yaml.Node], frozenset[str]] = {
    yaml.ScalarNode: frozenset({STR, NULL, BOOL, INT, FLOAT}),
    yaml.SequenceNode: frozenset({SEQ}),
    yaml.MappingNode: frozenset({MAP}),
}
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL refuses both in text


@dataclass(frozen=True, slots=True)
class Document:
    """One config file.

    Attributes:
        name: the file's name for findings.
        text: the whole source, as applied versions keep it.
        root: the composed mapping; every node of it keeps its mark.
        tables: the text of the CSV tables that it names, by name; they belong to an applied version as `text` does.
    """

    name: str
    text: str
    root: yaml.MappingNode
    tables: Mapping[str, str] = field(default_factory=dict)

    def node(self, path: KeyPath) -> yaml.Node | None:
        """What stands at a path, or None."""
        node: yaml.Node | None = self.root
        for step in path:
            node = None if node is None else _child(node, step)
        return node

    def finding(
        self, path: KeyPath, message: str, suggestion: str | None = None, *, node: yaml.Node | None = None
    ) -> Finding:
        """A finding about a path: at `node` if given, else at what stands there, else at the nearest thing above it."""
        there = node or self.node(path)
        mark = (there or self._above(path)).start_mark
        found = None if there is None else described(there)
        return Finding(self.name, mark.line + 1, mark.column + 1, dotted(path), found, message, suggestion)

    def _above(self, path: KeyPath) -> yaml.Node:
        candidates = (self.node(path[:length]) for length in range(len(path) - 1, -1, -1))
        return next((node for node in candidates if node is not None), self.root)


def read(source: pathlib.Path | str | bytes, name: str | None = None) -> Document:
    """Parse a config file, or text that is one.

    Args:
        source: a path, or the content itself.
        name: what findings call it; a path calls itself.

    Raises:
        ConfigError: it is not one mapping of YAML 1.2 within our limits, or repeats a key.
    """
    name = name or (str(source) if isinstance(source, pathlib.Path) else "partner.yaml")
    return _parsed(decoded(content(source, name), name), name)


@functools.lru_cache(maxsize=_AT_HAND)
def _parsed(text: str, name: str) -> Document:
    root = composed(text, name)
    if not isinstance(root, yaml.MappingNode):
        line, column = (1, 1) if root is None else (root.start_mark.line + 1, root.start_mark.column + 1)
        found = None if root is None else described(root)
        raise ConfigError([Finding(name, line, column, "", found, "The file must be a mapping: `key: value` lines.")])
    document = Document(name, text, root)
    if findings := list(_faults(document, root, (), set())):
        raise ConfigError(findings)
    return document


def fingerprint(text: str, tables: Mapping[str, str] | None = None) -> str:
    """SHA-256 of a source text and its tables in hex: two versions with one fingerprint are the same version."""
    named = (part for name in sorted(tables or {}) for part in (name, (tables or {})[name]))
    return hashlib.sha256("\0".join([text, *named]).encode()).hexdigest()  # no text holds a NUL


def scalar(node: yaml.ScalarNode) -> Scalar:
    """The plain value of a scalar that `read` has let through."""
    value = str(node.value)
    match node.tag:
        case tag if tag == NULL:
            return None
        case tag if tag == BOOL:
            return value.lower() == "true"
        case tag if tag == INT:
            return int(value)
        case tag if tag == FLOAT:
            return float(value)
        case _:
            return value


def described(node: yaml.Node) -> str:
    """A node in a few words: a scalar as it was written."""
    if isinstance(node, yaml.ScalarNode):
        return shortened(node.value)
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item: yaml.Node = node.value[step]
        return item
    return None


# ---------------------------------------------------------------- what YAML allows and we do not


def _faults(document: Document, node: yaml.Node, path: KeyPath, seen: set[int]) -> Iterator[Finding]:
    if id(node) in seen:  # an alias: already looked at where it is written
        return
    seen.add(id(node))
    if node.tag not in _TAGS[type(node)]:
        yield document.finding(path, f"The tag {quoted(node.tag)} is not used here.", node=node)
    elif isinstance(node, yaml.ScalarNode):
        yield from _scalar_faults(document, node, path)
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            yield from _faults(document, item, (*path, place), seen)
    elif isinstance(node, yaml.MappingNode):
        yield from _mapping_faults(document, node, path, seen)


def _mapping_faults(document: Document, node: yaml.MappingNode, path: KeyPath, seen: set[int]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            yield document.finding(path, f"A key must be text, not {described(key)}.", node=key)
            continue
        below = (*path, key.value)
        if key.value in first:
            message = f"The key {quoted(key.value)} stands twice in one mapping; see line {first[key.value]}."
            yield document.finding(below, message, node=key)
        first.setdefault(key.value, key.start_mark.line + 1)
        yield from _faults(document, key, below, seen)
        yield from _faults(document, value, below, seen)


def _scalar_faults(document: Document, node: yaml.ScalarNode, path: KeyPath) -> Iterator[Finding]:
    spelling = SPELLED.get(node.tag)
    if spelling and not spelling.match(node.value):
        yield document.finding(path, f"{quoted(node.value)} is not what its tag {quoted(node.tag)} says.", node=node)
    elif node.tag == INT and len(node.value.lstrip("+-")) > MAX_DIGITS:
        yield document.finding(path, "This number is too long; write it in quotes if it is an identifier.", node=node)
    elif node.tag == FLOAT and not math.isfinite(float(node.value)):
        yield document.finding(path, "This number is too large; write it in quotes if it is text.", node=node)
    elif _UNSTORABLE.search(node.value):
        yield document.finding(path, "This text holds a character that cannot be stored.", node=node)
