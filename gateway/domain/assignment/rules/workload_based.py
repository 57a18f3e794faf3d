"""Whoever has the most room left, half by cases and half by their complexity."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.assignment.rules.base import Part, Question, Rule, cases_left, points_left


def _cases(question: Question) -> Sequence[float]:
    return [0.5 * cases_left(one) for one in question.candidates]


def _complexity(question: Question) -> Sequence[float]:
    points = question.matter.complexity
    return [0.5 * points_left(one, points) for one in question.candidates]


RULE = Rule(
    means="Who has the most room left: half by cases, half by their complexity.",
    told="Has the most room left",
    parts={"cases": Part(_cases, moves=True), "complexity": Part(_complexity, by=("complexity",), moves=True)},
)
