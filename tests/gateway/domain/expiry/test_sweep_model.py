"""The sweep's statements for all firms at once agree with a model that goes from person to person, paper to paper."""

import os
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from gateway.domain.expiry.sweep import sweep

DOCUMENTS = int(os.environ.get("NOTICE_DOCUMENTS", "600"))  # 20,000 take minutes
FIRST = date(2027, 12, 20)  # the days run over a leap day
LEADS = {  # as the firms agreed with us, written down a second time
    "i94": [180, 120, 90, 60, 30, 14, 7, 1],
    "passport": [270, 180, 90, 60],
    "ead": [180, 150, 120, 90, 60, 30, 7],
    "visa_foil": [180, 90, 30],
    "rfe": [45, 30, 14, 7, 3, 1],
    "h1b_maxout": [730, 540, 365, 180],
    "i693": [90, 60, 30, 7],  # has none of its own
}


@dataclass(eq=False)
class Member:
    firm: UUID
    role: str
    phone: str | None
    active: bool = True
    id: UUID = field(default_factory=uuid4)
    attorney: UUID | None = None


@dataclass(eq=False)
class Person:
    firm: UUID
    partner: UUID
    email: str | None
    phone: str | None
    attorney: UUID | None
    id: UUID = field(default_factory=uuid4)
    status: str = "active"
    enrollment: str = "active"
    ends_work: date | None = None


@dataclass(eq=False)
class Matter:
    person: Person
    attorney: UUID | None
    filed: bool
    open: bool = True
    id: UUID = field(default_factory=uuid4)


@dataclass(eq=False)
class Paper:
    person: Person
    type: str
    ends: date | None
    matter: Matter | None
    status: str = "current"
    id: UUID = field(default_factory=uuid4)


