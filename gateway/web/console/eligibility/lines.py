"""Checks as lines that people read: whose, what each came to, and what of it waits for an attorney's word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from gateway.db.models import EligibilityCheck
from gateway.domain.eligibility.docket import Brief, Line
from gateway.domain.eligibility.memo import name_of
from gateway.domain.eligibility.policies import RULES

_MOST = 3  # scores of a line; of the others it is told how many there are


class Score(NamedTuple):
    """Of a visa, by its name."""

    visa: str
    name: str
    points: float
    review: str


class CheckLine(NamedTuple):
    """A check.

    Attributes:
        best: the highest scores; `more`: how many others there are; `unknown`: visas that cannot be determined.
        waiting: names of visas that wait for an attorney's word.
        origin: who said it; empty while nobody has.
    """

    id: UUID
    client_id: UUID
    state: str
    asked_at: datetime
    asked_by: str
    best: Sequence[Score]
    more: int
    unknown: Sequence[str]
    waiting: Sequence[str]
    origin: str
    is_degraded: bool


def line_of(line: Line) -> CheckLine:
    """One of a list."""
    check, scores = line.check, _scores(line.says)
    return CheckLine(
        check.id,
        check.client_id,
        check.state,
        check.asked_at,
        check.by,
        scores[:_MOST],
        len(scores[_MOST:]),
        [name_of(one.visa) for one in line.says if one.score is None],
        [name_of(one.visa) for one in line.says if one.waits],
        origin(check),
        check.is_degraded,
    )


def origin(check: EligibilityCheck) -> str:
    """Who said it, in a word or two."""
    if check.provider is None:
        return ""
    return "baseline only" if check.provider == RULES else f"rules and {check.model}"


def _scores(says: Sequence[Brief]) -> list[Score]:
    """The highest first; what an attorney rejected stands last."""
    there = [Score(one.visa, name_of(one.visa), one.score, one.review) for one in says if one.score is not None]
    return sorted(there, key=lambda one: (one.review == "rejected", -one.points))
