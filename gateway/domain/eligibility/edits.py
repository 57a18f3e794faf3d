"""What an attorney may write in place of what a check says: its texts and its months, and nothing that is computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, to_builtins

from gateway.domain.eligibility.terms import Recommendation

LONGEST: Final = 4_000  # characters of a text
MOST: Final = 100  # lines of a list
FARTHEST: Final = 600  # months

_LISTS: Final = ("strengths", "weaknesses", "missing", "documents")


class Edits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to be read instead, field by field of a recommendation; None stays as it is.

    Attributes:
        strengths, weaknesses, missing, documents: whole.
        timeline_months: shortest and longest.
    """

    summary: str | None = None
    strengths: Sequence[str] | None = None
    weaknesses: Sequence[str] | None = None
    missing: Sequence[str] | None = None
    documents: Sequence[str] | None = None
    timeline_months: tuple[int, int] | None = None


NOTHING: Final = Edits()


def tidied(edits: Edits) -> Edits:
    """With single blanks, and without lines in which nothing stands."""
    lists = {name: _lines(getattr(edits, name)) for name in _LISTS}
    summary = None if edits.summary is None else _line(edits.summary)
    return Edits(summary=summary, timeline_months=edits.timeline_months, **lists)


def faults_in(edits: Edits) -> Iterator[tuple[str, str]]:
    """Fields that cannot be so, each with why."""
    if edits.summary is not None and not (_line(edits.summary) and _is_fit(edits.summary)):
        yield "summary", f"A text of at most {LONGEST} characters is needed."
    for name in _LISTS:
        lines = getattr(edits, name)
        if lines is not None and not (len(lines) <= MOST and all(_is_fit(one) for one in lines)):
            yield name, f"At most {MOST} texts of at most {LONGEST} characters each are needed."
    if edits.timeline_months is not None and not 0 <= edits.timeline_months[0] <= edits.timeline_months[1] <= FARTHEST:
        yield "timeline_months", f"Months are needed, 0 to {FARTHEST}, the shortest time first."


def differing(edits: Edits, told: Recommendation) -> dict[str, Any]:
    """Those that say something else than the recommendation, as JSON has them."""
    said, there = to_builtins(edits), to_builtins(told)
    return {name: value for name, value in _plain(said).items() if value != _plain(there)[name]}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """With lists for what JSON knows as lists alone."""
    return {name: list(value) if isinstance(value, list | tuple) else value for name, value in values.items()}


def _is_fit(text: str) -> bool:
    return len(text) <= LONGEST and "\0" not in text


def _line(text: str) -> str:
    return " ".join(text.split())


def _lines(lines: Sequence[str] | None) -> list[str] | None:
    return None if lines is None else [line for one in lines if (line := _line(one))]
