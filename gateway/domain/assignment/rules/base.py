"""What a rule is, what scores are made of, and how ties end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from gateway.clock import days_later
from gateway.domain.assignment.terms import Candidate, Matter, Scored, Weights

AVERAGE = 5  # points of complexity that a case of a full load is taken to have
OUTLOOK = 30  # days that are looked at where no deadline is known
HIGHEST = 5  # level that can be declared
SEASONED = 4.0  # decided cases, newest ones, that are worth half of what experience can be
_PLACES = 6  # decimals; what differs by less is a tie
_NEVER = datetime.min.replace(tzinfo=UTC)

Tie = tuple[float, datetime, bytes]


class Question(NamedTuple):
    """What a rule is asked: who of these, all of whom can take the case, is to get it?"""

    matter: Matter
    candidates: Sequence[Candidate]
    weights: Weights
    today: date


class Part(NamedTuple):
    """What a score is made of, and what it depends on besides the attorney: so long it need not be reckoned anew.

    Attributes:
        worth: of each candidate of a question, in their order.
        by: fields of the matter.
        moves: it is another one once the attorney has got a case.
        together: it is another one once any of the candidates has; nothing of it can be kept.
    """

    worth: Callable[[Question], Sequence[float]]
    by: Sequence[str] = ()
    moves: bool = False
    together: bool = False


class Rule(NamedTuple):
    """One way of giving cases to attorneys.

    Attributes:
        means: in a sentence, for whoever chooses a rule.
        told: of whoever it found the best, before the score.
        parts: by name, what adds up to the score.
    """

    means: str
    told: str
    parts: Mapping[str, Part]


def ranked(rule: Rule, question: Question) -> list[Scored]:
    """All candidates, the best first: by score, then whoever is least loaded, is longest without a case, by id."""
    rows = zip(*(worths(part, question) for part in rule.parts.values()), strict=True)
    asked = zip(question.candidates, rows, strict=True)
    found = [(one, added(one.attorney_id, dict(zip(rule.parts, parts, strict=True)))) for one, parts in asked]
    found.sort(key=lambda pair: (-pair[1].score, *tie(pair[0])))
    return [scored for _, scored in found]


def worths(part: Part, question: Question) -> list[float]:
    """A part of each candidate's score, as it is added up and kept."""
    return [round(one, _PLACES) for one in part.worth(question)]


def added(attorney_id: UUID, parts: Mapping[str, float]) -> Scored:
    """A score, of parts that are as they are kept."""
    return Scored(attorney_id=attorney_id, score=round(sum(parts.values()), _PLACES), parts=parts)


def tie(one: Candidate) -> Tie:
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
    if not one.away:
        return 1.0
    last = matter.deadline_on or days_later(today, OUTLOOK - 1)
    last = max(last, today)
    gone, until = 0, days_later(today, -1)
    for away in sorted(one.away):
        first, end = max(away.first, days_later(until, 1)), min(away.last, last)
        if first <= end:
            gone, until = gone + (end - first).days + 1, end
    return _bounded(1 - gone / ((last - today).days + 1))


def _bounded(part: float) -> float:
    return min(max(part, 0.0), 1.0)
