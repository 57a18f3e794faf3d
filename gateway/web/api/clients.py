"""Clients: the people of a firm, as its staff see and change them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct

from gateway.db.models import Client
from gateway.domain.people import clients
from gateway.office import Acting
from gateway.web.api.authorizations import get_work_authorization
from gateway.web.api.erasures import erase_client
from gateway.web.api.histories import get_history
from gateway.web.api.opt_outs import list_opt_outs, opt_in, opt_out
from gateway.web.calls import Call, may
from gateway.web.forms import stored
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.people import ClientDetails, ClientFields, ClientView, NewClient
from gateway.web.texts import ByPartner, Name, Sought, Total
from gateway.web.versions import IfMatch, expected, tag

Status = Annotated[Literal["active", "archived"] | None, QueryParameter(description="In this state only.")]


class Identifiers(Struct, frozen=True):
    """A person's sensitive identifiers in clear."""

    ssn: str | None
    a_number: str | None


@get("/", sync_to_thread=True, **may("clients.read"))
def list_clients(
    call: NamedDependency[Call],
    status: Status = None,
    search: Sought = None,
    partner: ByPartner = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    total: Total = False,
) -> Page[ClientView]:
    """List clients, the newest first; `search` looks into names, e-mail addresses and employee ids."""
    wanted = clients.ClientFilter(status, search, partner)
    with call.acting() as acting:
        found = clients.look_through(acting, wanted, paging(cursor, limit, total=total))
        return page_of(found, ClientView.of, limit)


@post("/", sync_to_thread=True, **may("clients.write"))
def add_client(call: NamedDependency[Call], data: JSONBody[NewClient]) -> Response[ClientDetails]:
    """Add a person by hand. What is written here is pinned: imports of the partner leave it alone."""
    with call.acting() as acting:
        return once(acting, call, data, lambda: _added(acting, data))


def _added(acting: Acting, data: NewClient) -> Response[ClientDetails]:
    client = clients.add(acting, clients.NewClient(data.partner, data.known_by, stored("client", data)))
    return _shown(acting, client, {"Location": f"/v1/clients/{client.id}"})


@get("/{client_id:uuid}", sync_to_thread=True, **may("clients.read"))
def get_client(client_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[ClientDetails]:
    """Show one client; that it was looked at is on record."""
    with call.acting() as acting:
        return _shown(acting, clients.view(acting, client_id))


@patch("/{client_id:uuid}", sync_to_thread=True, **may("clients.write"))
def change_client(
    client_id: FromPath[UUID],
    call: NamedDependency[Call],
    data: JSONBody[ClientFields],
    if_match: IfMatch = None,
) -> Response[ClientDetails]:
    """Change fields of a client; what changed is pinned. 409 `import_running` while an import has the records."""
    values = stored("client", data)
    with call.acting() as acting:
        return _shown(acting, clients.change(acting, client_id, values, expected(if_match)))


@delete("/{client_id:uuid}", sync_to_thread=True, **may("clients.archive"))
def archive_client(client_id: FromPath[UUID], call: NamedDependency[Call], if_match: IfMatch = None) -> None:
    """Archive a client. Nothing is lost: the records stay, and so does the history."""
    with call.acting() as acting:
        clients.archive(acting, client_id, expected(if_match))


@post("/{client_id:uuid}/restorations", sync_to_thread=True, **may("clients.archive"))
def restore_client(client_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[ClientDetails]:
    """Take an archived client back."""
    with call.acting() as acting:
        return _shown(acting, clients.restore(acting, client_id), {"Location": f"/v1/clients/{client_id}"})


@delete("/{client_id:uuid}/pins/{field:str}", sync_to_thread=True, **may("clients.write"))
def unpin_client(
    client_id: FromPath[UUID], field: FromPath[Name], call: NamedDependency[Call], if_match: IfMatch = None
) -> None:
    """Take the pin out of a field, so that imports may change it again."""
    with call.acting() as acting:
        clients.unpin(acting, client_id, field, expected(if_match))


@get("/{client_id:uuid}/identifiers", sync_to_thread=True, **may("clients.read"))
def get_identifiers(client_id: FromPath[UUID], call: NamedDependency[Call]) -> Identifiers:
    """Show a person's sensitive identifiers in clear; an entry of its own in the audit log says who looked."""
    with call.acting() as acting:
        return Identifiers(**clients.identifiers(acting, client_id))


def _shown(acting: Acting, client: Client, headers: dict[str, str] | None = None) -> Response[ClientDetails]:
    return Response(ClientDetails.of(client, acting.cipher), headers=tag(client.version) | (headers or {}))


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
        get_work_authorization,
        erase_client,
        list_opt_outs,
        opt_out,
        opt_in,
    ],
    tags=["clients"],
)
