"""What decisions are made of, read for many cases at once, and kept right while they are given away one by one.

It reads no citizenship, country of birth, religion or name; of what partners keep beside the columns of ours, only
whether the work is at a third party's site, and which language somebody asks for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy.orm import Session

from gateway.domain.assignment import reading, workload
from gateway.domain.assignment.complexity import Facts, complexity
from gateway.domain.assignment.continuity import Bonds
from gateway.domain.assignment.reading import Asked, Begun, Known, Person
from gateway.domain.assignment.roster import Knowledge
from gateway.domain.assignment.terms import Candidate, Matter, Way
from gateway.domain.assignment.workload import Load


class Field:
    """Cases that need an attorney, and the attorneys of the firm, as they stand together.

    Attributes:
        matters: by id of the case; those that the session does not see, or that are not open, are not among them.
        working: of each one's complexity, in sentences that speak of the person.
        attorneys: all of the firm.
    """

    def __init__(
        self, matters: Mapping[UUID, Matter], working: Mapping[UUID, Sequence[str]], attorneys: Attorneys
    ) -> None:
        self.matters = matters
        self.working = working
        self.attorneys = attorneys

    def candidates(self, matter: Matter) -> list[Candidate]:
        """Every attorney of the firm, as far as a case is concerned, in order of id."""
        return self.attorneys.as_for(matter)

    def give(self, matter: Matter, attorney_id: UUID, at: datetime) -> None:
        """Have it be so that an attorney got a case by the rule: what is asked next counts it."""
        self.attorneys.give(matter, attorney_id, at)


def gather(session: Session, case_ids: Collection[UUID], today: date) -> Field:
    """Read what is known of cases and attorneys in a firm's session: three round trips, however many there are.

    Loads are true until the end of the transaction for whoever holds the attorneys' rows locked.
    """
    begun = reading.begin(session, case_ids, today)
    known = reading.know(session, begun, today, workload.asked(today, {row.partner_id for row in begun.cases}))
    families = families_of(known.people)
    told = {one.case_id: complexity(_facts(one, known.people, families, today)) for one in known.asked}
    return Field(
        {one.case_id: _matter(one, told[one.case_id].points) for one in known.asked},
        {case_id: one.working for case_id, one in told.items()},
        Attorneys(_read(begun, known), known.people, families),
    )


class Read(NamedTuple):
    """What stands on record of the attorneys of a firm."""

    attorneys: Sequence[Candidate]
    levels: Mapping[Knowledge, int]
    decided: Mapping[Knowledge, float]
    walls: Mapping[UUID, frozenset[UUID]]
    held: Sequence[Load]


def _read(begun: Begun, known: Known) -> Read:
    return Read(begun.attorneys, known.levels, known.decided, begun.walls, workload.loads(known.held))


class Attorneys:
    """The attorneys of a firm with what they know and hold, read once and kept right while they are given more.

    Attributes:
        ids: in order.
    """

    def __init__(self, read: Read, people: Mapping[UUID, Person], families: Mapping[UUID, Sequence[UUID]]) -> None:
        self._plain = {one.attorney_id: one for one in read.attorneys}
        self.ids = sorted(self._plain)
        self._levels, self._decided = read.levels, read.decided
        self._behind = _behind(read.walls)
        self._families = families
        self._theirs = {client_id: set(one.attorneys) for client_id, one in people.items()}
        self._load: Counter[UUID] = Counter()
        self._weighted: Counter[UUID] = Counter()
        self._team: defaultdict[UUID, Counter[UUID]] = defaultdict(Counter)
        self._given = {one.attorney_id: one.last_given_at for one in self._plain.values()}
        for held in read.held:
            self._add(*held)

    def as_for(self, matter: Matter) -> list[Candidate]:
        """All of them, as far as a case is concerned."""
        walled, bonds = self.walled(matter), self.bonds(matter)
        return [
            replace(
                self.standing(one, matter.case_type),
                walled=one in walled,
                has=_has(one, bonds),
                team=bonds.team.get(one, 0),
            )
            for one in self.ids
        ]

    def standing(self, attorney_id: UUID, case_type: str | None) -> Candidate:
        """One of them, as far as cases of a type are concerned, whosesoever they are."""
        return replace(
            self._plain[attorney_id],
            load=self._load[attorney_id],
            weighted=self._weighted[attorney_id],
            level=self._levels.get((attorney_id, case_type), 0),
            decided=self._decided.get((attorney_id, case_type), 0.0),
            last_given_at=self._given[attorney_id],
        )

    def walled(self, matter: Matter) -> frozenset[UUID]:
        """Who must not know of a case, its client or its partner."""
        behind = self._behind.get(matter.partner_id, frozenset())
        return behind | self._behind.get(matter.client_id, frozenset()) if matter.client_id else behind

    def bonds(self, matter: Matter) -> Bonds:
        """Who has something to do with a case already."""
        client, team = matter.client_id, self._team[matter.partner_id]
        if client is None:
            return Bonds(team=team)
        others = (self._theirs.get(one, ()) for one in self._families.get(client, ()) if one != client)
        return Bonds(self._theirs.get(client, ()), {who for theirs in others for who in theirs}, team)

    def give(self, matter: Matter, attorney_id: UUID, at: datetime) -> None:
        """Count a case that was given."""
        self._add(attorney_id, matter.partner_id, 1, matter.complexity)
        self._given[attorney_id] = at
        if matter.client_id is not None:
            self._theirs.setdefault(matter.client_id, set()).add(attorney_id)

    def _add(self, attorney_id: UUID, partner_id: UUID | None, cases: int, points: int) -> None:
        self._load[attorney_id] += cases
        self._weighted[attorney_id] += points
        if partner_id is not None:
            self._team[partner_id][attorney_id] += cases


def _behind(walls: Mapping[UUID, frozenset[UUID]]) -> Mapping[UUID, frozenset[UUID]]:
    """By client or partner, the attorneys who must not know of them."""
    behind: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for attorney_id, sides in walls.items():
        for one in sides:
            behind[one].add(attorney_id)
    return {one: frozenset(attorneys) for one, attorneys in behind.items()}


def _has(attorney_id: UUID, bonds: Bonds) -> frozenset[Way]:
    ways: list[Way] = ["client"] if attorney_id in bonds.client else []
    return frozenset([*ways, "family"] if attorney_id in bonds.family else ways)


def families_of(people: Mapping[UUID, Person]) -> dict[UUID, Sequence[UUID]]:
    """Of each person, the people of the same partner with the same number of employee, themselves included."""
    by_number: defaultdict[tuple[UUID, str], list[UUID]] = defaultdict(list)
    for client_id, one in people.items():
        if one.employee_id:
            by_number[one.partner_id, one.employee_id].append(client_id)
    return {client_id: family for family in by_number.values() for client_id in family}


def _facts(one: Asked, people: Mapping[UUID, Person], families: Mapping[UUID, Sequence[UUID]], today: date) -> Facts:
    person = people.get(one.client_id) if one.client_id else None
    ended = person.stay_ends if person else None
    return Facts(
        on=today,
        case_type=one.case_type,
        stage=one.stage,
        pinned=one.pinned,
        noid=one.noid,
        denials=person.denials if person else 0,
        stay_ended_on=ended if ended and ended < today else None,
        third_party_site=one.third_party_site,
        dependents=max(len(families.get(one.client_id, ())) - 1, 0) if one.client_id else 0,
        deadline_on=one.deadline_on,
    )


def _matter(one: Asked, points: int) -> Matter:
    return Matter(
        case_id=one.case_id,
        client_id=one.client_id,
        partner_id=one.partner_id,
        case_type=one.case_type,
        complexity=points,
        deadline_on=one.deadline_on,
        languages=one.languages,
        opened_at=one.created_at,
        taken_from=one.taken_from,
    )
