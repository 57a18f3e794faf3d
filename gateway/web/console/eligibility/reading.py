"""What a check says of each visa, as an attorney reads it: in the attorney's words where there are some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from gateway.db.models import EligibilityCheck, RecommendationRow
from gateway.domain.eligibility import checks, memo, reviewing
from gateway.domain.eligibility.checks import Seen
from gateway.domain.eligibility.memo import CriterionLine, Reviewed, Section
from gateway.domain.eligibility.terms import Recommendation
from gateway.domain.rules import wording
from gateway.domain.rules.criteria import visa_on
from gateway.errors import Missing
from gateway.office import Acting
from gateway.web.api.reviews import ReviewView

_PROPOSED = "proposed"


class Way(NamedTuple):
    """How something that is not met can be shown: `of` is the id of the gate or criterion."""

    of: str
    how: Sequence[str]


class Reading(NamedTuple):
    """A visa.

    Attributes:
        version: of the recommendation, as whoever reviews it has seen it.
        read: as it is to be read; `told`: as it was computed.
        reviews: the newest first; the first counts.
        ways: how what is missing can be brought.
    """

    id: UUID
    version: int
    word: str
    section: Section
    read: Recommendation
    told: Recommendation
    reviews: Sequence[ReviewView]
    ways: Sequence[Way]


def readings(acting: Acting, seen: Seen) -> list[Reading]:
    """What a check says: the highest score first, what cannot be determined last; of an erased person, nothing.

    That reviews were seen is on record.
    """
    found = [reading(acting, one) for one in seen.recommendations]
    return sorted(found, key=lambda one: (one.told.score is None, -(one.told.score or 0)))


def reading(acting: Acting, row: RecommendationRow) -> Reading:
    """One visa, with all that was said of it."""
    is_new = row.review == _PROPOSED
    said = [] if is_new else [ReviewView.of(one) for one in reviewing.history(acting, row.id)]
    told = checks.recommendation_in(row)
    edits = said[0].edits if said else {}
    last = Reviewed(verdict=said[0].verdict, by=said[0].by, at="", reason=said[0].reason) if said else None
    section = memo.section(row.id, told, last, edits)
    return Reading(row.id, row.version, row.review, section, reviewing.as_edited(told, edits), told, said, _ways(told))


def finding(found: Sequence[Reading]) -> str:
    """What a check came to, in a sentence."""
    scored = [one for one in found if one.told.score is not None]
    if not scored:
        return "None of the visas that were asked about can be determined yet."
    best = scored[0]
    first = f"{best.section.name} comes to {best.told.score:g} of 100"
    if len(found) == 1:
        return f"{first}."
    rest = [f"the highest of {len(found)} visas that were asked about"]
    rest += [f"{len(found) - len(scored)} cannot be determined"] if len(scored) < len(found) else []
    return f"{first}, {'; '.join(rest)}."


def shown_first(criteria: Sequence[CriterionLine]) -> list[CriterionLine]:
    """Those that are met, then those that something shows."""
    return sorted(criteria, key=lambda one: (not one.is_met, not one.by))


def backings(check: EligibilityCheck) -> Mapping[str, str]:
    """How well each entry was shown when the check was asked for, by its ref."""
    return {one.ref: one.backing for one in checks.profile_in(check.as_of, check.profile).entries}


def _ways(told: Recommendation) -> list[Way]:
    """By the law as of its day; of a visa that there is no more, none."""
    try:
        visa = visa_on(told.visa, told.law_as_of)
    except Missing:
        return []
    unmet = {one.criterion for one in told.findings if not one.is_met}
    shut = {one.gate for one in told.gates if one.state != "passed"}
    gates = [Way(one.id, [wording.of_demand(one.asks)]) for one in visa.gates if one.id in shut]
    ways = [(one.id, [", ".join(wording.of_way(way)) for way in one.ways]) for one in visa.criteria if one.id in unmet]
    return [*gates, *(Way(name, how) for name, how in ways)]
