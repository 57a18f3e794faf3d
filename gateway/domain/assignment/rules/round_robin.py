"""Each in turn: whoever has gone longest without being given a case."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from gateway.domain.assignment.rules.base import Question, Rule, since


def _parts(question: Question) -> Sequence[Mapping[str, float]]:
    """1 for whoever is next, less for each who is before; those who were given one at the same time are alike."""
    times = sorted(since(one) for one in question.candidates)
    return [{"turn": 1 - bisect_left(times, since(one)) / len(times)} for one in question.candidates]


RULE = Rule(
    means="Each in turn: who has gone longest without being given a case.",
    told="Next in turn",
    parts=_parts,
)
