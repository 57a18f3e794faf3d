"""How comparable cases ended: against values that are known from elsewhere, and by what must be so of any."""

import math
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.eligibility.chances import below, chance, quantile
from gateway.domain.rules.criteria import VISAS, ApprovalRate, approval_rates

HALF = ApprovalRate(approved=50, denied=50, period="p", source="s")


@pytest.mark.parametrize(
    ("x", "a", "b", "share"),
    [
        (0.3, 1, 1, 0.3),  # uniform
        (0.3, 2, 1, 0.09),  # x**2
        (0.3, 1, 3, 1 - 0.7**3),
        (0.5, 7, 7, 0.5),  # symmetric
        (0.3, 0.5, 0.5, 2 / math.pi * math.asin(math.sqrt(0.3))),  # arcsine law
        (0.4, 3, 5, sum(math.comb(7, k) * 0.4**k * 0.6 ** (7 - k) for k in range(3, 8))),  # a binomial tail
        (0.9, 40, 10, sum(math.comb(49, k) * 0.9**k * 0.1 ** (49 - k) for k in range(40, 50))),
        (0, 2, 3, 0),
        (1, 2, 3, 1),
    ],
)
def test_the_share_below_is_that_of_the_closed_forms(x, a, b, share):
    assert below(x, a, b) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    ("share", "a", "b", "x"),
    [(0.05, 1, 1, 0.05), (0.95, 1, 1, 0.95), (0.05, 2, 1, math.sqrt(0.05)), (0.95, 1, 4, 1 - 0.05**0.25)],
)
def test_a_quantile_is_that_of_the_closed_forms(share, a, b, x):
    assert quantile(share, a, b) == pytest.approx(x, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.001, 0.999), st.floats(0.5, 5000), st.floats(0.5, 5000))
def test_the_two_sides_of_a_distribution_are_the_whole_and_a_quantile_leads_back(share, a, b):
    x = quantile(share, a, b)
    assert 0 <= x <= 1
    assert below(x, a, b) == pytest.approx(share, abs=1e-6)
    assert below(x, a, b) + below(1 - x, b, a) == pytest.approx(1, abs=1e-9)


def test_pending_cases_are_no_denials_in_the_public_rate():
    assert approval_rates()["eb1a"][0].rate == pytest.approx(0.722, abs=5e-4)


def test_a_firm_without_cases_reads_the_public_rate_and_one_with_many_its_own():
    none, some, many = chance(0, 0, HALF), chance(20, 0, HALF), chance(20_000, 0, HALF)
    assert (none.probability, none.n) == (0.5, 0)
    assert some.probability == 0.75  # twenty cases weigh as much as the rate
    assert many.probability > 0.999
    assert (none.prior, none.period, none.source) == (0.5, "p", "s")


def test_the_interval_narrows_with_cases_and_holds_the_probability():
    told = [chance(n, n, HALF) for n in (0, 5, 50, 500)]
    widths = [one.high - one.low for one in told]
    assert widths == sorted(widths, reverse=True)
    assert all(one.low < one.probability < one.high for one in told)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 500), st.integers(0, 500))
def test_an_approval_more_raises_all_three_and_a_denial_more_lowers_them(approved, denied):
    here, up, down = (
        chance(approved, denied, HALF),
        chance(approved + 1, denied, HALF),
        chance(approved, denied + 1, HALF),
    )
    for name in ("probability", "low", "high"):
        assert getattr(down, name) < getattr(here, name) < getattr(up, name)


def test_every_public_rate_is_of_a_visa_and_says_of_when():
    assert {name.upper() for name in approval_rates()} <= set(VISAS)
    assert all(
        one.period and 0 < one.rate < 1 and one.holds_on(date(2026, 11, 30)) for (one,) in approval_rates().values()
    )
