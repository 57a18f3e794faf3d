"""A share that is not known for sure: the interval in which it lies, the likeliest place in it, and one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.web.console.plots import WIDTH

_EDGE = 30  # room beside the line for the words at its ends
_TICKS = (0, 25, 50, 75, 100)


class Interval(NamedTuple):
    """Places on the line, in units of the plot; `ticks` are shares in percent with theirs."""

    low: float
    high: float
    at: float
    beside: float
    ticks: Sequence[tuple[int, float]]


def interval(low: float, high: float, at: float, beside: float) -> Interval:
    """Shares from 0 to 1 on a line from nothing to all; `beside` is what it is held against."""
    return Interval(_x(low), _x(high), _x(at), _x(beside), [(one, _x(one / 100)) for one in _TICKS])


def _x(share: float) -> float:
    return round(_EDGE + (WIDTH - 2 * _EDGE) * min(1.0, max(0.0, share)), 1)
