"""Who sends us files: what is late, missing, short or held first, then everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency

from gateway.db.paging import Paging
from gateway.web.api.partners import ListedPartner, Named
from gateway.web.calls import Call, may
from gateway.web.console.page import Desk, Entry
from gateway.web.pages import Cursor, page_of, paging
from ingest.freshness import PartnerFilter, look_through

ENTRY = Entry("Partners", "/partners", "partners.read")
SHOWN = 50


@get("/partners", sync_to_thread=True, **may(ENTRY.permission))
def browse(
    call: NamedDependency[Call], desk: NamedDependency[Desk], named: Named = None, cursor: Cursor = None
) -> Response[str]:
    """List partners; those that need a look stand above the others."""
    wanted = PartnerFilter(named=(named or "").strip() or None)
    with call.acting() as acting:
        asking = [] if wanted.named else look_through(acting, PartnerFilter(asking=True), Paging(SHOWN)).rows
        above = {one.partner.slug for one in asking}
        found = page_of(look_through(acting, wanted, paging(cursor, SHOWN)), ListedPartner.standing, SHOWN)
        after = {"name": wanted.named or "", "cursor": found.pagination.next_cursor or ""}
        return desk.page(
            acting,
            "partners.html",
            asking=[] if cursor else [ListedPartner.standing(one) for one in asking],
            others=[one for one in found.data if one.partner not in above],
            is_empty=not found.data,
            named=wanted.named,
            is_first=cursor is None,
            upcoming=_next(found.data),
            following=f"/partners?{urlencode(after)}" if after["cursor"] else None,
        )


def _next(partners: Sequence[ListedPartner]) -> tuple[datetime, str, str] | None:
    """The file that is expected next: when, whose, and of which feed."""
    awaited = [(feed.next_at, one.partner, feed.feed) for one in partners for feed in one.feeds if feed.next_at]
    return min(awaited, default=None)


HANDLERS = (browse,)
