"""What a rule is, what scores are made of, and how ties end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from gateway.clock import days_later
from gateway.domain.assignment.terms import Candidate, Matter, Scored, Weights

AVERAGE = 5  # points of complexity that a case of a full load is taken to have
OUTLOOK = 30  # days that are looked at where no deadline is known
HIGHEST = 5  # level that can be declared
SEASONED = 4.0  # decided cases, newest ones, that are worth half of what experience can be
_PLACES = 6  # decimals; what differs by less is a tie
_NEVER = datetime.min.replace(tzinfo=UTC)


class Question(NamedTuple):
    """What a rule is asked: who of these, all of whom can take the case, is to get it?"""

    matter: Matter
    candidates: Sequence[Candidate]
    weights: Weights
    today: date


class Rule(NamedTuple):
    """One way of giving cases to attorneys.

    Attributes:
        means: in a sentence, for whoever chooses a rule.
        told: of whoever it found the best, before the score.
        parts: of each candidate, what adds up to the score, in the order of the candidates asked about.
    """

    means: str
    told: str
    parts: Callable[[Question], Sequence[Mapping[str, float]]]


def ranked(rule: Rule, question: Question) -> list[Scored]:
    """All candidates, the best first: by score, then whoever is least loaded, is longest without a case, by id."""
    found = [(one, _scored(one, parts)) for one, parts in zip(question.candidates, rule.parts(question), strict=True)]
    found.sort(key=lambda pair: (-pair[1].score, *tie(pair[0])))
    return [scored for _, scored in found]


def tie(one: Candidate) -> tuple[float, datetime, bytes]:
    """What decides between equals, the least first."""
    return round(share(one), _PLACES), since(one), one.attorney_id.bytes


def share(one: Candidate) -> float:
    """Of what may be held, the part that is."""
    return one.load / one.capacity if one.capacity > 0 else float("inf")


def since(one: Candidate) -> datetime:
    """When they were last given a case; whoever never was waits the longest."""
    given = one.last_given_at or _NEVER
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def expertise(one: Candidate) -> float:
    """0 to 1: half of it declared, half of it from decided cases, of which each new one is worth less."""
    level = min(max(one.level, 0), HIGHEST) / HIGHEST
    decided = one.decided if 0 <= one.decided < float("inf") else 0.0
    return 0.5 * level + 0.5 * decided / (decided + SEASONED)


def cases_left(one: Candidate) -> float:
    """0 to 1: of the cases that may be held, the part that is free once this one is theirs."""
    return _bounded(1 - (one.load + 1) / one.capacity) if one.capacity > 0 else 0.0


def points_left(one: Candidate, complexity: int) -> float:
    """0 to 1: the same by complexity; a full load is capacity cases of average complexity."""
    return _bounded(1 - (one.weighted + complexity) / (one.capacity * AVERAGE)) if one.capacity > 0 else 0.0


def days_there(one: Candidate, matter: Matter, today: date) -> float:
    """0 to 1: of the days through the first deadline, or those in sight where none is known, those at work."""
    last = matter.deadline_on or days_later(today, OUTLOOK - 1)
    last = max(last, today)
    gone, until = 0, days_later(today, -1)
    for away in sorted(one.away):
        first, end = max(away.first, days_later(until, 1)), min(away.last, last)
        if first <= end:
            gone, until = gone + (end - first).days + 1, end
    return _bounded(1 - gone / ((last - today).days + 1))


def _scored(one: Candidate, parts: Mapping[str, float]) -> Scored:
    kept = {name: round(part, _PLACES) for name, part in parts.items()}
    return Scored(attorney_id=one.attorney_id, score=round(sum(kept.values()), _PLACES), parts=kept)


def _bounded(part: float) -> float:
    return min(max(part, 0.0), 1.0)
