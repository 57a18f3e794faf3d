"""One partner: how fresh its feeds are, what came day by day, what leaves for it, and its settings."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from gateway.db.paging import Paging
from gateway.domain.access import credentials
from gateway.domain.partners import homes, names, versions
from gateway.domain.partners.homes import Home
from gateway.office import Acting
from gateway.web.api.configs import ConfigView
from gateway.web.api.credentials import view_of
from gateway.web.api.deliveries import DeliveryView, LineView
from gateway.web.api.partners import PartnerView, Slug
from gateway.web.calls import Call, may
from gateway.web.console.page import Desk
from gateway.web.console.plots.dots import Line
from gateway.web.pages import Cursor, page_of, paging
from ingest.arrivals.standing import status
from ingest.days import days_of
from ingest.freshness import standing_of
from outbound import desk as deliveries

DAYS = 60
VERSIONS, PARCELS, KEYS = 20, 10, 20  # shown of each


@get("/partners/{slug:str}", sync_to_thread=True, **may("partners.read"))
def look(slug: Slug, call: NamedDependency[Call], desk: NamedDependency[Desk], cursor: Cursor = None) -> Response[str]:
    """Show one partner: what needs a look first."""
    with call.acting() as acting:
        home = homes.home_of(acting, slug)
        seen = PartnerView.of(standing_of(acting, slug))
        days = days_of(acting, DAYS, slug)
        return desk.page(
            acting,
            "partner.html",
            seen=seen,
            upcoming=min(((one.next_at, one.feed) for one in seen.feeds if one.next_at), default=None),
            held=sum(one.held for one in seen.feeds),
            lines=[Line(one.feed, [(each.day, each.fate) for each in one.days]) for one in days],
            places=status(acting, slug),
            learned=names.of_partner(acting, home),
            **_versions(acting, home, cursor),
            **_deliveries(acting, desk, slug),
            keys=_keys(acting, desk, slug),
        )


def _versions(acting: Acting, home: Home, cursor: str | None) -> dict[str, Any]:
    found = page_of(versions.listed(acting, home, paging(cursor, VERSIONS)), ConfigView.of, VERSIONS)
    after = found.pagination.next_cursor
    return {"versions": found.data, "following": after and f"/partners/{home.slug}?cursor={after}#settings"}


def _deliveries(acting: Acting, desk: Desk, slug: str) -> dict[str, Any]:
    """What leaves for the partner, for those who may see it."""
    if not desk.may("deliveries.read"):
        return {"out": None, "parcels": []}
    newest = deliveries.look_through(acting, deliveries.ParcelFilter(slug), Paging(PARCELS)).rows
    out = [LineView.of(one) for one in deliveries.lines(acting, slug)]
    return {"out": out, "parcels": [DeliveryView.of(one) for one in newest]}


def _keys(acting: Acting, desk: Desk, slug: str) -> list[Any] | None:
    """What it proves itself by, for those who look after that."""
    if not desk.may("credentials.manage"):
        return None
    return [view_of(one) for one in credentials.listed(acting, slug, Paging(KEYS)).rows]


HANDLERS = (look,)
