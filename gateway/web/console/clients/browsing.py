"""The list of clients, each with the paper that ends first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway.db.paging import Paging
from gateway.domain.expiry import due
from gateway.domain.expiry.due import Due
from gateway.domain.expiry.papers import called
from gateway.domain.partners import homes
from gateway.domain.people import clients
from gateway.office import Acting
from gateway.web.calls import Call, may
from gateway.web.console.clients.runs import SOON, in_days
from gateway.web.console.page import Desk, Entry
from gateway.web.pages import Cursor, page_of, paging
from gateway.web.people import ClientView
from gateway.web.texts import ByPartner, Sought

ENTRY = Entry("Clients", "/clients", "clients.read")
SHOWN, AHEAD = 50, 180  # people on a page; so many days ahead the paper that ends first is told
MOST_PARTNERS = 500
Status = Annotated[Literal["active", "archived", ""] | None, QueryParameter()]  # empty: as a form says "any"


@get("/clients", sync_to_thread=True, **may(ENTRY.permission))
def browse(
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    status: Status = None,
    search: Sought = None,
    partner: ByPartner = None,
    cursor: Cursor = None,
) -> Response[str]:
    """List clients, the newest first."""
    wanted = clients.ClientFilter(status or None, (search or "").strip() or None, partner or None)
    with call.acting() as acting:
        found = page_of(clients.look_through(acting, wanted, paging(cursor, SHOWN)), ClientView.of, SHOWN)
        known = partners(acting)
        return desk.page(
            acting,
            "clients.html",
            found=found.data,
            ending=_ending(acting, desk, {one.id for one in found.data if one.status == "active"}),
            called=called,
            in_days=in_days,
            ahead=AHEAD,
            soon=SOON,
            wanted=wanted,
            partners=known,
            slugs=sorted(known.values()),
            following=_following(wanted, found.pagination.next_cursor),
        )


def partners(acting: Acting) -> dict[UUID, str]:
    """The short names of the firm's partners, by their ids."""
    return {one.id: one.slug for one in homes.listed(acting, Paging(MOST_PARTNERS)).rows}


def _ending(acting: Acting, desk: Desk, people: Collection[UUID]) -> dict[UUID, Due]:
    """Of each of these people the paper that ends first."""
    if not people or not desk.may("documents.read"):
        return {}
    found: dict[UUID, Due] = {}
    for one in due.within(acting, AHEAD, people):
        found.setdefault(one.client_id, one)
    return found


def _following(wanted: clients.ClientFilter, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    asked = {**wanted._asdict(), "cursor": cursor}
    return f"/clients?{urlencode({name: text for name, text in asked.items() if text})}"


HANDLERS = (browse,)
