"""A firm as its staff find it on a working day: attorneys with all kinds of names, cases at all stages, and the people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import select

from gateway import clock
from gateway.db.models import Attorney, Case, Client, Staff
from gateway.office import Office
from helpers.attorneys import Lawyers

HOSTILE = "<script>alert(1)</script>"
LONG = "Wolfeschlegelsteinhausenbergerdorff-Papadimitrakopoulou"
NAMES = (("Li", "Wu"), ("María José", "Fernández de la Vega y Álvarez"), ("Zoë", "Okafor"), ("", "Suparman"))


class AtWork(NamedTuple):
    """Who there is: attorneys by first name, `attorney` the one who signs in as such; a person and their case."""

    firm: Lawyers
    attorneys: dict[str, UUID]
    client_id: UUID
    case_id: UUID
    today: date


def at_work(office: Office, firm_id: UUID, partner_id: UUID, cases: int = 3) -> AtWork:
    """A firm with a case of a person that Ana holds, and so many others, most of which have a deadline."""
    firm = Lawyers(office, firm_id, partner_id)
    today = clock.day_in("America/New_York", clock.now())
    hired = {name: firm.hire(name, 20) for name in ("ana", "ben")} | {"attorney": _own(firm)}
    _name(firm, hired["ana"], "Ana Lima")
    _name(firm, hired["ben"], f"Ben {LONG}")
    client_id = person(firm, "Ünal", HOSTILE)
    [case_id] = firm.open(
        client_id=client_id,
        attorney_id=hired["ana"],
        case_type="H1B_EXT",
        stage="drafting",
        deadline_on=today + timedelta(days=60),
        employer_name=f"=cmd|' /C calc'!A0 {HOSTILE}",
    )
    stages = ("evaluation", "filed", "rfe_received", "review")
    for number in range(cases):
        due = today + timedelta(days=number * 9 - 4) if number % 4 else None
        whose = person(firm, *NAMES[number % len(NAMES)])
        holder = [hired["attorney"], hired["ben"], None][number % 3]
        firm.open(client_id=whose, attorney_id=holder, stage=stages[number % 4], case_type="PERM", deadline_on=due)
    return AtWork(firm, hired, client_id, case_id, today)


def person(firm: Lawyers, given: str, family: str) -> UUID:
    with firm.office.db.firm(firm.firm_id) as session:
        one = Client(firm_id=firm.firm_id, id=uuid4(), partner_id=firm.partner_id, key=uuid4().hex, pins={})
        one.given_name, one.family_name, one.attributes = given, family, {}
        session.add(one)
        return one.id


def number_of(firm: Lawyers, case_id: UUID) -> str:
    with firm.office.db.firm(firm.firm_id) as session:
        return session.scalars(select(Case.case_number).where(Case.id == case_id)).one()


def _own(firm: Lawyers) -> UUID:
    """The attorney of the tenants, who can sign in."""
    with firm.office.db.firm(firm.firm_id) as session:
        staff_id = session.scalars(select(Staff.id).where(Staff.role == "attorney", Staff.name == "attorney")).one()
        one = Attorney(firm_id=firm.firm_id, id=uuid4(), staff_id=staff_id, capacity=20, licence="NY 2", senior=True)
        session.add(one)
        return one.id


def _name(firm: Lawyers, attorney_id: UUID, name: str) -> None:
    with firm.office.db.firm(firm.firm_id) as session:
        mine = select(Staff).join(Attorney, Attorney.staff_id == Staff.id).where(Attorney.id == attorney_id)
        session.scalars(mine).one().name = name
