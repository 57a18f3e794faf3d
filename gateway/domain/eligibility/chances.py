"""How comparable cases ended: the firm's decided ones, shrunk to a public rate, with an interval; no part of a score.

The posterior is a beta distribution; its quantiles are found by bisection of the regularised incomplete beta function,
and that by its continued fraction (Lentz's method; DLMF 8.17.22).
"""

from __future__ import annotations

import functools
import math
from typing import Final

from gateway.domain.eligibility.terms import Chance
from gateway.domain.rules.criteria import ApprovalRate

PRIOR_CASES: Final = 20.0  # so many cases of a firm weigh as much as the public rate
LOW, HIGH = 0.05, 0.95
_TINY = 1e-300
_CLOSE = 1e-14
_MOST_STEPS = 10_000
_HALVINGS = 60  # 2**-60: far below what a double tells apart near 1


def chance(approved: int, denied: int, prior: ApprovalRate) -> Chance:
    """The share of approvals to be expected, by decided cases that are comparable: what is pending is in neither."""
    yes, no = PRIOR_CASES * prior.rate + approved, PRIOR_CASES * (1 - prior.rate) + denied
    return Chance(
        probability=yes / (yes + no),
        low=quantile(LOW, yes, no),
        high=quantile(HIGH, yes, no),
        n=approved + denied,
        approved=approved,
        prior=prior.rate,
        period=prior.period,
        source=prior.source,
    )


@functools.lru_cache(maxsize=1_024)
def quantile(share: float, a: float, b: float) -> float:
    """Below which so large a share of a beta distribution lies.

    Kept, for it takes hundreds of fractions, and checks that follow each other ask for the same.
    """
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle, a, b) < share else (low, middle)
    return (low + high) / 2


def below(x: float, a: float, b: float) -> float:
    """The share of a beta distribution below x: the regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # beyond it, the fraction of the other side converges faster
        return 1 - below(1 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / a * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction, from its front until it stands still."""
    value, up, down = _TINY, _TINY, 0.0
    for step in range(_MOST_STEPS):
        term = 1.0 if step == 0 else _term(step, x, a, b)
        down = 1 / (1 + term * down or _TINY)
        up = 1 + term / up or _TINY
        change = up * down
        value *= change
        if abs(change - 1) < _CLOSE:
            break
    return value


def _term(step: int, x: float, a: float, b: float) -> float:
    """The numerators of the fraction, which come in pairs."""
    m, is_odd = divmod(step, 2)
    if is_odd:
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
