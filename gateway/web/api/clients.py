"""Clients: the people of a firm, as its staff see them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from gateway.db.models import Client
from gateway.domain import clients
from gateway.domain.audit import record
from gateway.web.calls import Call, may
from gateway.web.pages import Cursor, Limit, Page, page
from gateway.web.versions import tag

Status = Annotated[Literal["active", "archived"] | None, QueryParameter(description="In this state only.")]
Search = Annotated[
    str | None,
    QueryParameter(max_length=100, pattern=r"^[^\x00]*$", description="Part of a name, an e-mail or an employee id."),
]


class ClientView(Struct, frozen=True, kw_only=True):
    """A client. Sensitive identifiers are shown by their own endpoint only."""

    id: UUID
    partner_id: UUID
    employee_id: str | None
    given_name: str | None
    family_name: str | None
    date_of_birth: date | None
    email: str | None
    citizenship: str | None
    job_title: str | None
    enrollment_status: str
    status: str
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, client: Client) -> ClientView:
        """A client as staff see it."""
        return cls(**{name: getattr(client, name) for name in cls.__struct_fields__})


@get("/", sync_to_thread=True, **may("clients.read"))
def list_clients(
    call: NamedDependency[Call],
    status: Status = None,
    search: Search = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ClientView]:
    """List clients, the newest first."""
    with call.firm() as session:
        found = clients.listed(status=status, search=search)
        return page(session, found, (Client.created_at, Client.id), ClientView.of, cursor=cursor, limit=limit)


@get("/{client_id:uuid}", sync_to_thread=True, **may("clients.read"))
def get_client(client_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[ClientView]:
    """Show one client; that it was looked at is on record."""
    with call.firm() as session:
        client = clients.find(session, client_id)
        record(session, call.who.firm_id, call.actor, "client.view", client_id=client_id)
        return Response(ClientView.of(client), headers=tag(client.version))


router = Router("/clients", route_handlers=[list_clients, get_client], tags=["clients"])