@dataclass
class World:
    """Firms, people and papers; and what the model says of notices: key -> state."""

    random: random.Random
    firms: list[tuple[UUID, UUID, UUID]] = field(default_factory=list)  # a firm and two partners
    members: list[Member] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    matters: list[Matter] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    walls: list[tuple[UUID, UUID | None, UUID | None]] = field(default_factory=list)  # member, client, partner
    policies: dict[tuple[UUID, str], list[int]] = field(default_factory=dict)
    notices: dict[tuple, str] = field(default_factory=dict)

    # ------------------------------------------------------------ what there is
    def settle(self):
        for _ in range(3):
            firm = uuid4()
            self.firms.append((firm, uuid4(), uuid4()))
            for role in ("admin", "admin", "paralegal", "paralegal", "attorney", "attorney", "attorney"):
                one = Member(firm, role, self.maybe("+12125550100"), self.random.random() < 0.8)
                one.attorney = uuid4() if role == "attorney" else None
                self.members.append(one)
        while len(self.papers) < DOCUMENTS:
            self.arrive(FIRST)

    def maybe(self, value):
        return value if self.random.random() < 0.7 else None

    def attorney_of(self, firm):
        return self.maybe(
            self.random.choice([one.attorney for one in self.members if one.firm == firm and one.attorney])
        )

    def arrive(self, today):
        """Somebody new with a case or two and some papers."""
        firm, *partners = self.random.choice(self.firms)
        contacts = (self.maybe("ana@acme.example"), self.maybe("+12125550123"))
        person = Person(firm, self.random.choice(partners), *contacts, self.attorney_of(firm))
        self.people.append(person)
        own = [
            Matter(person, self.attorney_of(firm), self.random.random() < 0.5, self.random.random() < 0.7)
            for _ in range(self.random.choice((0, 0, 1, 2)))
        ]
        self.matters += sorted(own, key=lambda one: one.id)
        for _ in range(self.random.randint(1, 4)):
            ends = self.random.choice((None, *(today + timedelta(days=self.random.randint(-60, 300)),) * 12))
            matter = self.random.choice(own) if own and self.random.random() < 0.4 else None
            self.papers.append(Paper(person, self.random.choice(list(LEADS)), ends, matter))

    def live(self, today):
        """Some things happen between two sweeps."""
        happenings = (self.renew, self.renew, self.mark, self.leave, self.archive, self.give_notice)
        happenings += (self.move_on, self.come_and_go, self.wall_off, self.set_leads, self.arrive)
        for _ in range(max(1, DOCUMENTS // 60)):
            self.random.choice(happenings)(today)

    def renew(self, today):
        self.random.choice(self.papers).ends = today + timedelta(days=self.random.randint(1, 400))

    def mark(self, today):
        self.random.choice(self.papers).status = self.random.choice(("superseded", "void", "current", "current"))

    def leave(self, today):
        states = ("terminated", "withdrawn", "active", "active")
        self.random.choice(self.people).enrollment = self.random.choice(states)

    def archive(self, today):
        self.random.choice(self.people).status = self.random.choice(("archived", "active", "active"))

    def give_notice(self, today):
        ends = self.random.choice((None, today + timedelta(days=self.random.randint(-2, 20))))
        self.random.choice(self.people).ends_work = ends

    def move_on(self, today):
        matter = self.random.choice(self.matters)
        matter.open, matter.filed = self.random.random() < 0.7, self.random.random() < 0.5

    def come_and_go(self, today):
        self.random.choice(self.members).active = self.random.random() < 0.8

    def wall_off(self, today):
        member, person = self.random.choice(self.members), self.random.choice(self.people)
        wall = self.random.choice(((member.id, person.id, None), (member.id, None, person.partner)))
        if member.firm == person.firm and wall not in self.walls and self.random.random() < 0.5:
            self.walls.append(wall)

    def set_leads(self, today):
        days = self.random.sample(range(1, 300), self.random.randint(1, 4))
        firm, kind = self.random.choice(self.firms)[0], self.random.choice(list(LEADS))
        self.policies[firm, kind] = sorted(days, reverse=True)

    # ------------------------------------------------------------ what the rules say
    def told(self, today):
        """One sweep, person by person."""
        for key, state in self.notices.items():
            paper, ends = key[0], key[1]
            if state == "waiting" and not (self.is_watched(paper, today) and paper.ends == ends):
                self.notices[key] = "cancelled"
        for paper in self.papers:
            if self.is_watched(paper, today):
                self.tell(paper, today)

    def is_watched(self, paper, today):
        one = paper.person
        here = one.status == "active" and one.enrollment == "active" and not (one.ends_work and one.ends_work < today)
        return here and paper.status == "current" and paper.ends is not None

    def tell(self, paper, today):
        left = (paper.ends - today).days
        leads = self.policies.get((paper.person.firm, paper.type), LEADS[paper.type])
        reached = [lead for lead in [*leads, 0] if lead >= left]
        if not reached or left < -30:
            return
        lead = min(reached)
        before = [
            key for key, state in self.notices.items() if key[:3] == (paper, paper.ends, lead) and state != "cancelled"
        ]
        if any(key[3] is not None for key in before):
            return
        for who, channel in self.recipients(paper, max(left, 0)):
            key = (paper, paper.ends, lead, who, channel)
            if self.notices.get(key) != "waiting":
                self.notices[key] = "waiting"

    def recipients(self, paper, left):
        person = paper.person
        team = [one for one in self.members if one.firm == person.firm and one.active]
        open_matters = [one for one in self.matters if one.person is person and one.open]
        lawyers = self.lawyers(paper, open_matters, team)
        admins = [one for one in team if one.role == "admin"]
        told = {(one, "email") for one in lawyers}
        if left >= 1:
            told |= {(one, "email") for one in team if one.role == "paralegal"}
        if (left <= 60 and not open_matters) or (left <= 30 and not any(one.filed for one in open_matters)):
            told |= {(one, "email") for one in admins}
        if left <= 14:
            told |= {(one, "sms") for one in lawyers if one.phone}
        yield from ((one.id, way) for one, way in told if not self.is_walled(one, person))
        if 1 <= left <= 120 and person.email:
            yield None, "email"
        if 1 <= left <= 14 and person.phone:
            yield None, "sms"

    def lawyers(self, paper, open_matters, team):
        """Of the paper's own case while it is open, of the newest open case that has one, of the person; or the admins."""
        own = paper.matter.attorney if paper.matter and paper.matter.open else None
        newest = next(
            (one.attorney for one in sorted(open_matters, key=lambda m: m.id, reverse=True) if one.attorney), None
        )
        wanted = own or newest or paper.person.attorney
        found = [one for one in team if wanted and one.attorney == wanted]
        return found or [one for one in team if one.role == "admin"]

    def is_walled(self, member, person):
        return (member.id, person.id, None) in self.walls or (member.id, None, person.partner) in self.walls


# what of the world stands in which table; again brings up to date what is there
STORED = (
    (
        "INSERT INTO firms (id, slug, name) VALUES (:firm, 'firm-' || :firm, 'F') ON CONFLICT DO NOTHING",
        lambda world: [{"firm": firm} for firm, _, _ in world.firms],
    ),
    (
        """INSERT INTO partners (firm_id, id, slug, name, time_zone)
        VALUES (:firm, :id, 'p-' || :id, 'P', 'UTC') ON CONFLICT DO NOTHING""",
        lambda world: [{"firm": firm, "id": one} for firm, *both in world.firms for one in both],
    ),
    (
        """INSERT INTO staff (firm_id, id, email, name, role, phone, active)
        VALUES (:firm, :id, CAST(:id AS text) || '@f.example', 'N', :role, :phone, :active)
        ON CONFLICT (firm_id, id) DO UPDATE SET active = EXCLUDED.active""",
        lambda world: map(vars, world.members),
    ),
    (
        "INSERT INTO attorneys (firm_id, id, staff_id) VALUES (:firm, :attorney, :id) ON CONFLICT DO NOTHING",
        lambda world: [vars(one) for one in world.members if one.attorney],
    ),
    (
        """INSERT INTO clients (firm_id, id, partner_id, key, email, phone, attorney_id, status, enrollment_status,
            termination_date)
        VALUES (:firm, :id, :partner, CAST(:id AS text), :email, :phone, :attorney, :status, :enrollment, :ends_work)
        ON CONFLICT (firm_id, id) DO UPDATE SET status = EXCLUDED.status,
            enrollment_status = EXCLUDED.enrollment_status, termination_date = EXCLUDED.termination_date""",
        lambda world: map(vars, world.people),
    ),
    (
        """INSERT INTO cases (firm_id, id, partner_id, case_number, client_id, attorney_id, status, filed_on)
        VALUES (:firm, :id, :partner, CAST(:id AS text), :owner, :attorney,
            CASE WHEN :open THEN 'open' ELSE 'closed' END, CASE WHEN :filed THEN date '2027-01-01' END)
        ON CONFLICT (firm_id, id) DO UPDATE SET status = EXCLUDED.status, filed_on = EXCLUDED.filed_on""",
        lambda world: map(owned, world.matters),
    ),
    (
        """INSERT INTO documents (firm_id, id, client_id, case_id, doc_type, number_index, expires_on, status)
        VALUES (:firm, :id, :owner, :case, :type, uuid_send(:id), :ends, :status)
        ON CONFLICT (firm_id, id) DO UPDATE SET expires_on = EXCLUDED.expires_on, status = EXCLUDED.status""",
        lambda world: [owned(one) | {"case": one.matter and one.matter.id} for one in world.papers],
    ),
    (
        """INSERT INTO walls (firm_id, staff_id, client_id, partner_id, reason, created_by)
        SELECT firm_id, id, :client, :partner, 'r', 't' FROM staff WHERE id = :staff ON CONFLICT DO NOTHING""",
        lambda world: [dict(zip(("staff", "client", "partner"), wall, strict=True)) for wall in world.walls],
    ),
    (
        """INSERT INTO lead_policies (firm_id, doc_type, days) VALUES (:firm, :type, :days)
        ON CONFLICT (firm_id, doc_type) DO UPDATE SET days = EXCLUDED.days""",
        lambda world: [{"firm": firm, "type": kind, "days": days} for (firm, kind), days in world.policies.items()],
    ),
)


def owned(one):
    return vars(one) | {"firm": one.person.firm, "partner": one.person.partner, "owner": one.person.id}


def store(db, world):
    with db.system() as session:
        for statement, rows in STORED:
            if given := list(rows(world)):
                session.execute(text(statement), given)


def on_record(db):
    with db.system() as session:
        rows = session.execute(text("SELECT document_id, expires_on, lead, staff_id, channel, state FROM notices"))
        return {tuple(row[:5]): row[5] for row in rows}


@pytest.mark.parametrize("seed", range(3))
def test_the_sweep_of_all_firms_says_what_a_model_says_person_by_person(office, db, seed):
    world = World(random.Random(seed))
    world.settle()
    day = FIRST
    for _ in range(12):
        store(db, world)
        world.told(day)
        found = sweep(office, day)
        assert on_record(db) == {(key[0].id, *key[1:]): state for key, state in world.notices.items()}, day
        again = sweep(office, day)
        assert (again.notices, again.cancelled, again.documents) == (0, 0, found.documents)
        assert again.due == again.unheard == found.unheard
        day += timedelta(days=world.random.choice((1, 1, 1, 2, 5, 17)))
        world.live(day)
