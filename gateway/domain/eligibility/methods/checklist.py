"""All have to be met, and each weighs the same: there is nothing to be weighed beyond whether it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.eligibility.methods.base import Weighed, completeness, mean, shown
from gateway.domain.eligibility.terms import Finding, Part, Profile
from gateway.domain.rules.criteria import Visa

STRENGTH = 85.0  # what merits are elsewhere counts for the criteria themselves


def weigh(visa: Visa, profile: Profile, findings: Sequence[Finding]) -> Weighed:
    """85 by all criteria alike, 15 by how much is known."""
    strengths = [one.strength for one in findings]
    working = f"{STRENGTH:g} x {shown(strengths)} / {len(strengths)}: all criteria"
    part = Part(name="strength", points=round(STRENGTH * mean(strengths), 1), most=STRENGTH, working=working)
    known = completeness(visa.criteria, profile, len(visa.criteria))
    return Weighed([part, known], sum(one.is_met for one in findings), len(findings))
