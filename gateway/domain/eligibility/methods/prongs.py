"""All have to be met, and a petition is about as strong as its weakest prong, so that one weighs the most."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.eligibility.methods.base import Weighed
from gateway.domain.eligibility.terms import Finding, Part, Profile
from gateway.domain.rules.criteria import Visa

WHOLE = 100.0


def weigh(visa: Visa, profile: Profile, findings: Sequence[Finding]) -> Weighed:  # noqa: ARG001 - as every method
    """Of three prongs the weakest weighs three sixths, the next two, the strongest one."""
    weakest_first = sorted(one.strength for one in findings)
    weights = range(len(findings), 0, -1)
    whole = sum(weights)
    points = WHOLE * sum(weight * each for weight, each in zip(weights, weakest_first, strict=True)) / whole
    told = " + ".join(f"{weight}/{whole} x {each:g}" for weight, each in zip(weights, weakest_first, strict=True))
    working = f"{WHOLE:g} x ({told}): the weakest prong weighs the most"
    part = Part(name="prongs", points=round(points, 1), most=WHOLE, working=working)
    return Weighed([part], sum(one.is_met for one in findings), len(findings))
