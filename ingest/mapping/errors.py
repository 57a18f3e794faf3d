"""What can be wrong in the section of a feed: at a field of it, or at any path."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.values.base import unknown

Path = tuple[str | int, ...]  # keys below a feed, as written


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
    return SpecError(option, *unknown(kind, name, known))
