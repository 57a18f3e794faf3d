"""Links by which a partner's people repair rejected rows in a browser: sent by e-mail, looked at, withdrawn."""

from __future__ import annotations

from uuid import UUID

from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from gateway.domain.links import repairs
from gateway.domain.links.repairs import Standing
from gateway.web.calls import Call, may
from ingest.repairs.draft import mine
from outbound.notify.of_rows import send_link


@get("/", sync_to_thread=True, **may("imports.decide"))
def list_links(import_id: FromPath[UUID], call: NamedDependency[Call]) -> list[Standing]:
    """List the links to a file's rejected rows that were sent to the partner's people, the newest first.

    One is sent by itself when rows of a file are rejected and the partner's settings name somebody under
    `contacts.errors`. What stands in its address is kept nowhere. 409 `not_repairable` before the file is loaded.
    """
    with call.acting() as acting:
        mine(acting, import_id)
        return repairs.listed(acting, import_id)


@post("/", status_code=202, sync_to_thread=True, **may("imports.decide"))
def make_link(import_id: FromPath[UUID], call: NamedDependency[Call]) -> list[Standing]:
    """Have the partner's people sent a new link, by e-mail; earlier ones to the same rows end.

    409 `nobody_to_tell` where the partner's settings name nobody under `contacts.errors`, `nothing_rejected`.
    """
    with call.acting() as acting:
        home, _ = mine(acting, import_id)
        send_link(acting, import_id, home.partner_id)
        return repairs.listed(acting, import_id)


@delete("/{link_id:uuid}", sync_to_thread=True, **may("imports.decide"))
def revoke_link(import_id: FromPath[UUID], link_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Withdraw a link: it leads nowhere from now on, for whoever has opened it too."""
    with call.acting() as acting:
        mine(acting, import_id)
        repairs.revoke(acting, import_id, link_id)


class LinksSwitch(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a firm lets its partners' people repair rows by links."""

    on: bool


@get("/", sync_to_thread=True, **may("preferences.manage"))
def show_switch(call: NamedDependency[Call]) -> LinksSwitch:
    """Say whether the firm lets its partners' people repair rejected rows by links."""
    with call.acting() as acting:
        return LinksSwitch(repairs.are_on(acting.session, acting.firm_id))


@put("/", sync_to_thread=True, **may("preferences.manage"))
def switch_links(data: JSONBody[LinksSwitch], call: NamedDependency[Call]) -> LinksSwitch:
    """Let the partners' people repair rejected rows by links, or no more: those that were sent end with it."""
    with call.acting() as acting:
        repairs.switch(acting, on=data.on)
        return LinksSwitch(repairs.are_on(acting.session, acting.firm_id))


of_firm = Router("/repair-links", route_handlers=[show_switch, switch_links], tags=["imports"])
router = Router(
    "/imports/{import_id:uuid}/repair/links", route_handlers=[list_links, make_link, revoke_link], tags=["imports"]
)
