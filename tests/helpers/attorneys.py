"""A firm's attorneys and cases, written into its tables as they stand; and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from gateway.db.models import Assignment, Attorney, Case, Handover, Staff, TimeOff, UnassignedCase
from gateway.events import CaseOpened
from gateway.office import Actor, Office
from helpers.doing import do_jobs

AT_THE_DESK = Actor("system", "test")


class Lawyers:
    """A firm whose cases find attorneys.

    Args:
        office: of the installation.
        firm_id: whose.
        partner_id: whose people the cases are of.
    """

    def __init__(self, office: Office, firm_id: UUID, partner_id: UUID) -> None:
        self.office, self.firm_id, self.partner_id = office, firm_id, partner_id

    def hire(self, name: str, capacity: int = 20, **more: Any) -> UUID:
        """An attorney who works, is licensed and takes everything."""
        with self.office.db.firm(self.firm_id) as session:
            staff = Staff(
                firm_id=self.firm_id, id=uuid4(), email=f"{name}@northgate.example", name=name, role="attorney"
            )
            session.add(staff)
            session.flush()
            values = {"licence": "NY 1", "senior": True} | more
            one = Attorney(firm_id=self.firm_id, id=uuid4(), staff_id=staff.id, capacity=capacity, **values)
            session.add(one)
            return one.id

    def actor(self, attorney_id: UUID) -> Actor:
        """An attorney, signed in."""
        with self.office.db.firm(self.firm_id) as session:
            staff = session.scalars(
                select(Staff).join(Attorney, Attorney.staff_id == Staff.id).where(Attorney.id == attorney_id)
            ).one()
            return Actor("staff", staff.email, staff.id)

    def open(self, count: int = 1, **values: Any) -> list[UUID]:
        """New cases, told of as an import tells."""
        ids = sorted(uuid4() for _ in range(count))
        with self.office.db.firm(self.firm_id) as session:
            common = {"firm_id": self.firm_id, "partner_id": self.partner_id, "case_type": "h1b"} | values
            session.add_all(Case(id=one, case_number=f"C-{one.hex[:12]}", **common) for one in ids)
            self.office.tell(session, self.firm_id, CaseOpened(partner_id=self.partner_id, records=ids))
        return ids

    def away(self, attorney_id: UUID, first: date, last: date) -> None:
        with self.office.db.firm(self.firm_id) as session:
            session.add(TimeOff(firm_id=self.firm_id, attorney_id=attorney_id, starts_on=first, ends_on=last))

    def work(self) -> None:
        do_jobs(self.office, ["normal"])

    def holder(self, case_id: UUID) -> UUID | None:
        return self._one(select(Case.attorney_id).where(Case.id == case_id))

    def held(self) -> dict[UUID, int]:
        with self.office.db.firm(self.firm_id) as session:
            found = select(Case.attorney_id, func.count()).where(Case.status == "open", Case.attorney_id.is_not(None))
            return dict(session.execute(found.group_by(Case.attorney_id)).all())

    def waiting(self) -> dict[UUID, UnassignedCase]:
        with self.office.db.firm(self.firm_id) as session:
            found = {one.case_id: one for one in session.scalars(select(UnassignedCase))}
            session.expunge_all()
            return found

    def history(self, case_id: UUID) -> list[Assignment]:
        return self._all(select(Assignment).where(Assignment.case_id == case_id).order_by(Assignment.at))

    def given(self) -> list[Assignment]:
        """All that were given, in the order of the ids that the database draws."""
        return self._all(select(Assignment).order_by(Assignment.id))

    def handovers(self) -> list[Handover]:
        return self._all(select(Handover).order_by(Handover.case_id))

    def change(self, ids: Iterable[UUID], **values: Any) -> None:
        """Write cases as if nobody told of it."""
        with self.office.db.firm(self.firm_id) as session:
            for one in session.scalars(select(Case).where(Case.id.in_(list(ids)))):
                for name, value in values.items():
                    setattr(one, name, value)

    def _one(self, query) -> Any:
        with self.office.db.firm(self.firm_id) as session:
            return session.scalars(query).one()

    def _all(self, query) -> Sequence[Any]:
        with self.office.db.firm(self.firm_id) as session:
            found = session.scalars(query).all()
            session.expunge_all()
            return found
