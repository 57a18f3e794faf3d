"""Words of the law as data: what cases, papers and stages there are, by which rule, and from when to when.

Each file says what its words mean. An error in one names the file and the line, as in partner.yaml.
"""

from __future__ import annotations

import functools
from datetime import date
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from gateway.config import FieldError, decode, read

_HERE = Path(__file__).parent


class Word(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One word that records hold.

    Attributes:
        means: for a person.
        source: statute, regulation or form; `practice` where the firm's work and no rule makes it so.
        effective_from, effective_to: first and last day on which there is such a thing; None where nobody need ask.
        next: words that may follow it by hand, where it is a stage.
    """

    means: Annotated[str, Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    effective_from: date | None = None
    effective_to: date | None = None
    next: list[str] = []

    def __post_init__(self) -> None:
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            raise FieldError("It ends before it begins.", at=("effective_to",))


class Vocabulary(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of one kind, in the order in which people look for them."""

    words: dict[Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9_]*$")], Word]

    def __post_init__(self) -> None:
        for name, word in self.words.items():
            if unknown := next((each for each in word.next if each not in self.words), None):
                raise FieldError(f"There is no word {unknown!r} here.", at=("words", name, "next"))


def vocabulary_of(path: Path) -> Vocabulary:
    """Read a file of words.

    Raises:
        ConfigError: with every line that is wrong.
    """
    return decode(read(path), Vocabulary)


@functools.cache
def vocabulary(name: str) -> Vocabulary:
    """The words of a kind that comes with the gateway: `case_types`, `document_types`, `stages`."""
    return vocabulary_of(_HERE / f"{name}.yaml")
