"""Checks that are completed by the rules alone, kept as the gateway keeps them, for tests of what comes after."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import msgspec

from gateway import clock
from gateway.db.models import EligibilityCheck, RecommendationRow
from gateway.domain.eligibility import checks, profiles, scoring
from gateway.domain.eligibility.terms import Chance, Profile
from gateway.domain.rules.criteria import visa_on
from gateway.office import Acting


def completed(
    acting: Acting,
    client_id: UUID,
    visas: Sequence[str] = ("EB1A", "O1A"),
    person: Profile | None = None,
    chance: Chance | None = None,
) -> UUID:
    """A check of what is known of a person now, or of another profile."""
    known = person or profiles.profile_of(acting, client_id).profile
    check = _check(acting, client_id, visas, known)
    for name in visas:
        visa = visa_on(name, known.as_of)
        told = scoring.score(visa, known)
        kept = _plain(msgspec.structs.replace(told, chance=chance))
        row = RecommendationRow(firm_id=acting.firm_id, check_id=check.id, client_id=client_id, visa=name)
        row.score, row.told = told.score, kept
        acting.session.add(row)
    acting.session.flush()
    return check.id


def _check(acting: Acting, client_id: UUID, visas: Sequence[str], known: Profile) -> EligibilityCheck:
    digest = profiles.digest(known)
    check = EligibilityCheck(
        firm_id=acting.firm_id,
        id=uuid4(),
        client_id=client_id,
        visas=list(visas),
        tier="interactive",
        as_of=known.as_of,
        profile=checks.stored(known),
        digest=digest,
        rules="0" * 64,
        key=digest,
        policy_version=1,
        state="completed",
        provider="rules",
        by_kind=acting.actor.kind,
        by=acting.actor.name,
        ended_at=clock.now(),
    )
    acting.session.add(check)
    acting.session.flush()
    return check


def _plain(value: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(value))
