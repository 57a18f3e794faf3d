"""A firm's attorneys, people and cases, put down row by row, as they are to be read."""

from __future__ import annotations

from datetime import date
from itertools import count

from gateway.db.models import Attorney, Case, Client, Document, Staff
from gateway.domain.assignment.facts import gather

TODAY = date(2026, 11, 30)


class Records:
    """A firm's records as they are put down, one by one."""

    def __init__(self, db, firm_id, partner_id):
        self._db, self._firm, self._partner = db, firm_id, partner_id
        self._numbers = count(1)

    def add(self, row):
        with self._db.firm(self._firm) as session:
            session.add(row)
            session.flush()
            return row.id

    def attorney(self, **facts):
        number = next(self._numbers)
        plain = {"firm_id": self._firm, "email": f"a{number}@northgate.example", "name": f"A{number}"}
        staff = self.add(Staff(**plain, role=facts.pop("role", "attorney"), active=facts.pop("active", True)))
        made = self.add(
            Attorney(
                **{"firm_id": self._firm, "staff_id": staff, "licence": "NY 1", "availability": {}} | facts,
            )
        )
        self.staff_of = getattr(self, "staff_of", {}) | {made: staff}
        return made

    def client(self, **facts):
        number = next(self._numbers)
        plain = {"firm_id": self._firm, "partner_id": self._partner, "key": f"K{number}", "pins": {}}
        return self.add(Client(**plain, **{"attributes": {}} | facts))

    def case(self, **facts):
        number = next(self._numbers)
        plain = {"firm_id": self._firm, "partner_id": self._partner, "case_number": f"C{number}"}
        return self.add(Case(**{**plain, "case_type": "TN", "pins": {}, "attributes": {}} | facts))

    def paper(self, client_id, doc_type, expires_on, **facts):
        index = str(next(self._numbers)).encode()
        plain = {"firm_id": self._firm, "client_id": client_id, "doc_type": doc_type, "expires_on": expires_on}
        return self.add(Document(**{**plain, "number_index": index, "duration_of_status": False, "pins": {}} | facts))

    def plain(self, model, **facts):
        return self.add(model(firm_id=self._firm, **facts))

    def field(self, *case_ids, today=TODAY):
        with self._db.firm(self._firm) as session:
            return gather(session, case_ids, today)

    def one(self, case_id):
        """The matter, and the attorneys by id."""
        field = self.field(case_id)
        matter = field.matters[case_id]
        return matter, {one.attorney_id: one for one in field.candidates(matter)}
