"""What a text costs as SMS: which alphabet it takes, how many segments, and how a long one is cut to its link.

3GPP TS 23.038 has the alphabet of 7 bits with its extension table, 23.040 the header by which the segments of a longer
text find together again; it takes six bytes of each.
"""

from __future__ import annotations

from collections.abc import Iterable

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")  # two septets each: an escape goes before
_SEPTETS = (160, 153)  # of a single text, and of each segment of a longer one
_UNITS = (70, 67)  # of UTF-16, likewise
_BEYOND = 0xFFFF  # what lies beyond takes two units
_CUT = "..."  # of the alphabet of 7 bits, unlike an ellipsis


def is_gsm7(text: str) -> bool:
    """Whether a text can be said in 7 bits a letter."""
    return all(one in _BASIC or one in _EXTENSION for one in text)


def count(text: str) -> int:
    """How many segments a text takes; no letter is ever cut in two."""
    if is_gsm7(text):
        return _packed((2 if one in _EXTENSION else 1 for one in text), *_SEPTETS)
    return _packed((2 if ord(one) > _BEYOND else 1 for one in text), *_UNITS)


def fit(text: str, link: str | None, most: int) -> str:
    """A text that takes at most so many segments: the same, or its beginning and the whole link.

    A link that alone is longer than that is kept all the same: without it nobody could read on.
    """
    if count(text) <= most:
        return text
    tail = f"{_CUT} {link}" if link else _CUT
    words = (text.replace(link, " ") if link else text).split()
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(" ".join(words[:middle]) + tail) <= most else (low, middle - 1)
    return (" ".join(words[:low]) or _letters(words, tail, most)) + tail


def _letters(words: list[str], tail: str, most: int) -> str:
    """The beginning of a first word that is too long by itself."""
    first = words[0] if words else ""
    return next((first[:end] for end in range(len(first), 0, -1) if count(first[:end] + tail) <= most), "")


def _packed(costs: Iterable[int], single: int, each: int) -> int:
    found = list(costs)
    if sum(found) <= single:
        return 1
    segments, room = 1, each
    for cost in found:
        if cost > room:
            segments, room = segments + 1, each
        room -= cost
    return segments
