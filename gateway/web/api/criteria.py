"""What the law asks for each visa, as eligibility checks go by it; no person is in it, and no firm's own words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.params import FromPath, QueryParameter
from msgspec import Meta, Struct

from gateway import clock
from gateway.domain.eligibility.terms import NOTICE
from gateway.domain.rules import wording
from gateway.domain.rules.criteria import Criterion, Gate, Visa, in_force, visa_on
from gateway.web.calls import may

AsOf = Annotated[date | None, QueryParameter(description="By the rules of this day; today if left out.")]


class VisaSummary(Struct, frozen=True, kw_only=True):
    """One visa."""

    visa: Annotated[str, Meta(examples=["EB1A"])]
    name: Annotated[str, Meta(examples=["EB-1A"])]
    case_types: Annotated[Sequence[str], Meta(examples=[["I140_EB1A"]])]
    source: Annotated[str, Meta(examples=["INA 203(b)(1)(A); 8 CFR 204.5(h)"])]
    needed: Annotated[str, Meta(examples=["3 of the criteria, or MAJOR alone; then all is weighed together"])]
    timeline_months: Annotated[Sequence[int], Meta(examples=[[3, 20]])]

    @classmethod
    def of(cls, visa: Visa) -> VisaSummary:
        """A visa in a line."""
        return cls(
            visa=visa.id,
            name=visa.name,
            case_types=visa.cases,
            source=visa.source,
            needed=wording.of_method(visa.method),
            timeline_months=list(visa.timeline_months),
        )


class VisaList(Struct, frozen=True):
    """All visas for which there are criteria."""

    data: list[VisaSummary]


class GateView(Struct, frozen=True, kw_only=True):
    """What must be so in any case."""

    gate: Annotated[str, Meta(examples=["OFFER"])]
    text: str
    source: str
    asks: Annotated[str, Meta(examples=["offer: capacity is executive or managerial"])]
    what_would_tell: str

    @classmethod
    def of(cls, gate: Gate) -> GateView:
        """A gate in words."""
        asks = wording.of_demand(gate.asks)
        return cls(gate=gate.id, text=gate.text, source=gate.source, asks=asks, what_would_tell=gate.tells)


class CriterionView(Struct, frozen=True, kw_only=True):
    """What is to be shown, and each way in which an entry of a profile can show it."""

    criterion: Annotated[str, Meta(examples=["AWARD"])]
    text: str
    source: str
    shown_by: Annotated[Sequence[str], Meta(examples=[["award: scope is national or international"]])]

    @classmethod
    def of(cls, one: Criterion) -> CriterionView:
        """A criterion in words."""
        ways = [", ".join(wording.of_way(way)) for way in one.ways]
        return cls(criterion=one.id, text=one.text, source=one.source, shown_by=ways)


class VisaView(Struct, frozen=True, kw_only=True):
    """All that a visa asks, and when somebody last compared it with its source."""

    visa: Annotated[str, Meta(examples=["EB1A"])]
    name: Annotated[str, Meta(examples=["EB-1A"])]
    case_types: Sequence[str]
    source: str
    effective_from: date | None
    effective_to: date | None
    verified_on: date | None
    compared_with: str | None
    needed: str
    gates: Sequence[GateView]
    criteria: Sequence[CriterionView]
    documents: Sequence[str]
    timeline_months: Annotated[Sequence[int], Meta(examples=[[3, 20]])]
    notice: str = NOTICE

    @classmethod
    def of(cls, visa: Visa) -> VisaView:
        """A visa whole."""
        return cls(
            visa=visa.id,
            name=visa.name,
            case_types=visa.cases,
            source=visa.source,
            effective_from=visa.effective_from,
            effective_to=visa.effective_to,
            verified_on=visa.verified_on,
            compared_with=visa.compared_with,
            needed=wording.of_method(visa.method),
            gates=[GateView.of(one) for one in visa.gates],
            criteria=[CriterionView.of(one) for one in visa.criteria],
            documents=visa.documents,
            timeline_months=list(visa.timeline_months),
        )


@get("/", sync_to_thread=False, **may("cases.read"))
def list_criteria(on: AsOf = None) -> VisaList:
    """List the visas for which there are criteria on a day."""
    return VisaList([VisaSummary.of(one) for one in in_force(on or clock.now().date())])


@get("/{visa:str}", sync_to_thread=False, **may("cases.read"))
def get_criteria(visa: FromPath[str], on: AsOf = None) -> VisaView:
    """Tell all that a visa asks: gates, criteria with how each can be shown, papers, months."""
    return VisaView.of(visa_on(visa, on or clock.now().date()))


router = Router("/eligibility/criteria", route_handlers=[list_criteria, get_criteria], tags=["eligibility"])
