"""What parsing one value can end in: a value, a `BadValue` of the row, or an error of the configuration."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

from rapidfuzz import fuzz, process

Parser = Callable[[str], object]
"""Takes cleaned text that is not blank; returns the stored value or raises `BadValue`."""

Path = tuple[str | int, ...]  # keys below a feed, as written


class BadValue(Exception):  # noqa: N818 - the field's word; it is a finding about a row, not a failure of ours
    """A cell that does not hold what was agreed.

    Args:
        code: a key of `ingest.catalogue.ROW_CODES`.
        details: what the sentences of that code need besides the column and the value.
    """

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code, details)
        self.code = code
        self.details = details


class SpecError(ValueError):
    """A `FieldSpec` that makes no sense.

    Args:
        option: the key of the field to look at, such as `formats`.
        sentence: what is wrong with it.
        suggestion: the nearest valid word, where a name was unknown.
    """

    def __init__(self, option: str, sentence: str, suggestion: str | None = None) -> None:
        super().__init__(sentence if suggestion is None else f"{sentence} Did you mean `{suggestion}`?")
        self.option = option
        self.suggestion = suggestion


class FeedError(ValueError):
    """A feed section that makes no sense at one path.

    Args:
        path: below the feed, such as ("client", "fields", "dob", "formats").
        sentence: what is wrong.
        suggestion: the nearest valid word, where there is one.
    """

    def __init__(self, path: Path, sentence: str, suggestion: str | None = None) -> None:
        super().__init__(sentence)
        self.path = path
        self.sentence = sentence
        self.suggestion = suggestion


def unknown_name(option: str, kind: str, name: str, known: Iterable[str]) -> SpecError:
    """The error for a name that is in no registry, with the nearest one that is."""
    names = sorted(known)
    match = process.extractOne(name, names, scorer=fuzz.ratio, score_cutoff=60)
    return SpecError(option, f"There is no {kind} `{name}`; there are {', '.join(names)}.", match[0] if match else None)


def alternatives(words: Iterable[str], most: int = 12, joint: str = "or") -> str:
    """`A, B or C`, for a sentence; a long list is cut short and says so."""
    listed = list(words)
    if len(listed) > most:
        return f"{', '.join(listed[:most])} (and {len(listed) - most} more)"
    return f" {joint} ".join(filter(None, [", ".join(listed[:-1]), *listed[-1:]]))


def folded_word(text: str) -> str:
    """A word as words are compared by lookups and maps: without the space around it, and without case."""
    return unicodedata.normalize("NFC", text).strip().casefold()
