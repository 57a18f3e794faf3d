"""Papers that end soon, and how many days ahead a firm is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from litestar import Router, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from gateway.domain.expiry import due, leads
from gateway.domain.expiry.due import Due
from gateway.web.calls import Call, may

Within = Annotated[int, QueryParameter(ge=0, le=leads.LONGEST, description="So many days from today.")]
Ahead = Annotated[int, Meta(ge=1, le=leads.LONGEST)]


class DuePapers(Struct, frozen=True):
    """The first to end first."""

    data: list[Due]


class LeadTimesView(Struct, frozen=True, kw_only=True):
    """How many days before the end of papers of a type people are told; `own`, or as the rule has them."""

    type: str
    days: Sequence[int]
    own: bool


class LeadTimesChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Lead times to set, in days; null follows the rule again."""

    days: Annotated[list[Ahead], Meta(min_length=1, max_length=50, examples=[[180, 90, 30, 7]])] | None


@get("/due", sync_to_thread=True, **may("documents.read"))
def list_due(call: NamedDependency[Call], within: Within = 30) -> DuePapers:
    """List the papers that end within so many days, or ended within the last 30, of people who are looked after."""
    with call.acting() as acting:
        return DuePapers(due.within(acting, within))


@get("/lead-times", sync_to_thread=True, **may("documents.read"))
def list_lead_times(call: NamedDependency[Call]) -> list[LeadTimesView]:
    """List for each type of paper how many days before its end people of the firm are told."""
    with call.acting() as acting:
        return [_view(word, *found) for word, found in leads.of_firm(acting).items()]


@put("/lead-times/{doc_type:str}", sync_to_thread=True, **may("leads.manage"))
def change_lead_times(
    doc_type: FromPath[str], data: JSONBody[LeadTimesChange], call: NamedDependency[Call]
) -> LeadTimesView:
    """Set a type's lead times for the firm, from the next sweep on."""
    with call.acting() as acting:
        leads.change(acting, doc_type, data.days)
        return _view(doc_type, *leads.of_firm(acting)[doc_type])


def _view(doc_type: str, days: Sequence[int], own: bool) -> LeadTimesView:
    return LeadTimesView(type=doc_type, days=days, own=own)


router = Router("/expiry", route_handlers=[list_due, list_lead_times, change_lead_times], tags=["expiry"])
