"""So many of the criteria have to be met; then all that was shown is weighed together, as an officer would.

The second step is the one of Kazarian v. USCIS, 596 F.3d 1115 (9th Cir. 2010). What it counts can only grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, cast

from gateway.domain.eligibility.bearing import LETTER
from gateway.domain.eligibility.methods.base import Weighed, completeness, mean, shown
from gateway.domain.eligibility.terms import Entry, Finding, Part, Profile
from gateway.domain.eligibility.verdicts import years_before
from gateway.domain.rules.criteria import KOfN, Visa

STRENGTH, MERITS = 60.0, 25.0
RECENT_YEARS: Final = 5
RECENT_ENOUGH: Final = 3  # entries: more of them do not make acclaim more recent
BEYOND: Final = 2  # criteria more than are needed: still more do not make it broader


def weigh(visa: Visa, profile: Profile, findings: Sequence[Finding]) -> Weighed:
    """60 by the strongest, 25 by what they come to together, 15 by how much is known."""
    method = cast("KOfN", visa.method)
    counted = [one for one in findings if one.criterion not in method.alone]
    suffices = [one for one in findings if one.criterion in method.alone and one.is_met]
    met = sum(one.is_met for one in counted)
    met = max(met, method.k) if suffices else met
    criteria = [one for one in visa.criteria if one.id not in method.alone]
    parts = [
        _strength(counted, suffices, method.k),
        _merits(findings, profile, met, method.k),
        completeness(criteria, profile, method.k),
    ]
    return Weighed(parts, met, method.k)


def _strength(counted: Sequence[Finding], suffices: Sequence[Finding], k: int) -> Part:
    top = sorted((one.strength for one in counted), reverse=True)[:k]
    best = max((one.strength for one in suffices), default=0.0)
    if best > mean(top):
        working = f"{STRENGTH:g} x {best:g}: {suffices[0].criterion} suffices alone"
        return Part(name="strength", points=round(STRENGTH * best, 1), most=STRENGTH, working=working)
    working = f"{STRENGTH:g} x {shown(top)} / {k}: the {k} strongest criteria"
    return Part(name="strength", points=round(STRENGTH * mean(top), 1), most=STRENGTH, working=working)


def _merits(findings: Sequence[Finding], profile: Profile, met: int, k: int) -> Part:
    recent = _recent(findings, profile)
    independent = sum(one.strength == 1 for one in findings)
    shares = [min(1.0, recent / RECENT_ENOUGH), min(1.0, met / (k + BEYOND)), min(1.0, independent / k)]
    working = (
        f"{MERITS:g} x {shown(shares)} / 3: recency, {recent} of {RECENT_ENOUGH} entries of the last {RECENT_YEARS} "
        f"years; breadth, {met} of {k + BEYOND} criteria met; independence, {independent} of {k} corroborated"
    )
    return Part(name="merits", points=round(MERITS * mean(shares), 1), most=MERITS, working=working)


def _recent(findings: Sequence[Finding], profile: Profile) -> int:
    """Entries by which a criterion is met, and which are of the last years."""
    refs = {cite.ref for one in findings if one.is_met for cite in one.cites}
    since = years_before(profile.as_of, RECENT_YEARS)
    return sum(_last_of(one, profile.as_of) >= since for one in profile.entries if one.ref in refs)


def _last_of(entry: Entry, today: date) -> date:
    """The last day on which an entry says that something was; a letter says nothing of when that was."""
    if entry.kind == LETTER:
        return date.min
    if entry.kind == "employment" and "from_on" in entry.facts and "to_on" not in entry.facts:
        return today
    dates = [value for value in entry.facts.values() if isinstance(value, date)]
    year = entry.facts.get("in_year")
    if isinstance(year, int) and date.min.year <= year <= date.max.year:
        dates.append(date(year, 12, 31))
    return max((one for one in dates), default=date.min)
