"""Clients: the people of a firm, found and changed by its staff."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from gateway.db.models import Client
from gateway.errors import NotFound


def find(session: Session, client_id: UUID) -> Client:
    """One client of the session's firm.

    Raises:
        NotFound: the firm has no such client.
    """
    client = session.scalar(select(Client).where(Client.id == client_id))
    if client is None:
        raise NotFound("client", str(client_id))
    return client


def listed(*, status: str | None, search: str | None) -> Select[Client]:
    """The clients in a state whose names, e-mail or employee id hold a text, whatever its case."""
    found = select(Client)
    if status:
        found = found.where(Client.status == status)
    if search:
        columns = (Client.family_name, Client.given_name, Client.email, Client.employee_id)
        found = found.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    return found
