"""Who gets a case: the filters, then whose it is already, then the rule of the firm. It knows only what it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from gateway.domain.assignment import continuity, telling
from gateway.domain.assignment.continuity import Theirs
from gateway.domain.assignment.filters import back_on, exclusions
from gateway.domain.assignment.rules import DEFAULT, RULES
from gateway.domain.assignment.rules.base import Question, ranked
from gateway.domain.assignment.terms import Candidate, Decision, Exclusion, Matter, Policy, Scored

_UNABLE = frozenset({"inactive", "no_licence"})  # nobody who is given cases at all


def decide(matter: Matter, candidates: Iterable[Candidate], policy: Policy, today: date) -> Decision:
    """Who gets a case, or why nobody does; the same for the same facts, in whatever order they come.

    A rule that there is no more is taken for the default, and the decision names the one by which it was made.
    """
    known = {one.attorney_id: one for one in candidates}
    looked = [_Looked(one, exclusions(matter, one, policy.settings, today)) for _, one in sorted(known.items())]
    rule = policy.rule if policy.rule in RULES else DEFAULT
    free = [one.candidate for one in looked if not one.why]
    scored = ranked(RULES[rule], Question(matter, free, policy.settings.weights, today)) if free else []
    named = _named(matter, policy, rule, looked)
    if not scored:
        return _nobody(matter, looked, today, named)
    theirs = continuity.first(scored, known) if policy.settings.continuity else None
    return _somebody(scored, theirs or Theirs("rule", scored[0].attorney_id), known, named)


class _Looked(NamedTuple):
    candidate: Candidate
    why: Sequence[Exclusion]


class _Named(NamedTuple):
    """What every decision says, whoever gets the case."""

    rule: str
    policy_version: int
    complexity: int
    excluded: Sequence[Exclusion]


def _named(matter: Matter, policy: Policy, rule: str, looked: Sequence[_Looked]) -> _Named:
    return _Named(rule, policy.version, matter.complexity, [why for one in looked for why in one.why])


def _somebody(scored: Sequence[Scored], chosen: Theirs, known: Mapping[UUID, Candidate], named: _Named) -> Decision:
    sentence = telling.chosen(chosen, scored, known, RULES[named.rule].told)
    return Decision(attorney_id=chosen.attorney_id, way=chosen.way, sentence=sentence, scored=scored, **named._asdict())


def _nobody(matter: Matter, looked: Sequence[_Looked], today: date, named: _Named) -> Decision:
    reasons = [{why.code for why in one.why} for one in looked]
    code = _code(reasons)
    only_away = [one.candidate for one, codes in zip(looked, reasons, strict=True) if codes == {"away"}]
    back = [day for one in only_away if (day := back_on(matter, one, today)) is not None]
    forecast = min(back, default=None)
    counts = Counter(each for codes in reasons for each in codes)
    sentence = telling.nobody(code, len(looked), counts, forecast)
    return Decision(code=code, sentence=sentence, forecast_on=forecast, **named._asdict())


def _code(reasons: Sequence[Collection[str]]) -> str:
    """Why nobody can: of those who are given cases at all, all are full, or all are away, or each has a reason."""
    able = [codes for codes in reasons if not _UNABLE & set(codes)]
    if not able:
        return "no_attorneys"
    if all("full" in codes for codes in able):
        return "all_full"
    return "all_away" if all("away" in codes for codes in able) else "none_suits"
