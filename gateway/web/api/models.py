"""What the firm wants of language models: what holds, what held before, a new version, and what there is to choose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from litestar import Router, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from gateway.domain.eligibility import policies
from gateway.domain.eligibility.policies import (
    LONGEST_MODEL,
    LONGEST_URL,
    MOST_CHECKS,
    MOST_STEPS,
    MOST_TOKENS,
    Instead,
    Version,
)
from gateway.web.calls import Call, may
from gateway.web.texts import NO_NUL, Name
from outbound.llm import NAMES
from outbound.llm.offered import Offered, offered

Model = Annotated[str, Meta(max_length=LONGEST_MODEL, pattern=NO_NUL, description="As its provider calls it.")]
Url = Annotated[str, Meta(max_length=LONGEST_URL, pattern=NO_NUL, description="Where others than all reach it.")]
Tokens = Annotated[int, Meta(ge=1, le=MOST_TOKENS, examples=[500_000])]
Dollars = Annotated[Decimal, Meta(description="With up to two decimals; a string keeps them exact.", examples=["5.00"])]
Checks = Annotated[int, Meta(ge=1, le=MOST_CHECKS, examples=[10])]


class ModelStep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to ask, and for which model; `rules` has neither model nor address."""

    provider: Annotated[Name, Meta(description=f"One of {', '.join(NAMES)}.", examples=["openai"])]
    model: Model = ""
    url: Url | None = None


class DailyMost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a day may take; null is no limit, and what is not named stays as it is."""

    tokens: Tokens | UnsetType | None = UNSET
    cost: Dollars | UnsetType | None = UNSET


class ModelsChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different from the next check on; null takes the usual again, and what is not named stays."""

    steps: Annotated[list[ModelStep], Meta(max_length=MOST_STEPS)] | UnsetType | None = UNSET
    uses_models: bool | UnsetType | None = UNSET
    without_answer: Instead | UnsetType | None = UNSET
    most: DailyMost | UnsetType | None = UNSET
    checks_per_hour: Checks | UnsetType | None = UNSET


class StepView(Struct, frozen=True, kw_only=True):
    """Whom to ask."""

    provider: Annotated[str, Meta(examples=["openai"])]
    model: Annotated[str, Meta(examples=["gpt-5"])]
    url: str | None


class MostView(Struct, frozen=True, kw_only=True):
    """What a day may take; null is no limit."""

    tokens: int | None
    cost: Decimal | None


class ModelsView(Struct, frozen=True, kw_only=True):
    """A version; number 0 is the usual, where the firm has said nothing: rules alone."""

    version: int
    steps: Sequence[StepView]
    uses_models: bool
    without_answer: Instead
    most: MostView
    checks_per_hour: int
    by: str | None
    at: datetime | None

    @classmethod
    def of(cls, one: Version) -> ModelsView:
        """As it is shown."""
        policy, most = one.policy, one.policy.most
        return cls(
            version=policy.version,
            steps=[StepView(provider=each.provider, model=each.model, url=each.url) for each in policy.steps],
            uses_models=policy.uses_models,
            without_answer=policy.without_answer,
            most=MostView(tokens=most.tokens, cost=most.cost),
            checks_per_hour=policy.checks_per_hour,
            by=one.by,
            at=one.at,
        )


@get("/", sync_to_thread=True, **may("models.read"))
def get_models(call: NamedDependency[Call]) -> ModelsView:
    """Show whom the firm's next check asks, in which order, and what a day may cost."""
    with call.acting() as acting:
        return ModelsView.of(policies.newest(acting))


@get("/history", sync_to_thread=True, **may("models.read"))
def list_models_history(call: NamedDependency[Call]) -> list[ModelsView]:
    """List all versions, the newest first."""
    with call.acting() as acting:
        return [ModelsView.of(one) for one in policies.history(acting)]


@get("/providers", sync_to_thread=True, **may("models.read"))
def list_providers(call: NamedDependency[Call]) -> list[Offered]:
    """List whom a firm can have asked, whether the key is there, and the models whose price is known."""
    with call.acting() as acting:
        return offered(acting)


@put("/", sync_to_thread=True, **may("models.manage"))
def change_models(call: NamedDependency[Call], data: JSONBody[ModelsChange]) -> ModelsView:
    """Add a version, by which the next check goes; what was checked stays."""
    with call.acting() as acting:
        policies.change(acting, to_builtins(data), NAMES)
        return ModelsView.of(policies.newest(acting))


router = Router(
    "/models", route_handlers=[get_models, list_models_history, list_providers, change_models], tags=["eligibility"]
)
