"""Whoever knows such cases best, has room for the work, and is there until the deadline."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.assignment.rules.base import Part, Question, Rule, days_there, expertise, points_left
from gateway.domain.assignment.terms import Weights


def _expertise(question: Question) -> Sequence[float]:
    by = _relative(question.weights).expertise
    return [by * expertise(one) for one in question.candidates]


def _capacity(question: Question) -> Sequence[float]:
    by, points = _relative(question.weights).capacity, question.matter.complexity
    return [by * points_left(one, points) for one in question.candidates]


def _deadline(question: Question) -> Sequence[float]:
    by = _relative(question.weights).deadline
    return [by * days_there(one, question.matter, question.today) for one in question.candidates]


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
    parts={
        "expertise": Part(_expertise, by=("case_type",)),
        "capacity": Part(_capacity, by=("complexity",), moves=True),
        "deadline": Part(_deadline, by=("deadline_on",)),
    },
)
