"""In which encoding the bytes of a text are, told by all of them: what looks like UTF-8 hardly ever is another."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from ingest.formats.base import Source

DETECT = "detect"  # UTF-8 where the bytes are mostly that, else ...
OTHERWISE = "cp1252"  # ... what programs on Windows write in the West


@dataclass(frozen=True, slots=True)
class Tally:
    """What there is beyond ASCII.

    Attributes:
        utf8: characters of UTF-8.
        others: bytes that are none of one.
    """

    utf8: int = 0
    others: int = 0

    @property
    def is_utf8(self) -> bool:
        """Whether most of it is; in text of another encoding, two bytes make a character of UTF-8 by rare chance."""
        return self.utf8 > self.others


def tally(source: Source) -> Tally:
    """Read a file once for what stands in it beyond ASCII, at the speed of reading; memory stays flat."""
    utf8 = others = 0
    held = b""
    for chunk in source.chunks():
        piece = held + chunk
        if piece.isascii():
            held = b""
            continue
        held = _cut_off(piece)
        found, odd = _counts(piece[: len(piece) - len(held)])
        utf8, others = utf8 + found, others + odd
    found, odd = _counts(held)
    return Tally(utf8 + found, others + odd)


def detected(source: Source) -> str:
    """The encoding that `detect` comes to."""
    found = tally(source)
    return "utf-8" if found.is_utf8 or not found.others else OTHERWISE


def _cut_off(piece: bytes) -> bytes:
    """The bytes at the end that may be the beginning of a character."""
    for size in range(1, min(4, len(piece) + 1)):
        if piece[-size] >= 0xC0:  # noqa: PLR2004 - the first byte of a character in UTF-8
            return piece[-size:]
    return b""


def _counts(piece: bytes) -> tuple[int, int]:
    """Characters of UTF-8 beyond ASCII, and bytes that are none: by lengths alone, which costs no loop in Python."""
    text = piece.decode("utf-8", "surrogateescape")
    others = (len(text.encode("utf-8", "surrogatepass")) - len(piece)) // 2  # three bytes stand for one
    return len(text) - len(piece.translate(None, _BEYOND)) - others, others


_BEYOND = bytes(range(128, 256))


def is_silent(codec: str) -> bool:
    """Whether an encoding reads UTF-8 as other text without a word: ASCII stays what it is, the rest is letters."""
    name = codecs.lookup(codec).name
    if name.startswith(("utf", "ascii")):
        return False
    return bytes(range(128)).decode(name, "replace") == bytes(range(128)).decode("ascii")
