"""Decisions in sentences that a managing attorney reads; of a person they say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

from gateway.domain.assignment.rules.base import share, since
from gateway.domain.assignment.terms import Candidate, Decision, Scored

if TYPE_CHECKING:
    from gateway.domain.assignment.continuity import Theirs

_WAYS = {
    "client": "Has other cases of the same client",
    "family": "Has cases of the same family",
}
_NOBODY = {
    "no_attorneys": "Nobody can take it: the firm has no attorney who is active and licensed.",
    "all_full": "Nobody can take it: every attorney is full.",
    "all_away": "Nobody can take it: every attorney is away when they would be needed.",
    "none_suits": "Nobody can take it: there is a reason against every attorney.",
}
_COUNTED = {
    "inactive": "not active",
    "no_licence": "without a licence on record",
    "walled": "behind a wall",
    "away": "away",
    "full": "full",
    "no_language": "without the language",
    "no_certification": "without the certification",
    "not_senior": "not senior enough",
    "taken_back": "from whom it was taken back",
}


def explain(decision: Decision, names: Mapping[UUID, str], working: Sequence[str] = ()) -> list[str]:
    """A decision whole: who and why, how complex, how everybody scored, who could not and why.

    Args:
        decision: as it was made, or as it is kept.
        names: of the attorneys; whoever has none is called by id.
        working: of the complexity, where whoever reads may know of the person.
    """
    return [
        _headline(decision, names),
        f"Complexity {decision.complexity} of 10." + (f" {' '.join(working)}" if working else ""),
        f"Decided by the rule {decision.rule}, {_version(decision.policy_version)}.",
        *_ranking(decision.scored, names),
        *_excluded(decision, names),
        *([f"Somebody may be back on {decision.forecast_on}."] if decision.forecast_on else []),
    ]


def chosen(theirs: Theirs, scored: Sequence[Scored], known: Callable[[UUID], Candidate], told: str) -> str:
    """Why somebody got it; `told` is what the rule says of its best, `known` what is known of somebody."""
    if theirs.way == "rule":
        return f"{told}: {_score(scored[0])}; {_of(scored)}{_tie(scored, known)}."
    if theirs.way == "team":
        return f"{_team(theirs)}; {_of(scored)}."
    return f"{_WAYS[theirs.way]}; {_of(scored)}."


def nobody(code: str, attorneys: int, counts: Mapping[str, int], forecast: date | None) -> str:
    """Why nobody did, counted: an attorney may be counted for several reasons."""
    told = _NOBODY[code]
    if attorneys:
        reasons = ", ".join(f"{counts[each]} {words}" for each, words in _COUNTED.items() if counts.get(each))
        told += f" Of {attorneys}: {reasons}."
    return told + (f" The first who is only away is back on {forecast}." if forecast else "")


def _team(best: Theirs) -> str:
    how = "as many as others, and scores best of them" if best.is_alike else "the most of those who can take this one"
    return f"Has {best.team} of the employer's open cases, {how}"


def _of(scored: Sequence[Scored]) -> str:
    return "nobody else can take it" if len(scored) == 1 else f"{len(scored)} can take it"


def _tie(scored: Sequence[Scored], known: Callable[[UUID], Candidate]) -> str:
    """What decided between equals."""
    equal = [one.attorney_id for one in scored if one.score == scored[0].score]
    if len(equal) == 1:
        return ""
    best, second = map(known, equal[:2])
    by = "the order of their ids"
    if round(share(best), 6) != round(share(second), 6):
        by = "the smaller part of their capacity in use"
    elif since(best) != since(second):
        by = "the longer time without a new case"
    return f", {len(equal)} score the same, and {by} decides"


def _score(one: Scored) -> str:
    parts = ", ".join(f"{name} {part:.3f}" for name, part in one.parts.items())
    return f"score {one.score:.3f}" + (f" ({parts})" if len(one.parts) > 1 else "")


def _headline(decision: Decision, names: Mapping[UUID, str]) -> str:
    if decision.attorney_id is None:
        return decision.sentence
    return f"{_name(decision.attorney_id, names)} gets it. {decision.sentence}"


def _version(version: int) -> str:
    return f"version {version} of the firm's policy" if version else "as the firm has said nothing else"


def _ranking(scored: Sequence[Scored], names: Mapping[UUID, str]) -> Iterator[str]:
    for place, one in enumerate(scored, start=1):
        yield f"{place}. {_name(one.attorney_id, names)}: {_score(one)}."


def _excluded(decision: Decision, names: Mapping[UUID, str]) -> Iterator[str]:
    for attorney_id, reasons in groupby(decision.excluded, key=lambda one: one.attorney_id):
        yield f"{_name(attorney_id, names)} cannot take it. {_joined(one.sentence for one in reasons)}"


def _joined(sentences: Iterable[str]) -> str:
    return " ".join(sentences)


def _name(attorney_id: UUID, names: Mapping[UUID, str]) -> str:
    return names.get(attorney_id, str(attorney_id))
