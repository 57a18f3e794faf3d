"""Whose case it is already: the attorney of the person, of the family, of the employer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from gateway.domain.assignment.terms import Candidate, Scored, Way


class Bonds(NamedTuple):
    """Who has something to do with a case already.

    Attributes:
        client, family: attorneys who have the person's other cases, or the family's.
        team: how many of the employer's open cases an attorney has; whoever has none may be left out.
    """

    client: Collection[UUID] = ()
    family: Collection[UUID] = ()
    team: Mapping[UUID, int] = {}


class Theirs(NamedTuple):
    """Who gets a case, and by which way.

    Attributes:
        team: of the employer's open cases, how many they have, where that decided.
        is_alike: so many as somebody else who can take the case.
    """

    way: Way
    attorney_id: UUID
    team: int = 0
    is_alike: bool = False


def bonds(candidates: Iterable[Candidate]) -> Bonds:
    """As candidates say it."""
    known = list(candidates)
    client, family = ({one.attorney_id for one in known if way in one.has} for way in ("client", "family"))
    return Bonds(client, family, {one.attorney_id: one.team for one in known if one.team > 0})


def first(ranked: Sequence[Scored], bonds: Bonds) -> Theirs | None:
    """Of those who can take the case, whoever has the person's other cases, else the family's, else the employer's.

    Where several have, the rule's best of them; of the employer's, those with the most of its open cases.
    """
    ways: tuple[tuple[Way, Collection[UUID]], ...] = (("client", bonds.client), ("family", bonds.family))
    for way, theirs in ways:
        if theirs and (found := next((one for one in ranked if one.attorney_id in theirs), None)):
            return Theirs(way, found.attorney_id)
    counts = [bonds.team.get(one.attorney_id, 0) for one in ranked] if bonds.team else []
    most = max(counts, default=0)
    if most <= 0:
        return None
    return Theirs("team", ranked[counts.index(most)].attorney_id, most, counts.count(most) > 1)
