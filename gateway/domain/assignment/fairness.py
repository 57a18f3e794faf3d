"""How evenly something is spread among people."""

from __future__ import annotations

from collections.abc import Sequence


def jain(shares: Sequence[float]) -> float:
    """1 where all have the same, 1/n where one has all (Jain, Chiu and Hawe, 1984); 1 where there is nothing."""
    squares = len(shares) * sum(one * one for one in shares)
    return sum(shares) ** 2 / squares if squares > 0 else 1.0


def gini(shares: Sequence[float]) -> float:
    """0 where all have the same, nearly 1 where one of many has all; 0 where there is nothing."""
    total = len(shares) * sum(shares)
    if total <= 0:
        return 0.0
    ranks = enumerate(sorted(shares), start=1)
    return sum((2 * rank - len(shares) - 1) * one for rank, one in ranks) / total
