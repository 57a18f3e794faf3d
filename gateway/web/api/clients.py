"""Clients: the people of a firm, as its staff see and change them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct
from sqlalchemy.orm import Session

from gateway.db.models import Client
from gateway.domain import audit
from gateway.domain.people import clients
from gateway.domain.people.changes import by_hand
from gateway.office import Acting
from gateway.web.api.erasures import erase_client
from gateway.web.api.histories import get_history
from gateway.web.calls import Call, may
from gateway.web.forms import stored
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page
from gateway.web.people import ClientDetails, ClientFields, ClientView, NewClient
from gateway.web.texts import ByPartner, Name, Search, Total
from gateway.web.versions import IfMatch, check_match, tag

Status = Annotated[Literal["active", "archived"] | None, QueryParameter(description="In this state only.")]


class Identifiers(Struct, frozen=True):
    """A person's sensitive identifiers in clear."""

    ssn: str | None
    a_number: str | None


@get("/", sync_to_thread=True, **may("clients.read"))
def list_clients(
    call: NamedDependency[Call],
    status: Status = None,
    search: Search = None,
    partner: ByPartner = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    total: Total = False,
) -> Page[ClientView]:
    """List clients, the newest first; `search` looks into names, e-mail addresses and employee ids."""
    with call.firm() as session:
        query = clients.listed(status=status, search=search, partner=partner)
        order = (Client.created_at, Client.id)
        found = page(session, query, order, ClientView.of, cursor=cursor, limit=limit, total=total)
        shown = [("client", one.id) for one in found.data]
        audit.seen(Acting(call.office, session, call.who.firm_id, call.actor), "client.list", shown)
        return found


@post("/", sync_to_thread=True, **may("clients.write"))
def add_client(call: NamedDependency[Call], data: JSONBody[NewClient]) -> Response[ClientDetails]:
    """Add a person by hand. What is written here is pinned: imports of the partner leave it alone."""
    with call.firm() as session, by_hand(session):
        return once(session, call, data, lambda: _added(session, call, data))


def _added(session: Session, call: Call, data: NewClient) -> Response[ClientDetails]:
    cipher = call.office.cipher(session, call.who.firm_id)
    new = clients.NewClient(data.partner, data.known_by, stored("client", data))
    client = clients.add(session, call.who.firm_id, new, cipher, call.actor)
    headers = {"Location": f"/v1/clients/{client.id}", **tag(client.version)}
    return Response(ClientDetails.of(client, cipher), headers=headers)


@get("/{client_id:uuid}", sync_to_thread=True, **may("clients.read"))
def get_client(client_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[ClientDetails]:
    """Show one client; that it was looked at is on record."""
    with call.firm() as session:
        client = clients.find(session, client_id)
        audit.write(session, call.who.firm_id, call.actor, "client.view", client_id=client_id)
        cipher = call.office.cipher(session, call.who.firm_id)
        return Response(ClientDetails.of(client, cipher), headers=tag(client.version))


@patch("/{client_id:uuid}", sync_to_thread=True, **may("clients.write"))
def change_client(
    client_id: FromPath[UUID],
    call: NamedDependency[Call],
    data: JSONBody[ClientFields],
    if_match: IfMatch = None,
) -> Response[ClientDetails]:
    """Change fields of a client; what changed is pinned. 409 `import_running` while an import has the records."""
    with call.firm() as session, by_hand(session):
        client = clients.take(session, client_id)
        check_match(if_match, client.version)
        cipher = call.office.cipher(session, call.who.firm_id)
        clients.change(session, client, stored("client", data), cipher, call.actor)
        return Response(ClientDetails.of(client, cipher), headers=tag(client.version))


@delete("/{client_id:uuid}", sync_to_thread=True, **may("clients.archive"))
def archive_client(client_id: FromPath[UUID], call: NamedDependency[Call], if_match: IfMatch = None) -> None:
    """Archive a client. Nothing is lost: the records stay, and so does the history."""
    with call.firm() as session, by_hand(session):
        client = clients.take(session, client_id)
        check_match(if_match, client.version)
        clients.put(session, client, "archived", call.actor)


@post("/{client_id:uuid}/restorations", sync_to_thread=True, **may("clients.archive"))
def restore_client(client_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[ClientDetails]:
    """Take an archived client back."""
    with call.firm() as session, by_hand(session):
        client = clients.take(session, client_id)
        clients.put(session, client, "active", call.actor)
        cipher = call.office.cipher(session, call.who.firm_id)
        headers = {"Location": f"/v1/clients/{client_id}", **tag(client.version)}
        return Response(ClientDetails.of(client, cipher), headers=headers)


@delete("/{client_id:uuid}/pins/{field:str}", sync_to_thread=True, **may("clients.write"))
def unpin_client(
    client_id: FromPath[UUID], field: FromPath[Name], call: NamedDependency[Call], if_match: IfMatch = None
) -> None:
    """Take the pin out of a field, so that imports may change it again."""
    with call.firm() as session, by_hand(session):
        client = clients.take(session, client_id)
        check_match(if_match, client.version)
        clients.unpin(session, client, field, call.actor)


@get("/{client_id:uuid}/identifiers", sync_to_thread=True, **may("clients.read"))
def get_identifiers(client_id: FromPath[UUID], call: NamedDependency[Call]) -> Identifiers:
    """Show a person's sensitive identifiers in clear; an entry of its own in the audit log says who looked."""
    with call.firm() as session:
        client = clients.find(session, client_id)
        audit.write(session, call.who.firm_id, call.actor, "client.identifiers", client_id=client_id)
        cipher = call.office.cipher(session, call.who.firm_id)
        return Identifiers(**clients.identifiers(client, cipher))


router = Router(
    "/clients",
    route_handlers=[
        list_clients,
        add_client,
        get_client,
        change_client,
        archive_client,
        restore_client,
        unpin_client,
        get_identifiers,
        get_history,
        erase_client,
    ],
    tags=["clients"],
)
