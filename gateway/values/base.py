"""What reading one value can end in: the value, a `BadValue`, or an error in how it was to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rapidfuzz import fuzz, process

Parser = Callable[[str], object]
"""Takes cleaned text that is not blank; returns the stored value or raises `BadValue`."""


class BadValue(Exception):  # noqa: N818 - the field's word; it is a finding about a value, not a failure of ours
    """Text that does not hold what was agreed.

    Args:
        code: a key of the catalogue of row errors, which has the sentences.
        details: what the sentences of that code need besides the value and the name of where it stood.
    """

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code, details)
        self.code = code
        self.details = details


class OptionError(ValueError):
    """An option of a parser that makes no sense.

    Args:
        option: its name, such as `formats`.
        sentence: what is wrong with it.
        suggestion: the nearest valid word, where a name was unknown.
    """

    def __init__(self, option: str, sentence: str, suggestion: str | None = None) -> None:
        super().__init__(sentence)
        self.option = option
        self.sentence = sentence
        self.suggestion = suggestion


def unknown(kind: str, name: str, known: Iterable[str]) -> tuple[str, str | None]:
    """What to say of a name that is in no registry, and the nearest one that is."""
    names = sorted(known)
    match = process.extractOne(name, names, scorer=fuzz.ratio, score_cutoff=60)
    return f"There is no {kind} `{name}`; there are {', '.join(names)}.", match[0] if match else None


def alternatives(words: Iterable[str], most: int = 12, joint: str = "or") -> str:
    """`A, B or C`, for a sentence; a long list is cut short and says so."""
    listed = list(words)
    if len(listed) > most:
        return f"{', '.join(listed[:most])} (and {len(listed) - most} more)"
    return f" {joint} ".join(filter(None, [", ".join(listed[:-1]), *listed[-1:]]))
