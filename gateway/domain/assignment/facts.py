"""What decisions are made of, read for many cases at once, and kept right while they are given away one by one.

It reads no citizenship, country of birth, religion or name; of what partners keep beside the columns of ours, only
whether the work is at a third party's site, and which language somebody asks for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy.orm import Session

from gateway.domain.assignment import reading
from gateway.domain.assignment.complexity import Facts, base, complexity
from gateway.domain.assignment.reading import Asked, Person
from gateway.domain.assignment.terms import Candidate, Matter, Way


class Field:
    """Cases that need an attorney, and the attorneys of the firm, as they stand together.

    Attributes:
        matters: by id of the case; those that the session does not see, or that are not open, are not among them.
        working: of each one's complexity, in sentences that speak of the person.
    """

    def __init__(self, matters: Mapping[UUID, Matter], working: Mapping[UUID, Sequence[str]], firm: Firm) -> None:
        self.matters = matters
        self.working = working
        self._firm = firm

    def candidates(self, matter: Matter) -> list[Candidate]:
        """Every attorney of the firm, as far as a case is concerned, in order of id."""
        return [self._firm.as_for(one, matter) for one in self._firm.attorneys.values()]

    def give(self, matter: Matter, attorney_id: UUID, at: datetime) -> None:
        """Have it be so that an attorney got a case by the rule: what is asked next counts it."""
        self._firm.give(matter, attorney_id, at)


def gather(session: Session, case_ids: Collection[UUID], today: date) -> Field:
    """Read what is known of cases and attorneys in a firm's session: a dozen statements, however many there are.

    Loads are true until the end of the transaction for whoever holds the attorneys' rows locked.
    """
    asked = reading.cases(session, case_ids, today)
    people = reading.people(session, {one.client_id for one in asked if one.client_id})
    families = families_of(people)
    told = {one.case_id: complexity(_facts(one, people, families, today)) for one in asked}
    return Field(
        {one.case_id: _matter(one, told[one.case_id].points) for one in asked},
        {case_id: one.working for case_id, one in told.items()},
        Firm(session, asked, people, families, today),
    )


class Firm:
    """The attorneys of a firm, and what they hold."""

    def __init__(
        self,
        session: Session,
        asked: Sequence[Asked],
        people: Mapping[UUID, Person],
        families: Mapping[UUID, Sequence[UUID]],
        today: date,
    ) -> None:
        types = {one.case_type for one in asked if one.case_type}
        self.attorneys = {one.attorney_id: one for one in reading.attorneys(session, today)}
        self._levels = reading.levels(session, types)
        self._decided = reading.decided(session, types, today)
        self._walls = reading.walls(session)
        self._families = families
        self._theirs = {client_id: set(one.attorneys) for client_id, one in people.items()}
        self._load: Counter[UUID] = Counter()
        self._weighted: Counter[UUID] = Counter()
        self._team: defaultdict[UUID, Counter[UUID]] = defaultdict(Counter)
        self._given = {one.attorney_id: one.last_given_at for one in self.attorneys.values()}
        for held in reading.held(session):
            points = held.complexity or base(held.case_type, today)
            self._add(held.attorney_id, held.partner_id, held.cases, held.cases * points)

    def as_for(self, one: Candidate, matter: Matter) -> Candidate:
        """An attorney, as far as a case is concerned."""
        key = one.attorney_id
        walls = self._walls.get(key, frozenset())
        return replace(
            one,
            load=self._load[key],
            weighted=self._weighted[key],
            level=self._levels.get((key, matter.case_type), 0),
            decided=self._decided.get((key, matter.case_type), 0.0),
            walled=matter.partner_id in walls or matter.client_id in walls,
            has=self._has(key, matter.client_id),
            team=self._team[matter.partner_id][key],
            last_given_at=self._given[key],
        )

    def give(self, matter: Matter, attorney_id: UUID, at: datetime) -> None:
        """Count a case that was given."""
        self._add(attorney_id, matter.partner_id, 1, matter.complexity)
        self._given[attorney_id] = at
        if matter.client_id is not None:
            self._theirs.setdefault(matter.client_id, set()).add(attorney_id)

    def _add(self, attorney_id: UUID, partner_id: UUID, cases: int, points: int) -> None:
        self._load[attorney_id] += cases
        self._weighted[attorney_id] += points
        self._team[partner_id][attorney_id] += cases

    def _has(self, attorney_id: UUID, client_id: UUID | None) -> frozenset[Way]:
        if client_id is None:
            return frozenset()
        ways: list[Way] = ["client"] if attorney_id in self._theirs.get(client_id, ()) else []
        others = (one for one in self._families.get(client_id, ()) if one != client_id)
        if any(attorney_id in self._theirs.get(one, ()) for one in others):
            ways.append("family")
        return frozenset(ways)


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
