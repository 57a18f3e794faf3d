"""Whose case it is already: the attorney of the person, of the family, of the employer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from gateway.domain.assignment.terms import Candidate, Scored, Way

_IN_ORDER: tuple[Way, ...] = ("client", "family")


class Theirs(NamedTuple):
    """Who goes before the rule, and by which way."""

    way: Way
    attorney_id: UUID


def first(ranked: Sequence[Scored], candidates: Mapping[UUID, Candidate]) -> Theirs | None:
    """Of those who can take the case, whoever has the person's other cases, else the family's, else the employer's.

    Where several have, the rule's best of them; of the employer's, those with the most of its open cases.
    """
    by_rank = [candidates[one.attorney_id] for one in ranked]
    for way in _IN_ORDER:
        if found := next((one for one in by_rank if way in one.has), None):
            return Theirs(way, found.attorney_id)
    most = max((one.team for one in by_rank), default=0)
    team = next((one for one in by_rank if one.team == most), None) if most > 0 else None
    return Theirs("team", team.attorney_id) if team else None
