"""Each in turn: whoever has gone longest without being given a case."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from gateway.domain.assignment.rules.base import Part, Question, Rule, since


def _turn(question: Question) -> Sequence[float]:
    """1 for whoever is next, less for each who is before; those who were given one at the same time are alike."""
    asked = [since(one) for one in question.candidates]
    times = sorted(asked)
    return [1 - bisect_left(times, one) / len(times) for one in asked]


RULE = Rule(
    means="Each in turn: who has gone longest without being given a case.",
    told="Next in turn",
    parts={"turn": Part(_turn, together=True)},
)
