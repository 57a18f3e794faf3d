"""What asking costs, and what a firm may spend on it in a day."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_UP, Decimal
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from gateway.domain.eligibility.policies import Most
from gateway.domain.rules.dated import Rules, Version, on, rules_of
from outbound.llm.base import NotNow

_MILLION = Decimal(1_000_000)
_EXACT = Decimal("0.000001")


class Price(Version, frozen=True, kw_only=True):
    """Of a model, in dollars a million tokens: what is read, and what is written."""

    provider: str
    model: str
    tokens_in: Annotated[float, Meta(ge=0)]
    tokens_out: Annotated[float, Meta(ge=0)]


class Spent(Struct, frozen=True, kw_only=True):
    """What a firm has spent in a day."""

    tokens: int = 0
    cost: Decimal = Decimal(0)


@functools.cache
def prices() -> Mapping[str, Sequence[Price]]:
    """Those that come with the gateway, by a name of their own."""
    return rules_of(Path(__file__).parent / "prices.yaml", Rules[Price])


def cost(provider: str, model: str, tokens_in: int, tokens_out: int, day: date) -> Decimal | None:
    """Dollars, rounded up; None where nobody knows the price of that day."""
    found = (on(one, day) for one in prices().values() if (one[0].provider, one[0].model) == (provider, model))
    price = next((one for one in found if one), None)
    if price is None:
        return None
    dollars = tokens_in * Decimal(str(price.tokens_in)) + tokens_out * Decimal(str(price.tokens_out))
    return (dollars / _MILLION).quantize(_EXACT, ROUND_UP)


def check(most: Most, spent: Spent, tokens: int, dollars: Decimal | None) -> None:
    """Whether a firm may ask once more.

    Args:
        most: that it may spend in a day.
        spent: this day.
        tokens: that asking may take, at most.
        dollars: that it may cost, at most; None where nobody knows.

    Raises:
        NotNow: `tokens_spent`, `cost_spent`, `price_unknown`.
    """
    if most.tokens is not None and spent.tokens + tokens > most.tokens:
        sentence = f"The firm's {most.tokens:,} tokens of today are spent, or what is left is too little for one check."
        raise NotNow("tokens_spent", sentence)
    if most.cost is None:
        return
    if dollars is None:
        sentence = (
            "The firm limits what a day may cost, and nobody knows the price of this model; limit tokens instead."
        )
        raise NotNow("price_unknown", sentence)
    if spent.cost + dollars > most.cost:
        sentence = f"The firm's ${most.cost:,} of today are spent, or what is left is too little for one check."
        raise NotNow("cost_spent", sentence)
