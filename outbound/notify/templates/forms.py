"""The texts that a template has, how long each may be, and how it is said what is wrong with one."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Literal, NamedTuple

from gateway.errors import Faulty

Form = Literal["subject", "text", "html", "short"]
FORMS: tuple[Form, ...] = typing.get_args(Form)
DISCREET: frozenset[str] = frozenset({"subject", "short"})  # others may read them over a shoulder
LONGEST = {"subject": 300, "short": 1_000, "text": 20_000, "html": 40_000}  # characters of a template
MOST = {"subject": 150, "short": 320, "text": 200_000, "html": 400_000}  # of what is made of it
DEEPEST = 12  # levels of conditions and loops, or of brackets
TOO_DEEP = f"Conditions, loops and brackets nest deeper than {DEEPEST} levels."


class Fault(NamedTuple):
    """One thing that is wrong with a template."""

    line: int
    sentence: str


class WrongTemplate(Faulty):
    """A template that must not be used; `faults` has each by its line.

    Args:
        name: of the template.
        form: which of its texts.
        found: what is wrong, by lines.
    """

    def __init__(self, name: str, form: str, found: Sequence[Fault]) -> None:
        by_line: dict[str, str] = {}
        for one in found:
            place = f"line {one.line}"
            by_line[place] = " ".join([*([by_line[place]] if place in by_line else []), one.sentence])
        told = " ".join(f"{capital(place)}: {sentence}" for place, sentence in by_line.items())
        super().__init__("template_wrong", f"The {form} of {name} cannot be used. {told}", by_line)


def capital(text: str) -> str:
    """With a capital first."""
    return text[:1].upper() + text[1:]
