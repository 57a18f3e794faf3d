"""Firms, people and papers at random, and what happens to them; how they are stored. What is told of them is not here."""

import os
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text

DOCUMENTS = int(os.environ.get("NOTICE_DOCUMENTS", "600"))  # 20,000 take minutes
FIRST = date(2027, 12, 20)  # the days run over a leap day
ZONES = ("America/New_York", "America/Phoenix", "Asia/Kolkata", "Pacific/Auckland")
WORK = frozenset({1, 2, 3, 4, 5})  # from Monday to Friday, unless somebody says otherwise
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
    id: UUID
    active: bool = True
    attorney: UUID | None = None
    zone: str | None = None
    above: UUID | None = None


@dataclass(eq=False)
class Person:
    firm: UUID
    partner: UUID
    email: str | None
    phone: str | None
    attorney: UUID | None
    id: UUID
    status: str = "active"
    enrollment: str = "active"
    ends_work: date | None = None


@dataclass(eq=False)
class Matter:
    person: Person
    attorney: UUID | None
    filed: bool
    open: bool
    id: UUID


@dataclass(eq=False)
class Paper:
    person: Person
    type: str
    ends: date | None
    matter: Matter | None
    id: UUID
    status: str = "current"


@dataclass
class World:
    """Firms, people and papers."""

    random: random.Random
    documents: int = DOCUMENTS
    papers_each: int = 4  # at most
    zones: dict[UUID, str] = field(default_factory=dict)
    escalations: dict[UUID, tuple[list[str], dict[int, int]]] = field(default_factory=dict)  # chain, waits
    preferences: dict[tuple[UUID, str], str] = field(default_factory=dict)  # member, channel
    days: dict[UUID, frozenset[int]] = field(default_factory=dict)  # on which a member works
    firms: list[tuple[UUID, UUID, UUID]] = field(default_factory=list)  # a firm and two partners
    members: list[Member] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    matters: list[Matter] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    walls: list[tuple[UUID, UUID | None, UUID | None]] = field(default_factory=list)  # member, client, partner
    policies: dict[tuple[UUID, str], list[int]] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)  # what was last said to the database, in short

    # ------------------------------------------------------------ what there is
    def settle(self, firms=3, people=0, today=FIRST):
        for _ in range(firms):
            firm = self.id()
            self.firms.append((firm, self.id(), self.id()))
            self.zones[firm] = self.random.choice(ZONES)
            for role in ("admin", "admin", "paralegal", "paralegal", "attorney", "attorney", "attorney"):
                one = Member(firm, role, self.maybe("+12125550100"), self.id(), self.random.random() < 0.8)
                one.attorney = self.id() if role == "attorney" else None
                one.zone = self.random.choice((None, *ZONES, "Mars/Olympus"))  # nobody looked whether there is one
                self.members.append(one)
        while len(self.papers) < self.documents or len(self.people) < people:
            self.arrive(today)

    def id(self):
        """The same again for the same seed."""
        return UUID(int=self.random.getrandbits(128), version=4)

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
        person = Person(firm, self.random.choice(partners), *contacts, self.attorney_of(firm), self.id())
        self.people.append(person)
        own = [
            Matter(person, self.attorney_of(firm), self.random.random() < 0.5, self.random.random() < 0.7, self.id())
            for _ in range(self.random.choice((0, 0, 1, 2)))
        ]
        self.matters += sorted(own, key=lambda one: one.id)
        for _ in range(self.random.randint(1, self.papers_each)):
            ends = self.random.choice((None, *(today + timedelta(days=self.random.randint(-60, 300)),) * 12))
            matter = self.random.choice(own) if own and self.random.random() < 0.4 else None
            self.papers.append(Paper(person, self.random.choice(list(LEADS)), ends, matter, self.id()))

    def live(self, today):
        """Some things happen between two sweeps."""
        happenings = (self.renew, self.renew, self.mark, self.leave, self.archive, self.give_notice)
        happenings += (self.move_on, self.come_and_go, self.wall_off, self.set_leads, self.arrive)
        happenings += (self.supervise, self.set_escalation, self.prefer)
        for _ in range(max(1, self.documents // 60)):
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

    def supervise(self, today):
        one, other = self.random.sample(self.members, 2)
        if one.firm == other.firm:
            one.above = self.maybe(other.id)

    def set_escalation(self, today):
        chain = [self.random.choice(("attorney", "paralegal", "supervisor", "admin")) for _ in range(3)]
        waits = {
            band: self.random.randint(1, 9) for band in sorted(self.random.sample(range(-30, 90), 3), reverse=True)
        }
        firm = self.random.choice(self.firms)[0]
        self.escalations.pop(firm, None) or self.escalations.update({firm: (chain, waits)})

    def prefer(self, today):
        key = self.random.choice(self.members).id, self.random.choice(("email", "sms"))
        self.preferences[key] = self.random.choice(("immediate", "daily", "weekly", "off"))


# what of the world stands in which table; again brings up to date what is there
STORED = (
    (
        """INSERT INTO firms (id, slug, name, time_zone) VALUES (:firm, 'firm-' || :firm, 'F', :zone)
        ON CONFLICT DO NOTHING""",
        lambda world: [{"firm": firm, "zone": zone} for firm, zone in world.zones.items()],
    ),
    (
        """INSERT INTO partners (firm_id, id, slug, name, time_zone)
        VALUES (:firm, :id, 'p-' || :id, 'P', 'UTC') ON CONFLICT DO NOTHING""",
        lambda world: [{"firm": firm, "id": one} for firm, *both in world.firms for one in both],
    ),
    (
        """INSERT INTO staff (firm_id, id, email, name, role, phone, active, time_zone)
        VALUES (:firm, :id, CAST(:id AS text) || '@f.example', 'N', :role, :phone, :active, :zone)
        ON CONFLICT (firm_id, id) DO UPDATE SET active = EXCLUDED.active""",
        lambda world: map(vars, world.members),
    ),
    ("UPDATE staff SET supervisor_id = :above WHERE id = :id", lambda world: map(vars, world.members)),
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
    (
        "DELETE FROM escalation_policies WHERE firm_id = :firm",
        lambda world: [{"firm": firm} for firm, _, _ in world.firms],
    ),
    (
        "INSERT INTO escalation_policies (firm_id, chain, at_least, days) VALUES (:firm, :chain, :at_least, :days)",
        lambda world: [
            {"firm": firm, "chain": chain, "at_least": list(waits), "days": list(waits.values())}
            for firm, (chain, waits) in world.escalations.items()
        ],
    ),
)


AGAIN = "escalation_policies"  # is replaced as a whole


def owned(one):
    return vars(one) | {"firm": one.person.firm, "partner": one.person.partner, "owner": one.person.id}


def store(db, world):
    """Bring up to date what is new or has changed since the last time."""
    said = set()
    with db.system() as session:
        for statement, rows in STORED:
            asked = {f"{statement}{row}": row for row in rows(world)}
            said |= asked.keys()
            if given := [row for short, row in asked.items() if short not in world.stored or AGAIN in statement]:
                session.execute(text(statement), given)
    world.stored = said
