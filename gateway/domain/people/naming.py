"""What people are called where no more of them is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select

from gateway.db.models import Client
from gateway.office import Acting


def name_of(client: Client) -> str:
    """Given and family name, or by what the partner knows whoever has none."""
    return " ".join(part for part in (client.given_name, client.family_name) if part) or client.key


def names_of(acting: Acting, client_ids: Iterable[UUID | None]) -> Mapping[UUID, str]:
    """The names of people who are on record as seen with what names them; whoever is behind a wall is left out."""
    ids = {one for one in client_ids if one is not None}
    found = acting.session.scalars(select(Client).where(Client.id.in_(ids))) if ids else ()
    return {one.id: name_of(one) for one in found}
