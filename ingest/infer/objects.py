"""JSON: a list, one object a line, or an envelope, and which list in a record gives its rows."""

from __future__ import annotations

import json
import re
from collections import Counter

from ingest.formats.base import Refused, Source
from ingest.infer.layout import Layout
from ingest.infer.sniffing import HEAD, NotUnderstood, Text, head_of, told

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_NUMBERED = re.compile(r"^(.+?)\.[0-9]+\.(.+)$")
_MOST_TOKENS = 300_000


def is_json(source: Source, text: Text) -> bool:
    """Whether it begins as JSON does, and goes on so."""
    head = head_of(source, 64 * 1024).decode(text.encoding, "replace").lstrip("\ufeff \t\r\n")
    if not head.startswith(("{", "[")):
        return False
    return re.match(r'(?:\{\s*["}]|\[\s*(?:[\[{\]"]|-?[0-9]|true|false|null))', head) is not None


def layout_of(source: Source, text: Text) -> Layout:
    """The layout of JSON.

    Raises:
        NotUnderstood: it cannot be read, or its records are no objects.
    """
    head = head_of(source, HEAD).decode(text.encoding, "replace").lstrip("\ufeff \t\r\n")
    layout = Layout({"type": "json"}, footers=False)
    layout.because[""] = "a list of objects" if head.startswith("[") else "objects one after the other"
    if head.startswith("{") and (path := _list_in_envelope(head)):
        layout.options["records"] = path
        layout.because[""] = "an envelope around a list of objects"
        layout.because["records"] = "the first list of objects in the envelope"
    paths = _paths(source, layout)
    if exploded := _to_explode(paths):
        layout.options["explode"] = exploded
        layout.because["explode"] = f"each record holds a list {exploded}; a row for each of its elements"
    return layout


def _paths(source: Source, layout: Layout) -> list[str]:
    try:
        paths = layout.open(source).parts[0].header
    except Refused as refused:
        raise told(refused) from refused
    except RecursionError as error:
        raise NotUnderstood(f"{source.name} is JSON that nests too deep. Ask the partner for a flat list.") from error
    if not paths:
        raise NotUnderstood(f"{source.name} is JSON without any object in it. Ask the partner for a list of objects.")
    return paths


def _to_explode(paths: list[str]) -> str | None:
    """The list of objects that most columns stem from."""
    lists = Counter(match[1] for path in paths if (match := _NUMBERED.match(path)))
    return lists.most_common(1)[0][0] if lists and all(key for key in next(iter(lists)).split(".")) else None


def _list_in_envelope(head: str) -> str | None:
    """The path of the first list of objects in an object that takes the whole file; None where more objects follow."""
    stack: list[tuple[str, str]] = []  # bracket and the key that leads into it
    key, last, found = "", "", None
    for number, token in enumerate(_TOKEN.finditer(head)):
        mark = token[0]
        if not stack and number and mark == "{":
            return None  # another object: JSON lines, or objects one after the other
        if found and number > _MOST_TOKENS:
            break
        if mark in "{[":
            found = found or _path(stack, last, mark)
            stack.append((mark, key))
            key = ""
        elif mark in "}]":
            if stack:
                stack.pop()
        elif mark == ":":
            key = _text(last)
        elif mark == ",":
            key = ""
        last = mark
    return found


def _path(stack: list[tuple[str, str]], last: str, mark: str) -> str | None:
    if mark != "{" or last != "[" or not stack or any(bracket == "[" for bracket, _ in stack[:-1]):
        return None
    keys = [name for _, name in stack[1:]]
    return ".".join(keys) if keys and all(keys) and not any("." in one for one in keys) else None


def _text(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return ""
