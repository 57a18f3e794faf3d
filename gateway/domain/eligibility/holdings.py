"""What is held here about a person, and how it is taken out."""

from __future__ import annotations

from sqlalchemy import delete

from gateway.db.models import ProfileEntry
from gateway.erasing import Eraser, Person, Share
from gateway.office import Acting


def _erase(acting: Acting, person: Person) -> Share:
    gone = delete(ProfileEntry).where(ProfileEntry.client_id == person.client_id).returning(ProfileEntry.id)
    found = acting.session.execute(gone, execution_options={"synchronize_session": False}).all()
    return Share({"profile_entries": len(found)})


ERASERS = (Eraser(("profile_entries",), _erase),)
