"""Ends a check: claims are held against the profile, scored in code, and the outcome is put on record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace
from sqlalchemy import func

from gateway.db.models import EligibilityCheck, RecommendationRow
from gateway.domain.eligibility import citing, scoring
from gateway.domain.eligibility.outcomes import chance_of
from gateway.domain.eligibility.terms import Claim, Dropped, Profile, Recommendation
from gateway.domain.rules.criteria import Visa
from gateway.office import Acting


def settle(
    acting: Acting, check: EligibilityCheck, profile: Profile, visas: Sequence[Visa], claims: Sequence[Claim]
) -> None:
    """Complete a check with what the rules find and what of these claims holds; no score comes from anything else."""
    held: list[Claim] = []
    dropped: list[Dropped] = []
    with acting.session.no_autoflush:  # each look at decided cases would write what there is so far
        chances = {visa.id: chance_of(acting.session, visa, check.as_of) for visa in visas}
    for visa in visas:
        fine, not_so = citing.checked(visa, profile, [one for one in claims if one.visa == visa.id])
        told = scoring.score(visa, profile, fine if check.model else None)
        acting.session.add(_row(check, replace(told, chance=chances[visa.id])))
        held += fine
        dropped += not_so
    known = {one.id for one in visas}
    dropped += [Dropped(claim=one, code="unknown_criterion") for one in claims if one.visa not in known]
    check.claims, check.dropped = _plain(held), _plain(dropped)
    _end(check, "completed")


def give_up(check: EligibilityCheck, code: str, sentence: str) -> None:
    """End a check that has no answer, and would have none if it were tried again."""
    check.error_code, check.error = code, sentence
    _end(check, "failed")


def _end(check: EligibilityCheck, state: str) -> None:
    check.state, check.ended_at = state, func.gateway_now()


def _row(check: EligibilityCheck, found: Recommendation) -> RecommendationRow:
    return RecommendationRow(
        firm_id=check.firm_id,
        check_id=check.id,
        client_id=check.client_id,
        visa=found.visa,
        score=found.score,
        told=to_builtins(found),
    )


def _plain(told: Sequence[object]) -> list[dict[str, Any]]:
    return list(to_builtins(told))
