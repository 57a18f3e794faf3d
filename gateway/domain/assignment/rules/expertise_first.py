"""Whoever knows such cases best, has room for the work, and is there until the deadline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.domain.assignment.rules.base import Question, Rule, days_there, expertise, points_left
from gateway.domain.assignment.terms import Candidate, Weights


def _parts(question: Question) -> Sequence[Mapping[str, float]]:
    by = _relative(question.weights)
    return [_of(one, question, by) for one in question.candidates]


def _of(one: Candidate, question: Question, by: Weights) -> Mapping[str, float]:
    return {
        "expertise": by.expertise * expertise(one),
        "capacity": by.capacity * points_left(one, question.matter.complexity),
        "deadline": by.deadline * days_there(one, question.matter, question.today),
    }


def _relative(weights: Weights) -> Weights:
    """The same with a sum of 1; where nothing counts, all counts alike."""
    total = weights.expertise + weights.capacity + weights.deadline
    if total <= 0:
        return Weights(expertise=1 / 3, capacity=1 / 3, deadline=1 / 3)
    return Weights(
        expertise=weights.expertise / total, capacity=weights.capacity / total, deadline=weights.deadline / total
    )


RULE = Rule(
    means="Who knows such cases best, with room for the work and days until the deadline, by the weights.",
    told="Best by expertise, room and days until the deadline",
    parts=_parts,
)
