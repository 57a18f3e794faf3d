"""Holds claims against the profile: what cites something that is not there, or is beside the point, is dropped.

A claim may come from a language model, so nothing of it is believed: neither that an entry exists, nor what a field of
it holds, nor how strongly it shows anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gateway.domain.eligibility.bearing import LETTER, borne, confirms, strongest, weaker
from gateway.domain.eligibility.terms import BACKINGS, Backing, Cite, Claim, Dropped, Entry, Profile, Value
from gateway.domain.rules.criteria import Criterion, Visa


def checked(visa: Visa, profile: Profile, claims: Sequence[Claim]) -> tuple[list[Claim], list[Dropped]]:
    """The claims that hold, each cut to what its entries bear; and those that do not, each with the reason."""
    held: list[Claim] = []
    dropped: list[Dropped] = []
    for claim in claims:
        result = _judged(visa, profile, claim)
        if isinstance(result, Claim):
            held.append(result)
        else:
            dropped.append(Dropped(claim=claim, code=result))
    return held, dropped


def _judged(visa: Visa, profile: Profile, claim: Claim) -> Claim | str:
    """The claim as it holds, or the code of why it does not."""
    criterion = visa.criterion(claim.criterion) if claim.visa == visa.id else None
    if criterion is None:
        return "unknown_criterion"
    if not claim.cites:
        return "no_citation"
    if code := next((code for one in claim.cites if (code := _fault(one, profile))), None):
        return code
    strength = _strength(criterion, claim, profile)
    return "beside_the_point" if strength is None else _cut(claim, strength)


def _fault(cite: Cite, profile: Profile) -> str | None:
    entry = profile.find(cite.ref)
    if entry is None:
        return "unknown_entry"
    if cite.field not in entry.facts:
        return "unknown_field"
    return None if same(entry.facts[cite.field], cite.value) else "other_value"


def same(held: Value, said: Value) -> bool:
    """Whether two values are one: a number is never a yes, and a date may be written as JSON has to, `2026-11-29`."""
    if _is_number(held) and _is_number(said):
        return held == said
    if isinstance(held, date) and isinstance(said, str):
        return said == held.isoformat()
    return type(held) is type(said) and held == said


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _strength(criterion: Criterion, claim: Claim, profile: Profile) -> Backing | None:
    """What the cited entries bear together: as much as the strongest; None if one of them is beside the point."""
    entries = [entry for ref in dict.fromkeys(one.ref for one in claim.cites) if (entry := profile.find(ref))]
    shows = [one for one in entries if one.kind in criterion.kinds()]
    letters = [one for one in entries if one not in shows]
    if not shows or not all(_is_to_the_point(one, shows) for one in letters):
        return None
    borne_by = [borne(criterion, one, _said_of(letters, claim), profile) for one in shows]
    return None if None in borne_by else strongest(one for one in borne_by if one)


def _is_to_the_point(letter: Entry, shows: Sequence[Entry]) -> bool:
    return letter.kind == LETTER and any(confirms(letter, one) for one in shows)


def _said_of(letters: Sequence[Entry], claim: Claim) -> list[Entry]:
    """The letters of which it is cited what they are about, and that they are independent."""
    cited = {(one.ref, one.field) for one in claim.cites}
    return [one for one in letters if {(one.ref, "is_independent"), (one.ref, "about")} <= cited]


def _cut(claim: Claim, strength: Backing) -> Claim:
    said = claim.strength if claim.strength in BACKINGS else "asserted"
    return Claim(visa=claim.visa, criterion=claim.criterion, strength=weaker(said, strength), cites=claim.cites)
