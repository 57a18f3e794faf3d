"""How members of staff want to be told of papers: the one place where planning asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from gateway.db.models.preferences import Pace
from gateway.domain.preferences.paces import Paces, paces_by_firm

Preference = Pace
NOBODY = Paces({})  # said anything


class Wanted(NamedTuple):
    """What a preference may be about."""

    firm_id: UUID
    staff_id: UUID
    doc_type: str
    channel: str


def preferred(session: Session, wanted: Collection[Wanted]) -> Mapping[Wanted, Preference]:
    """How each wants to be told, in a session of the system; at once where neither they nor their firm said so."""
    said = paces_by_firm(session, {one.staff_id for one in wanted})
    return {one: said.get(one.firm_id, NOBODY).of(one.staff_id, one.doc_type, one.channel) for one in wanted}
