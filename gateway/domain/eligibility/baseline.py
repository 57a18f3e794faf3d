"""The claims of the provider `rules`: all that a profile shows of a visa's criteria, by rule alone.

It cites each entry that shows something, each in a claim of its own, and as strongly as that entry bears it. So no
other provider's claims, once checked, add up to more.
"""

from __future__ import annotations

from gateway.domain.eligibility.bearing import LETTER, borne, confirms
from gateway.domain.eligibility.terms import Claim, Entry, Profile
from gateway.domain.eligibility.verdicts import cited
from gateway.domain.rules.criteria import Criterion, Visa


def propose(visa: Visa, profile: Profile) -> list[Claim]:
    """Claims for a visa, in the order of its criteria and of the profile's entries."""
    found = (_claim(visa, one, entry, profile) for one in visa.criteria for entry in profile.entries)
    return [claim for claim in found if claim]


def _claim(visa: Visa, criterion: Criterion, entry: Entry, profile: Profile) -> Claim | None:
    letters = [one for one in profile.of(LETTER) if confirms(one, entry)]
    strength = borne(criterion, entry, letters, profile)
    cites = cited(entry, entry.facts)
    if strength is None or not cites:
        return None
    told = [cite for one in letters for cite in cited(one, ("is_independent", "about"))]
    return Claim(visa=visa.id, criterion=criterion.id, strength=strength, cites=(*cites, *told))
