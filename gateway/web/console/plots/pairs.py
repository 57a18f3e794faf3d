"""Two amounts each, one below the other: as it was, and as it would have been."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.web.console.plots import WIDTH

ROW = 40
LEFT, RIGHT = 228, WIDTH - 60  # between them lie the bars; before them the names, behind them the numbers
_MOST_LETTERS, _SEEN = 28, 3  # as many letters as have room; as wide as a bar is at least


class Pair(NamedTuple):
    """Something of which there was so much, and would have been so much."""

    label: str
    was: int
    would: int


class Row(NamedTuple):
    """One of them in units of the plot: where its bars begin, and how wide they are."""

    label: str
    pair: Pair
    y: int
    was: float
    would: float


class Pairs(NamedTuple):
    """All of them, one under another, where the bars begin, and how high that is."""

    rows: Sequence[Row]
    x: int
    height: int


def pairs(given: Sequence[Pair]) -> Pairs:
    """Bars on one scale, so that their lengths can be compared."""
    unit = (RIGHT - LEFT) / max([1, *(max(one.was, one.would) for one in given)])
    rows = [
        Row(_short(one.label), one, number * ROW, _width(one.was, unit), _width(one.would, unit))
        for number, one in enumerate(given)
    ]
    return Pairs(rows, LEFT, len(given) * ROW)


def _short(label: str) -> str:
    return label if len(label) <= _MOST_LETTERS else f"{label[: _MOST_LETTERS - 1].rstrip()}…"


def _width(count: int, unit: float) -> float:
    return round(max(count * unit, _SEEN), 1) if count else 0.0
