"""Changes one value of a config where it stands in the text; all other text, comments among it, stays as it is.

A change is made in the text and then proved: the text is read again and must say what it said before, but for the one
value. So whatever YAML can do that is not foreseen here, such as an anchor that something else repeats, ends in a
refusal and never in other settings than somebody meant.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import yaml

from gateway.config.decoder import decode
from gateway.config.document import Document, read
from gateway.config.findings import ConfigError, KeyPath, dotted
from gateway.errors import Conflict

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_WORDS_OF_YAML = frozenset("true false null yes no on off y n".split())
_UNPRINTABLE = re.compile("[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
_DOUBT = "# UNSURE:"  # begins what a proposal says above a line; what follows it is indented further


def flow(value: Any) -> str:  # noqa: ANN401 - whatever YAML holds
    """A value on one line; text that YAML could take for something else in quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS_OF_YAML:
        return str(value)
    return _UNPRINTABLE.sub(_escaped, json.dumps(value, ensure_ascii=False))


def plain(document: Document) -> dict[str, Any]:
    """A whole config as mappings, lists and scalars."""
    said: dict[str, Any] = decode(document, dict[str, Any])
    return said


def put(document: Document, path: KeyPath, value: object) -> str:
    """The text with another value at a path, on one line; a key that its mapping lacks becomes the last one there.

    Raises:
        Conflict: `only_as_text`, it cannot be done in this text.
    """
    above, key = path[:-1], path[-1]

    def change(said: dict[str, Any]) -> None:
        _at(said, above)[key] = value

    there = document.node(path)
    text = _inserted(document, path, value) if there is None else _replaced(document.text, there, value)
    return _proved(document, path, text, change)


def take_out(document: Document, path: KeyPath) -> str:
    """The text without the line of a key, and without the doubts of a proposal that stand above it.

    Raises:
        Conflict: `only_as_text`, it cannot be done in this text.
    """

    def change(said: dict[str, Any]) -> None:
        del _at(said, path[:-1])[path[-1]]

    return _proved(document, path, _without(document, path), change)


# ---------------------------------------------------------------- text


def _replaced(text: str, there: yaml.Node, value: object) -> str:
    return text[: there.start_mark.index] + flow(value) + text[_end(there) :]


def _inserted(document: Document, path: KeyPath, value: object) -> str:
    """Behind the last entry of a mapping, in a line of its own that begins as the others do."""
    parent = document.node(path[:-1])
    if not isinstance(parent, yaml.MappingNode) or not parent.value:
        raise _refused(path)
    key, last = parent.value[-1]
    end = _line_end(document.text, _end(last))
    indent = " " * int(key.start_mark.column)
    return f"{document.text[:end]}\n{indent}{flow(path[-1])}: {flow(value)}{document.text[end:]}"


def _without(document: Document, path: KeyPath) -> str:
    parent = document.node(path[:-1])
    entries = parent.value if isinstance(parent, yaml.MappingNode) else []
    found = next(((key, value) for key, value in entries if key.value == path[-1]), None)
    if found is None:
        raise _refused(path)
    key, value = found
    start = _doubts_above(document.text, document.text.rfind("\n", 0, key.start_mark.index) + 1)
    return document.text[:start] + document.text[_line_end(document.text, _end(value)) + 1 :]


def _doubts_above(text: str, start: int) -> int:
    """Where the doubts begin that stand right above a line; the line itself where there are none."""
    begun, above = start, start
    while above and (line := text[(above := text.rfind("\n", 0, above - 1) + 1) :].split("\n", 1)[0].strip()):
        if line.startswith(_DOUBT):
            begun = above
        elif not line.startswith("#   "):
            break
    return begun


def _end(node: yaml.Node) -> int:
    """Behind a node's last character; PyYAML lets block mappings and lists end where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the basic plane


# ---------------------------------------------------------------- proof


def _proved(document: Document, path: KeyPath, text: str, change: Callable[[dict[str, Any]], None]) -> str:
    """The text, if it says what the document said but for the change, and keeps the order of what it said."""
    wanted = copy.deepcopy(plain(document))
    try:
        change(wanted)
        said = plain(read(text, document.name))
    except (ConfigError, KeyError, IndexError, TypeError) as error:
        raise _refused(path) from error
    if json.dumps(said) != json.dumps(wanted):
        raise _refused(path)
    return text


def _at(said: Any, path: KeyPath) -> Any:  # noqa: ANN401 - whatever YAML holds
    for step in path:
        said = said[step]
    return said


def _refused(path: KeyPath) -> Conflict:
    sentence = f"This cannot be changed here as {dotted(path)} is written; change it in the text."
    return Conflict("only_as_text", sentence)
