"""What is held here about a person, and how it is taken out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, update

from gateway.db.models import EligibilityCheck, ProfileEntry, RecommendationRow, Review
from gateway.db.models.base import blanks
from gateway.erasing import Eraser, Person, Share
from gateway.office import Acting

_AS_STORED: dict[str, Any] = {"synchronize_session": False}


def _erase_profile(acting: Acting, person: Person) -> Share:
    gone = delete(ProfileEntry).where(ProfileEntry.client_id == person.client_id).returning(ProfileEntry.id)
    return Share({"profile_entries": len(acting.session.execute(gone, execution_options=_AS_STORED).all())})


def _erase_checks(acting: Acting, person: Person) -> Share:
    """What was said goes; that somebody asked, and what calls cost, is the firm's own register."""
    session, client_id = acting.session, person.client_id
    session.execute(delete(Review).where(Review.client_id == client_id), execution_options=_AS_STORED)
    gone = delete(RecommendationRow).where(RecommendationRow.client_id == client_id).returning(RecommendationRow.id)
    said = session.execute(gone, execution_options=_AS_STORED).all()
    checks = update(EligibilityCheck).where(EligibilityCheck.client_id == client_id).values(blanks(EligibilityCheck))
    blanked = session.execute(checks.returning(EligibilityCheck.id), execution_options=_AS_STORED).all()
    return Share({"eligibility_checks": len(blanked), "recommendations": len(said)})


ERASERS = (
    Eraser(("profile_entries",), _erase_profile),
    Eraser(("eligibility_checks", "recommendations", "reviews"), _erase_checks),
)
