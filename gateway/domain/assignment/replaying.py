"""Cases given away once more, day by day, under another policy; and how any way of giving them did."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import fmean, median
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from gateway.domain.assignment.deciding import decide
from gateway.domain.assignment.fairness import gini, jain
from gateway.domain.assignment.rules.base import expertise
from gateway.domain.assignment.terms import Candidate, Matter, Policy, Way

_HOUR = timedelta(hours=1)


class Spell(Struct, frozen=True, kw_only=True):
    """A case that somebody holds for some days.

    Attributes:
        at: when they got it.
        first, last: days on which it counts; None is to this day.
    """

    matter: Matter
    attorney_id: UUID
    at: datetime
    first: date
    last: date | None = None


class Arrival(Struct, frozen=True, kw_only=True):
    """A case that came in the period, on a day of the firm's, and the last one on which it was open."""

    matter: Matter
    day: date
    last: date | None = None


class Scene(Struct, frozen=True, kw_only=True):
    """What is the same under every rule.

    Attributes:
        attorneys: as far as no case is concerned; `away` from the first day on.
        levels, decided: by attorney and type of case.
        walls: by attorney, clients and partners.
        families: of each client, those of the family.
        held: cases of before the period, with whoever had them then.
        arrivals: in the order in which they came.
    """

    first: date
    last: date
    attorneys: Sequence[Candidate]
    levels: Mapping[tuple[UUID | None, str | None], int] = {}
    decided: Mapping[tuple[UUID | None, str | None], float] = {}
    walls: Mapping[UUID, frozenset[UUID]] = {}
    families: Mapping[UUID, Sequence[UUID]] = {}
    held: Sequence[Spell] = ()
    arrivals: Sequence[Arrival] = ()

    def knows(self, attorney_id: UUID, case_type: str | None) -> tuple[int, float]:
        """What an attorney knows of cases of a type: declared, and from decided ones."""
        return self.levels.get((attorney_id, case_type), 0), self.decided.get((attorney_id, case_type), 0.0)


class Figures(Struct, frozen=True, kw_only=True):
    """How a way of giving cases did.

    Attributes:
        cases: that came in the period.
        given, waiting: those that somebody got, and those that nobody had by its end.
        waited_median, waited_most: hours, of those that somebody got.
        jain, gini: of load over capacity, each day's averaged over the period.
        fullest: the highest load over capacity on any day.
        expertise: of those who got the cases in their types, 0 to 1, on average.
        moves: cases of the period that were passed on by hand to somebody else than had been chosen.
    """

    cases: int
    given: int
    waiting: int
    waited_median: float
    waited_most: float
    jain: float
    gini: float
    fullest: float
    expertise: float
    moves: int


def replay(scene: Scene, policy: Policy) -> list[Spell]:
    """Who would have got the cases of the period: each when it came, and those that waited again each morning."""
    stage = _Stage(scene)
    waiting: list[Arrival] = []
    arrivals: defaultdict[date, list[Arrival]] = defaultdict(list)
    for one in scene.arrivals:
        arrivals[one.day].append(one)
    for day in days(scene.first, scene.last):
        stage.dawn(day)
        waiting = [one for one in waiting if _is_open(one, day) and not stage.give(one, policy, day, is_new=False)]
        waiting += [one for one in arrivals[day] if not stage.give(one, policy, day, is_new=True)]
    return stage.given


def figures(scene: Scene, spells: Sequence[Spell], moves: int) -> Figures:
    """How a way of giving the cases of the period did, whoever decided it."""
    first = {one.matter.case_id: one for one in sorted(spells, key=lambda one: one.at, reverse=True)}
    got = [first[one.matter.case_id] for one in scene.arrivals if one.matter.case_id in first]
    waited = [max((one.at - one.matter.opened_at) / _HOUR, 0.0) for one in got]
    shares = list(_shares(scene, [*scene.held, *spells]))
    return Figures(
        cases=len(scene.arrivals),
        given=len(got),
        waiting=len(scene.arrivals) - len(got),
        waited_median=_round(median(waited) if waited else 0.0),
        waited_most=_round(max(waited, default=0.0)),
        jain=_round(fmean(jain(one) for one in shares) if shares else 1.0),
        gini=_round(fmean(gini(one) for one in shares) if shares else 0.0),
        fullest=_round(max((max(one) for one in shares), default=0.0)),
        expertise=_round(fmean(_expertise(scene, one) for one in got) if got else 0.0),
        moves=moves,
    )


