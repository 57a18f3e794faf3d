"""How strongly an entry shows a criterion at most: by what backs it, by what the law asks of it, by who confirms it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.domain.eligibility.terms import BACKINGS, Backing, Entry, Profile
from gateway.domain.eligibility.verdicts import all_hold
from gateway.domain.rules.criteria import Criterion, Way

LETTER = "letter"


def borne(criterion: Criterion, entry: Entry, letters: Sequence[Entry], profile: Profile) -> Backing | None:
    """How strongly an entry shows a criterion at most; None where it does not show it.

    The letters are those that are cited with it: an independent and documented one about such entries lifts it a step.
    """
    found = [_by_way(way, entry, letters, profile) for way in criterion.ways if way.kind == entry.kind]
    return strongest(one for one in found if one)


def strongest(backings: Iterable[Backing]) -> Backing | None:
    """The strongest of some."""
    return max(backings, key=BACKINGS.index, default=None)


def weaker(one: Backing, other: Backing) -> Backing:
    """The weaker of two."""
    return min(one, other, key=BACKINGS.index)


def confirms(letter: Entry, entry: Entry) -> bool:
    """Whether a letter lifts an entry: independent, at hand, and about entries of its kind."""
    facts = letter.facts
    at_hand = letter.kind == LETTER and letter.backing != "asserted"
    return at_hand and facts.get("is_independent") is True and facts.get("about") == entry.kind


def _by_way(way: Way, entry: Entry, letters: Sequence[Entry], profile: Profile) -> Backing | None:
    fits = all_hold(way.needs, entry, profile)
    if fits is False:
        return None
    return weaker(_lifted(entry, letters), _allowed(way, entry, profile)) if fits else "asserted"


def _lifted(entry: Entry, letters: Sequence[Entry]) -> Backing:
    step = 1 if any(confirms(one, entry) for one in letters) else 0
    return BACKINGS[min(BACKINGS.index(entry.backing) + step, len(BACKINGS) - 1)]


def _allowed(way: Way, entry: Entry, profile: Profile) -> Backing:
    if not all_hold(way.documented, entry, profile):
        return "asserted"
    return way.most if all_hold(way.corroborated, entry, profile) else weaker(way.most, "documented")
