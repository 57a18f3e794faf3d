"""Decides for many cases of a firm one after the other, just as `decide` would for each with all before it given away.

What was found of an attorney for one case holds for all that are like it in what it depends on, until the attorney
gets a case. So each decision costs only what no earlier one has asked.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from operator import itemgetter
from uuid import UUID

from msgspec.structs import replace

from gateway.domain.assignment.deciding import Looked, concluded, rule_of
from gateway.domain.assignment.facts import Field
from gateway.domain.assignment.filters import FILTERS, Asked, exclusion
from gateway.domain.assignment.rules import RULES
from gateway.domain.assignment.rules.base import Part, Question, Tie, added, ranked, tie, worths
from gateway.domain.assignment.terms import Candidate, Decision, Exclusion, Matter, Policy, Scored

_Like = Mapping[str, Hashable]  # what of a case anything depends on, by name
_Place = int  # of an attorney, in order of id


class Sitting:
    """Decisions by one policy on one day.

    Args:
        field: the cases and the attorneys; given away are its cases here, and not by `field.give`.
        policy: of the firm.
        today: the firm's day.
    """

    def __init__(self, field: Field, policy: Policy, today: date) -> None:
        self.policy, self._attorneys, self._today = policy, field.attorneys, today
        self._rule = RULES[rule_of(policy)]
        self._ids = self._attorneys.ids
        self._places = {one: place for place, one in enumerate(self._ids)}
        self._by_type: dict[str | None, list[Candidate]] = {}
        self._barred: dict[Hashable, dict[_Place, Exclusion]] = {}
        self._worths: dict[Hashable, list[float]] = {}
        self._boards: dict[Hashable, list[Scored | None]] = {}
        self._moving: list[Callable[[_Place], None]] = []
        self._ties = [tie(self._attorneys.standing(one, None)) for one in self._ids]
        self._order: list[tuple[Tie, _Place]] = sorted((one, place) for place, one in enumerate(self._ties))

    def decide(self, matter: Matter) -> Decision:
        """Who gets a case, or why nobody does."""
        like = self._likeness(matter)
        why = self._why(matter, like)
        free = [place for _, place in self._order if place not in why]
        scored = self._scored(matter, like, free) if free else []
        barred = [(self._ids[place], found) for place, found in sorted(why.items(), key=itemgetter(0))]
        known = partial(self._one, matter.case_type)
        return concluded(Looked(matter, scored, barred, self._attorneys.bonds(matter), known), self.policy, self._today)

    def give(self, matter: Matter, attorney_id: UUID, at: datetime) -> None:
        """Have it be so that an attorney got a case: what depends on that is found anew, and nothing else."""
        self._attorneys.give(matter, attorney_id, at)
        place = self._places[attorney_id]
        for case_type, known in self._by_type.items():
            known[place] = self._attorneys.standing(attorney_id, case_type)
        del self._order[bisect_left(self._order, (self._ties[place], place))]
        self._ties[place] = tie(self._attorneys.standing(attorney_id, None))
        insort(self._order, (self._ties[place], place))
        for renew in self._moving:
            renew(place)
        for board in self._boards.values():
            board[place] = None

    def _likeness(self, matter: Matter) -> _Like:
        return {
            "case_type": matter.case_type,
            "complexity": matter.complexity,
            "deadline_on": matter.deadline_on,
            "languages": tuple(matter.languages),
            "walled": self._attorneys.walled(matter),
            "taken_from": matter.taken_from,
        }

    def _candidates(self, case_type: str | None) -> list[Candidate]:
        if case_type not in self._by_type:
            self._by_type[case_type] = [self._attorneys.standing(one, case_type) for one in self._ids]
        return self._by_type[case_type]

    def _one(self, case_type: str | None, attorney_id: UUID) -> Candidate:
        return self._candidates(case_type)[self._places[attorney_id]]

    # -------------------------------------------------------------------------------------------- who cannot

    def _why(self, matter: Matter, like: _Like) -> Mapping[_Place, Sequence[Exclusion]]:
        found: defaultdict[_Place, list[Exclusion]] = defaultdict(list)
        for code in FILTERS:
            for place, one in self._barred_by(code, matter, like).items():
                found[place].append(one)
        return found

    def _barred_by(self, code: str, matter: Matter, like: _Like) -> Mapping[_Place, Exclusion]:
        key = (code, *(like[name] for name in FILTERS[code].by))
        if key not in self._barred:
            column: dict[_Place, Exclusion] = {}
            look = partial(self._look, code, matter, column)
            for place in range(len(self._ids)):
                look(place)
            self._keep(look, moves=FILTERS[code].moves)
            self._barred[key] = column
        return self._barred[key]

    def _look(self, code: str, matter: Matter, column: dict[_Place, Exclusion], place: _Place) -> None:
        one = self._candidates(matter.case_type)[place]
        if code == "walled":
            one = replace(one, walled=one.attorney_id in self._attorneys.walled(matter))
        found = exclusion(code, Asked(matter, one, self.policy.settings, self._today))
        if found is not None:
            column[place] = found
        else:
            column.pop(place, None)

    def _keep(self, renew: Callable[[_Place], None], *, moves: bool) -> None:
        if moves:
            self._moving.append(renew)

    # -------------------------------------------------------------------------------------------- who scores how

    def _scored(self, matter: Matter, like: _Like, free: Sequence[_Place]) -> list[Scored]:
        """Those who are free, given in the order in which ties end, the best first."""
        if any(part.together for part in self._rule.parts.values()):
            known = self._candidates(matter.case_type)
            return ranked(self._rule, self._question(matter, [known[place] for place in free]))
        found = self._on_board(matter, like, free)
        found.sort(key=_worst)
        return found

    def _on_board(self, matter: Matter, like: _Like, free: Sequence[_Place]) -> list[Scored]:
        board = self._board(like)
        missing = [place for place in free if board[place] is None]
        if missing:
            parts = {name: self._worths_of(name, part, matter, like) for name, part in self._rule.parts.items()}
            for place in missing:
                board[place] = added(self._ids[place], {name: worth[place] for name, worth in parts.items()})
        return [one for place in free if (one := board[place]) is not None]

    def _board(self, like: _Like) -> list[Scored | None]:
        key = tuple(like[name] for part in self._rule.parts.values() for name in part.by)
        return self._boards.setdefault(key, [None] * len(self._ids))

    def _worths_of(self, name: str, part: Part, matter: Matter, like: _Like) -> Sequence[float]:
        key = (name, *(like[each] for each in part.by))
        if key not in self._worths:
            column = worths(part, self._question(matter, self._candidates(matter.case_type)))
            self._keep(partial(self._reckon, part, matter, column), moves=part.moves)
            self._worths[key] = column
        return self._worths[key]

    def _reckon(self, part: Part, matter: Matter, column: list[float], place: _Place) -> None:
        [column[place]] = worths(part, self._question(matter, [self._candidates(matter.case_type)[place]]))

    def _question(self, matter: Matter, candidates: Sequence[Candidate]) -> Question:
        return Question(matter, candidates, self.policy.settings.weights, self._today)


def _worst(one: Scored) -> float:
    return -one.score
