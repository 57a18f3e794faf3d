"""The places from which partners' files are fetched, and how looking there goes."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency
from msgspec import Struct

from gateway.web.calls import Call, may
from gateway.web.texts import ByPartner
from ingest.arrivals.standing import PlaceStanding, status


class Places(Struct, frozen=True, kw_only=True):
    """All of the firm's, or of one partner."""

    data: list[PlaceStanding]


@get("/", sync_to_thread=True, **may("partners.read"))
def list_places(call: NamedDependency[Call], partner: ByPartner = None) -> Places:
    """List the places that settings in force name, with what was seen, what waits and why, and what fails."""
    with call.acting() as acting:
        return Places(data=status(acting, partner))


router = Router("/arrivals", route_handlers=[list_places], tags=["partners"])
