"""Whoever has the most room left, half by cases and half by their complexity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.domain.assignment.rules.base import Question, Rule, cases_left, points_left


def _parts(question: Question) -> Sequence[Mapping[str, float]]:
    points = question.matter.complexity
    return [
        {"cases": 0.5 * cases_left(one), "complexity": 0.5 * points_left(one, points)} for one in question.candidates
    ]


RULE = Rule(
    means="Who has the most room left: half by cases, half by their complexity.",
    told="Has the most room left",
    parts=_parts,
)
