"""How comparable cases of the firm ended, and how likely an approval is by that; no person is in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from gateway.domain.eligibility import outcomes
from gateway.domain.eligibility.outcomes import Outcomes
from gateway.domain.eligibility.terms import NOTICE, Chance
from gateway.web.calls import Call, may
from gateway.web.texts import NO_NUL

Which = Annotated[
    str | None, QueryParameter(max_length=30, pattern=NO_NUL, description="Of this visa alone, such as `EB1A`.")
]

UpTo = Annotated[date | None, QueryParameter(description="Decided up to this day; today if left out.")]


class OutcomesView(Struct, frozen=True, kw_only=True):
    """How comparable cases of a visa ended: approved and denied ones alone, decided within five years.

    `imported`: so many are not among the firm's records. `chance`: null where no rate of approvals is published.
    """

    visa: Annotated[str, Meta(examples=["EB1A"])]
    name: Annotated[str, Meta(examples=["EB-1A"])]
    first: Annotated[date, Meta(examples=["2022-03-01"])]
    last: Annotated[date, Meta(examples=["2027-03-01"])]
    n: Annotated[int, Meta(examples=[20])]
    approved: Annotated[int, Meta(examples=[18])]
    denied: Annotated[int, Meta(examples=[2])]
    imported: Annotated[int, Meta(examples=[12])]
    chance: Chance | None
    notice: str = NOTICE

    @classmethod
    def of(cls, one: Outcomes) -> OutcomesView:
        """Of one visa."""
        approved, denied = one.together
        return cls(
            visa=one.visa.id,
            name=one.visa.name,
            first=one.first,
            last=one.last,
            n=one.together.n,
            approved=approved,
            denied=denied,
            imported=one.imported.n,
            chance=one.chance,
        )


class OutcomesList(Struct, frozen=True):
    """Of each visa for which there are criteria, or of the one that was named."""

    data: Sequence[OutcomesView]


@get("/", sync_to_thread=True, **may("documents.read"))
def list_outcomes(call: NamedDependency[Call], visa: Which = None, on: UpTo = None) -> OutcomesList:
    """Tell how comparable cases ended, and how likely an approval is by that; behind a wall, cases do not count."""
    with call.acting() as acting:
        return OutcomesList([OutcomesView.of(one) for one in outcomes.look(acting, visa, on)])


router = Router("/eligibility/outcomes", route_handlers=[list_outcomes], tags=["eligibility"])
