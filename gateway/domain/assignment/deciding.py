"""Who gets a case: the filters, then whose it is already, then the rule of the firm. It knows only what it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from gateway.domain.assignment import continuity, telling
from gateway.domain.assignment.continuity import Bonds, Theirs
from gateway.domain.assignment.filters import back_on, exclusions
from gateway.domain.assignment.rules import DEFAULT, RULES
from gateway.domain.assignment.rules.base import Question, ranked
from gateway.domain.assignment.terms import Candidate, Decision, Exclusion, Matter, Policy, Scored

_UNABLE = frozenset({"inactive", "no_licence"})  # nobody who is given cases at all


class Looked(NamedTuple):
    """A case, and what was found of everybody.

    Attributes:
        scored: who can take it, the best first.
        barred: who cannot, in order of id, each with every reason.
        known: what is known of one of them.
    """

    matter: Matter
    scored: Sequence[Scored]
    barred: Sequence[tuple[UUID, Sequence[Exclusion]]]
    bonds: Bonds
    known: Callable[[UUID], Candidate]


def decide(matter: Matter, candidates: Iterable[Candidate], policy: Policy, today: date) -> Decision:
    """Who gets a case, or why nobody does; the same for the same facts, in whatever order they come.

    A rule that there is no more is taken for the default, and the decision names the one by which it was made.
    """
    known = {one.attorney_id: one for one in candidates}
    looked = [(one, exclusions(matter, known[one], policy.settings, today)) for one in sorted(known)]
    free = [known[one] for one, why in looked if not why]
    scored = ranked(RULES[rule_of(policy)], Question(matter, free, policy.settings.weights, today)) if free else []
    barred = [(one, why) for one, why in looked if why]
    found = Looked(matter, scored, barred, continuity.bonds(known.values()), known.__getitem__)
    return concluded(found, policy, today)


def rule_of(policy: Policy) -> str:
    """The rule by which is decided."""
    return policy.rule if policy.rule in RULES else DEFAULT


def concluded(looked: Looked, policy: Policy, today: date) -> Decision:
    """The decision, once everybody was looked at."""
    excluded = [each for _, why in looked.barred for each in why]
    named = _Named(rule_of(policy), policy.version, looked.matter.complexity, excluded)
    if not looked.scored:
        return _nobody(looked, today, named)
    theirs = continuity.first(looked.scored, looked.bonds) if policy.settings.continuity else None
    return _somebody(looked, theirs or Theirs("rule", looked.scored[0].attorney_id), named)


class _Named(NamedTuple):
    """What every decision says, whoever gets the case."""

    rule: str
    policy_version: int
    complexity: int
    excluded: Sequence[Exclusion]


def _somebody(looked: Looked, chosen: Theirs, named: _Named) -> Decision:
    scored = looked.scored
    sentence = telling.chosen(chosen, scored, looked.known, RULES[named.rule].told)
    return Decision(attorney_id=chosen.attorney_id, way=chosen.way, sentence=sentence, scored=scored, **named._asdict())


def _nobody(looked: Looked, today: date, named: _Named) -> Decision:
    reasons = [{each.code for each in why} for _, why in looked.barred]
    code = _code(reasons)
    only_away = [looked.known(one) for (one, _), codes in zip(looked.barred, reasons, strict=True) if codes == {"away"}]
    back = [day for one in only_away if (day := back_on(looked.matter, one, today)) is not None]
    forecast = min(back, default=None)
    counts = Counter(each for codes in reasons for each in codes)
    sentence = telling.nobody(code, len(reasons), counts, forecast)
    return Decision(code=code, sentence=sentence, forecast_on=forecast, **named._asdict())


def _code(reasons: Sequence[Collection[str]]) -> str:
    """Why nobody can: of those who are given cases at all, all are full, or all are away, or each has a reason."""
    able = [codes for codes in reasons if not _UNABLE & set(codes)]
    if not able:
        return "no_attorneys"
    if all("full" in codes for codes in able):
        return "all_full"
    return "all_away" if all("away" in codes for codes in able) else "none_suits"
