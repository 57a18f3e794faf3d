"""What people are called where no more of them is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select

from gateway.db.models import Client
from gateway.domain import audit
from gateway.office import Acting


def name_of(client: Client) -> str:
    """Given and family name, or by what the partner knows whoever has none."""
    return " ".join(part for part in (client.given_name, client.family_name) if part) or client.key


def names_of(acting: Acting, client_ids: Iterable[UUID | None]) -> Mapping[UUID, str]:
    """The names of people who are on record as seen with what names them; whoever is behind a wall is left out."""
    ids = {one for one in client_ids if one is not None}
    found = acting.session.scalars(select(Client).where(Client.id.in_(ids))) if ids else ()
    return {one.id: name_of(one) for one in found}


def apart(acting: Acting, names: Mapping[UUID, str]) -> Mapping[UUID, date]:
    """The birth dates, as far as known, of those among these who share a name; that they were seen is on record."""
    number = Counter(name.casefold() for name in names.values())
    same = [one for one, name in names.items() if number[name.casefold()] > 1]
    if not same:
        return {}
    born = acting.session.execute(select(Client.id, Client.date_of_birth).where(Client.id.in_(same)))
    audit.seen(acting, "client.list", [("client", one) for one in same])
    return {one: day for one, day in born if day is not None}
