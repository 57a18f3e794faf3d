"""What was brought in of a person's cases without naming the person, and how it is taken out."""

from __future__ import annotations

from sqlalchemy import delete, select

from gateway.db.models import Case, HistoricalCase
from gateway.erasing import Eraser, Person, Share
from gateway.office import Acting


def _erase(acting: Acting, person: Person) -> Share:
    """By the numbers of authorities that the person's cases have; how a case ended stays with the case."""
    numbers = (Case.receipt_number, Case.lca_number, Case.perm_number)
    kept = acting.session.execute(select(*numbers).where(Case.client_id == person.client_id)).all()
    theirs = {number for row in kept for number in row if number}
    gone = delete(HistoricalCase).where(HistoricalCase.case_number.in_(theirs)).returning(HistoricalCase.id)
    found = acting.session.execute(gone, execution_options={"synchronize_session": False}).all()
    return Share({"historical_cases": len(found)})


ERASERS = (Eraser(("historical_cases",), _erase),)  # ahead of the cases, which lose those numbers