def days(first: date, last: date) -> Iterator[date]:
    """Every day from one to another, both included."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


class _Stage:
    """Loads as they would be, while cases come and go."""

    def __init__(self, scene: Scene) -> None:
        self.given: list[Spell] = []
        self._scene = scene
        self._begins: defaultdict[date, list[Spell]] = defaultdict(list)
        self._ends: defaultdict[date, list[Spell]] = defaultdict(list)
        self._load: Counter[UUID] = Counter()
        self._points: Counter[UUID] = Counter()
        self._team: Counter[tuple[UUID, UUID]] = Counter()
        self._theirs: defaultdict[UUID, set[UUID]] = defaultdict(set)
        self._last = {one.attorney_id: one.last_given_at for one in scene.attorneys}
        for one in scene.held:
            self._begins[max(one.first, scene.first)].append(one)

    def dawn(self, day: date) -> None:
        """Let go of what ended the day before, and take on what was held then, whoever else gets what."""
        for one in self._ends.pop(day - timedelta(days=1), ()):
            self._count(one, -1)
        for one in self._begins.pop(day, ()):
            self._count(one, 1)

    def give(self, arrival: Arrival, policy: Policy, day: date, *, is_new: bool) -> bool:
        """Let the policy decide; whether somebody got it."""
        matter = arrival.matter
        decision = decide(matter, [self._as_for(one, matter) for one in self._scene.attorneys], policy, day)
        if decision.attorney_id is None:
            return False
        at = matter.opened_at if is_new else matter.opened_at + (day - arrival.day)
        spell = Spell(matter=matter, attorney_id=decision.attorney_id, at=at, first=day, last=arrival.last)
        self._last[decision.attorney_id] = at
        self._count(spell, 1)
        self.given.append(spell)
        return True

    def _count(self, spell: Spell, step: int) -> None:
        who, matter = spell.attorney_id, spell.matter
        self._load[who] += step
        self._points[who] += step * matter.complexity
        self._team[matter.partner_id, who] += step
        if step > 0 and matter.client_id:
            self._theirs[matter.client_id].add(who)
        if step > 0 and spell.last is not None:
            self._ends[spell.last].append(spell)

    def _as_for(self, one: Candidate, matter: Matter) -> Candidate:
        who, walls = one.attorney_id, self._scene.walls.get(one.attorney_id, frozenset())
        level, decided = self._scene.knows(who, matter.case_type)
        return replace(
            one,
            load=self._load[who],
            weighted=self._points[who],
            level=level,
            decided=decided,
            walled=matter.partner_id in walls or matter.client_id in walls,
            has=self._has(who, matter.client_id),
            team=self._team[matter.partner_id, who],
            last_given_at=self._last[who],
        )

    def _has(self, who: UUID, client_id: UUID | None) -> frozenset[Way]:
        if client_id is None:
            return frozenset()
        ways: list[Way] = ["client"] if who in self._theirs[client_id] else []
        others = (one for one in self._scene.families.get(client_id, ()) if one != client_id)
        return frozenset([*ways, "family"] if any(who in self._theirs[one] for one in others) else ways)


def _is_open(arrival: Arrival, day: date) -> bool:
    return arrival.last is None or day <= arrival.last


def _shares(scene: Scene, spells: Iterable[Spell]) -> Iterator[list[float]]:
    """Of each day, load over capacity of everybody who may hold any."""
    able = [one for one in scene.attorneys if one.works and one.capacity > 0]
    changes: defaultdict[date, Counter[UUID]] = defaultdict(Counter)
    for one in spells:
        changes[max(one.first, scene.first)][one.attorney_id] += 1
        if one.last is not None:
            changes[max(one.last + timedelta(days=1), scene.first)][one.attorney_id] -= 1
    load: Counter[UUID] = Counter()
    for day in days(scene.first, scene.last):
        load.update(changes[day])
        if able:
            yield [load[one.attorney_id] / one.capacity for one in able]


def _expertise(scene: Scene, spell: Spell) -> float:
    level, decided = scene.knows(spell.attorney_id, spell.matter.case_type)
    return expertise(Candidate(attorney_id=spell.attorney_id, capacity=0, level=level, decided=decided))


def _round(figure: float) -> float:
    return round(figure, 4)
