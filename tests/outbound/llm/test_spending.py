"""What asking costs is reckoned by the prices of the day, and a firm's limits of a day hold."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.eligibility.policies import Most
from outbound.llm.base import NotNow
from outbound.llm.spending import Price, Spent, check, cost, prices

DAY = date(2026, 11, 29)


def test_a_call_costs_what_its_tokens_cost_rounded_up():
    assert cost("openai", "gpt-5", 1_000_000, 0, DAY) == Decimal("1.25")
    assert cost("openai", "gpt-5", 0, 1_000_000, DAY) == Decimal(10)
    assert cost("openai", "gpt-5", 1, 0, DAY) == Decimal("0.000002")


def test_nobody_knows_what_an_unknown_model_costs():
    assert cost("openai", "house-model", 5, 5, DAY) is None
    assert cost("anthropic", "gpt-5", 5, 5, DAY) is None


def test_a_price_is_that_of_its_day(monkeypatch):
    from outbound.llm import spending

    def price(tokens_in, **days):
        return Price(provider="p", model="m", tokens_in=tokens_in, tokens_out=0, source="s", **days)

    told = {
        "m": [price(1, effective_from=date(2026, 1, 1), effective_to=DAY), price(2, effective_from=date(2026, 11, 30))]
    }
    monkeypatch.setattr(spending, "prices", lambda: told)
    million = 1_000_000
    assert cost("p", "m", million, 0, DAY) == 1
    assert cost("p", "m", million, 0, date(2026, 11, 30)) == 2
    assert cost("p", "m", million, 0, date(2025, 12, 31)) is None


def test_every_price_says_where_it_is_from():
    assert len({(one[0].provider, one[0].model) for one in prices().values()}) == len(prices())
    for name, versions in prices().items():
        assert name.startswith(versions[0].provider)
        assert all(one.verified_on and 0 < one.tokens_in < one.tokens_out for one in versions)


@pytest.mark.parametrize(
    ("most", "spent", "code"),
    [
        (Most(), Spent(tokens=10**9, cost=Decimal(10**6)), None),
        (Most(tokens=100), Spent(tokens=90), None),
        (Most(tokens=100), Spent(tokens=91), "tokens_spent"),
        (Most(tokens=0), Spent(), "tokens_spent"),
        (Most(cost=Decimal("1.50")), Spent(cost=Decimal("1.25")), None),
        (Most(cost=Decimal("1.50")), Spent(cost=Decimal("1.26")), "cost_spent"),
        (Most(cost=Decimal(0)), Spent(), "cost_spent"),
    ],
)
def test_a_day_ends_where_the_firm_says(most, spent, code):
    if code is None:
        check(most, spent, 10, Decimal("0.25"))
        return
    with pytest.raises(NotNow) as failed:
        check(most, spent, 10, Decimal("0.25"))
    assert failed.value.code == code


def test_a_limit_of_cost_needs_a_price():
    check(Most(tokens=100), Spent(), 10, None)
    with pytest.raises(NotNow, match="price"):
        check(Most(cost=Decimal(5)), Spent(), 10, None)
