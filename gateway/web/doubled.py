"""A key that stands twice in one JSON object: readers take the first or the last, and some refuse (RFC 8259, 4).

Our decoder takes the last. A proxy that looked at the first let through what it never saw.
"""

from __future__ import annotations

import json
from typing import Any

_SHOWN = 200  # characters of a place


def doubled(body: bytes, given: object) -> str | None:
    """The place of a key that stands twice, such as `rows[3].id`; None where each stands once.

    Each key that was kept has a colon of its own. So where there are as many colons as keys there is no second one,
    which is true of most bodies and costs next to nothing; others are decoded once more, pair by pair.

    Args:
        body: JSON, as the decoder has taken it.
        given: what it made of it.

    Raises:
        RecursionError: it nests too deep.
    """
    colons = body.count(b":")
    if not colons or _keys_in(given, colons) == colons:
        return None
    text = body.decode()
    try:
        _ONCE.decode(text)
    except _Twice:
        return _place(_PAIRS.decode(text))[:_SHOWN]
    return None


def _keys_in(given: object, enough: int) -> int:
    """How many keys its objects have together; counted no further than `enough`."""
    found, waiting = 0, [given]
    while waiting and found < enough:
        one = waiting.pop()
        if type(one) is dict:
            found += len(one)
            waiting.extend(one.values())
        elif type(one) is list:
            waiting.extend(one)
    return found


class _Twice(Exception):  # noqa: N818 - it is caught here
    """An object has a key twice."""


class _Pairs(list[tuple[str, Any]]):
    """An object with all keys that it was given."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _Twice


# numbers stay text: a long one takes long to read
_ONCE = json.JSONDecoder(object_pairs_hook=_once, parse_int=str, parse_float=str)
_PAIRS = json.JSONDecoder(object_pairs_hook=_Pairs, parse_int=str, parse_float=str)


_Step = tuple["_Step | None", str]  # one step of a way into a value, behind those before it


def _place(given: object) -> str:
    """Where one of them stands. Steps are put together at the end: ways that share long keys would fill the memory."""
    waiting: list[tuple[_Step | None, object]] = [(None, given)]
    while waiting:
        way, one = waiting.pop()
        if isinstance(one, _Pairs):
            seen: set[str] = set()
            for key, _ in one:
                if key in seen:
                    return _written((way, f".{key}"))
                seen.add(key)
            waiting.extend(((way, f".{key}"), inner) for key, inner in one)
        elif isinstance(one, list):
            waiting.extend(((way, f"[{at}]"), inner) for at, inner in enumerate(one))
    raise AssertionError("no key stands twice")


def _written(way: _Step | None) -> str:
    steps: list[str] = []
    while way is not None:
        way, step = way
        steps.append(step)
    return "".join(reversed(steps)).removeprefix(".")
