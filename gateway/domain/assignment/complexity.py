"""How much work a case is, 1 to 10, and how that was reckoned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from gateway.domain.rules import dated
from gateway.domain.rules.dated import Points, on

LEAST, MOST = 1, 10
_UNKNOWN = "other"  # the rule for cases of no known type
_ASKED = frozenset({"rfe_received", "rfe_response"})  # stages in which evidence is asked for


class Facts(NamedTuple):
    """What is known of a case that makes it more or less work.

    Attributes:
        on: the day; the rules of that day hold.
        pinned: what somebody set by hand, which counts alone.
        noid: a notice of intent to deny waits for its answer.
        denials: other cases of the person that were denied.
        stay_ended_on: the last day of the person's stay, where papers say that it is over.
        dependents: others of the family.
        deadline_on: the first day by which something must be done.
    """

    on: date
    case_type: str | None = None
    stage: str = "evaluation"
    pinned: int | None = None
    noid: bool = False
    denials: int = 0
    stay_ended_on: date | None = None
    third_party_site: bool = False
    dependents: int = 0
    deadline_on: date | None = None


class Complexity(NamedTuple):
    """So many points, and sentences that say how they came about; they speak of the person, and are not to be kept."""

    points: int
    working: Sequence[str]


def complexity(facts: Facts, rules: Mapping[str, Sequence[Points]] | None = None) -> Complexity:
    """Add up the points of a case; they end at 10, and what was set by hand counts alone."""
    if facts.pinned is not None:
        return Complexity(_within(facts.pinned), [f"{_within(facts.pinned)}: set by hand."])
    rules = rules or dated.complexity()
    first = base(facts.case_type, facts.on, rules)
    added = list(_added(facts, rules))
    total = first + sum(points for points, _ in added)
    working = [_first(facts.case_type, first, rules), *(f"+{points}: {why}." for points, why in added)]
    if total != _within(total):
        working.append(f"Added up they are {total}; the most is {MOST}.")
    return Complexity(_within(total), working)


def base(case_type: str | None, day: date, rules: Mapping[str, Sequence[Points]] | None = None) -> int:
    """The points of a type of case alone."""
    rules = rules or dated.complexity()
    known = _points(rules, (case_type or "").lower(), day)
    found = known or _points(rules, _UNKNOWN, day)
    return found.points if found else MOST // 2


def _first(case_type: str | None, points: int, rules: Mapping[str, Sequence[Points]]) -> str:
    if case_type is None:
        return f"{points}: the type of the case is not known."
    known = case_type.lower() in rules
    return f"{points}: a case of type {case_type}{'' if known else ', which no rule names'}."


def _added(facts: Facts, rules: Mapping[str, Sequence[Points]]) -> Iterator[tuple[int, str]]:
    """What comes on top, and why; of a notice of intent to deny and a request for evidence only the first."""
    left = None if facts.deadline_on is None else (facts.deadline_on - facts.on).days
    others = "another one" if facts.dependents == 1 else f"{facts.dependents} others"
    asked = {
        "noid": "the agency intends to deny it" if facts.noid else None,
        "rfe": "the agency asks for evidence" if facts.stage in _ASKED and not facts.noid else None,
        "prior_denial": "a case of the person was denied before" if facts.denials > 0 else None,
        "status_gap": f"the papers of the stay ended on {facts.stay_ended_on}" if facts.stay_ended_on else None,
        "third_party_site": "the work is at a third party's site" if facts.third_party_site else None,
        "dependents": f"{others} of the family" if facts.dependents > 0 else None,
        "short_time": _left(left),
    }
    for name, why in asked.items():
        rule = _points(rules, name, facts.on)
        if why and rule and (rule.within is None or (left is not None and left < rule.within)):
            yield rule.points, why


def _left(days: int | None) -> str | None:
    if days is None:
        return None
    if days < 0:
        return f"its deadline passed {-days} {'day' if days == -1 else 'days'} ago"
    return f"{days} {'day is' if days == 1 else 'days are'} left to its deadline"


def _points(rules: Mapping[str, Sequence[Points]], name: str, day: date) -> Points | None:
    return on(rules.get(name, ()), day)


def _within(points: int) -> int:
    return min(max(points, LEAST), MOST)
