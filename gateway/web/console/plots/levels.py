"""Loads against what may be carried, a bar each: how full everybody is, and how much of it is urgent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.web.console.plots import WIDTH

ROW = 28
LEFT, RIGHT = 228, WIDTH - 190  # between them lie the bars; before them the names, behind them the figures in words
_MOST_LETTERS, _SEEN = 28, 3  # as many letters as have room; as wide as a bar is at least


class Level(NamedTuple):
    """Somebody's load, how much of it is urgent, and how much they may have."""

    label: str
    load: int
    urgent: int
    most: int
    is_away: bool


class Row(NamedTuple):
    """One of them in units of the plot.

    Attributes:
        x, y: where its bars begin.
        urgent, load, most: how wide they are.
        tone: `over` what may be held, `full`, or `room`.
        ends_at: where its figures begin.
    """

    label: str
    told: str
    x: float
    y: float
    urgent: float
    load: float
    most: float
    tone: str
    ends_at: float


class Levels(NamedTuple):
    """All of them, one under another, and how high that is."""

    rows: list[Row]
    height: int


def levels(given: Sequence[Level]) -> Levels:
    """Bars on one scale, so that their lengths can be compared."""
    longest = max([1, *(max(one.load, one.most) for one in given)])
    unit = (RIGHT - LEFT) / longest
    return Levels([_row(one, number * ROW, unit) for number, one in enumerate(given)], len(given) * ROW)


def _row(one: Level, y: int, unit: float) -> Row:
    urgent, load, most = (_width(count, unit) for count in (one.urgent, one.load, one.most))
    tone = "over" if one.load > one.most else "full" if one.load == one.most else "room"
    told = f"{one.load} of {one.most}" + (", away" if one.is_away else "")
    return Row(
        cut(one.label, _MOST_LETTERS), told, LEFT, y, urgent, load, most, tone, round(LEFT + max(load, most) + 10, 1)
    )


def cut(label: str, letters: int) -> str:
    """What stands beside a shape, no longer than there is room."""
    return label if len(label) <= letters else f"{label[: letters - 1].rstrip()}…"


def _width(count: int, unit: float) -> float:
    return round(max(count * unit, _SEEN), 1) if count else 0.0
