"""When two names of columns mean the same: as people write them, and as programs store them."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"  # they hold letters of Persian and Indic scripts together, or apart
_INVISIBLE = frozenset("\u034f\u180b\u180c\u180d\u180f").union(  # marks that choose a glyph, and say nothing
    map(chr, range(0xFE00, 0xFE10)), map(chr, range(0xE0100, 0xE01F0))
)


def tidied(name: str) -> str:
    """A name without what nobody sees: how its characters are composed, white space around it, marks without width."""
    text = unicodedata.normalize("NFC", name)
    shown = (letter for letter in text if letter in _JOINERS or unicodedata.category(letter) != "Cf")
    return " ".join("".join(shown).split())


def fold(name: str) -> str:
    """A name without what people change by accident: case, spaces, punctuation, width, marks without width.

    Accents and vowel signs are letters of their own: पता is an address, पिता a father; a `Stadt` is no `Städt`.
    """
    text = _caseless(unicodedata.normalize("NFKC", name))
    return "".join(filter(_counts, text)) or text.strip()


def _caseless(text: str) -> str:
    """Lower case, composed; the dotted capital I of Turkish is an i, not one with a second dot."""
    return unicodedata.normalize("NFKC", text.casefold().replace("i\u0307", "i"))


def _counts(letter: str) -> bool:
    return letter.isalnum() or (unicodedata.category(letter)[0] == "M" and letter not in _INVISIBLE)
