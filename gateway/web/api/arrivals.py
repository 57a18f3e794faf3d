"""The places from which partners' files are fetched, and how looking there goes."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from gateway.errors import Problem
from gateway.web.bulkheads import Bulkhead, name_of
from gateway.web.calls import Call, may
from gateway.web.texts import ByPartner, Name
from ingest.arrivals import trying
from ingest.arrivals.polling import look_soon
from ingest.arrivals.standing import PlaceStanding, status


class Places(Struct, frozen=True, kw_only=True):
    """All of the firm's, or of one partner."""

    data: list[PlaceStanding]


@get("/", sync_to_thread=True, **may("partners.read"))
def list_places(call: NamedDependency[Call], partner: ByPartner = None) -> Places:
    """List the places that settings in force name, with what was seen, what waits and why, and what fails."""
    with call.acting() as acting:
        return Places(data=status(acting, partner))


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose places are to be looked at; one partner's."""

    partner: Name


class Looks(Struct, frozen=True, kw_only=True):
    """How many places a worker looks at as soon as it is free; none, where somebody is about to look there anyway."""

    places: int


@post("/looks", status_code=202, sync_to_thread=True, **may("files.send"))
def look(data: JSONBody[Wanted], call: NamedDependency[Call]) -> Looks:
    """Have all places of a partner looked at now; what is taken stands among the imports, what waits in the list."""
    with call.acting() as acting:
        return Looks(places=len(look_soon(acting, data.partner)))


class PlaceTrial(Struct, frozen=True, kw_only=True):
    """Whether files can come from a place: what works there, step by step, and what does not."""

    place: str
    works: bool
    steps: list[str]
    code: str | None
    message: str | None


class Trials(Struct, frozen=True, kw_only=True):
    """One for each place; none, where the settings in force name none."""

    data: list[PlaceTrial]


@post("/ping", status_code=200, sync_to_thread=True, **may("files.send"))
def ping_places(data: JSONBody[Wanted], call: NamedDependency[Call], state: State) -> Trials:
    """Try all ways in of a partner: its places, the HRIS systems that are asked, the secrets of its calls.

    Nothing is taken; an HRIS is asked once, which counts into its budget.

    One caller tries one at a time: a server that says nothing is given up after its time-out.
    """
    heavy: Bulkhead = state.heavy
    with heavy.within(name_of(call.who)):
        tried = trying.ping(call.office, call.who.firm_id, call.actor, data.partner)
        return Trials(data=[_trial(*one) for one in tried])


def _trial(place: str, steps: list[str], problem: Problem | None) -> PlaceTrial:
    code, message = (problem.code, problem.sentence) if problem else (None, None)
    return PlaceTrial(place=place, works=problem is None, steps=steps, code=code, message=message)


router = Router("/arrivals", route_handlers=[list_places, look, ping_places], tags=["partners"])
