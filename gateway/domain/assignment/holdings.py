"""What is held here about whose case somebody took, and how it is taken out."""

from __future__ import annotations

from sqlalchemy import delete, update

from gateway.db.models import Assignment, Handover, UnassignedCase
from gateway.db.models.base import blanks
from gateway.erasing import Eraser, Person, Share
from gateway.office import Acting

_AS_STORED = {"synchronize_session": False}  # nobody looks at what the session knew of these before


def _erase(acting: Acting, person: Person) -> Share:
    """Who had the cases stays; what was written about them goes, and nobody is to get them any more."""
    of = Assignment.case_id.in_(person.cases)
    acting.session.execute(update(Assignment).where(of).values(blanks(Assignment)), execution_options=_AS_STORED)
    for table in (Handover, UnassignedCase):
        gone = delete(table).where(table.case_id.in_(person.cases))
        acting.session.execute(gone, execution_options=_AS_STORED)
    return Share({})


ERASERS = (Eraser(("assignments", "handovers", "unassigned_cases"), _erase),)
