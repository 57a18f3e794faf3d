"""How members of staff want to be told of papers: the one place where planning asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

Preference = Literal["immediate", "daily", "weekly", "off"]


class Wanted(NamedTuple):
    """What a preference may be about."""

    firm_id: UUID
    staff_id: UUID
    doc_type: str
    channel: str


def preferred(_session: Session, wanted: Collection[Wanted]) -> Mapping[Wanted, Preference]:
    """How each wants to be told, in a session of the system: everybody at once, until people can say otherwise."""
    return dict.fromkeys(wanted, "immediate")
