"""The names of files that leave: a pattern of the partner's, in which words between braces stand for something."""

from __future__ import annotations

import re
from collections.abc import Mapping

WORDS = ("delivery", "partner", "date", "time", "file", "id", "suffix")
USUAL = "{delivery}_{date}_{id}.{suffix}"

_LONGEST = 200
_WORD = re.compile(r"\{([^{}]*)\}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]")  # what some file system does not take


def pattern_fault(pattern: str) -> str | None:
    """Why a pattern makes no name of a file; None where it does."""
    unknown = [word for word in _WORD.findall(pattern) if word not in WORDS]
    if unknown:
        return f"{{{unknown[0]}}} stands for nothing; these do: {', '.join(f'{{{word}}}' for word in WORDS)}."
    plain = _WORD.sub("", pattern)
    if "{" in plain or "}" in plain or _UNFIT.search(plain):
        return 'The name of a file holds no / \\ : * ? " < > | and no brace that stands alone.'
    if not pattern or pattern.startswith(".") or len(pattern) > _LONGEST:
        return f"The name of a file has 1 to {_LONGEST} characters and does not begin with a dot."
    return None


def name_of(pattern: str, words: Mapping[str, str]) -> str:
    """The name that a pattern makes of words; what stands in them is made fit for every file system."""
    return _WORD.sub(lambda found: _fit(words.get(found[1], "")), pattern)[:_LONGEST]


def _fit(word: str) -> str:
    return _UNFIT.sub("_", word)
