"""Amounts one beside another, each of parts that stand on each other: so many a day or a week, by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

EACH = 52  # units of width that a column takes, its gap included: a day with its year stands below it
HEIGHT = 120  # of the highest column
_BAR = 32
_LETTER = 6.5  # units of width at most of a usual one, as labels are set
_TOP = 16  # for the number above the highest column


class Piece(NamedTuple):
    """A part of a column, in units of the plot."""

    label: str
    tone: str
    number: int
    y: float
    height: float


class Column(NamedTuple):
    """A column: where it stands, what it is called, how many it is in all, and its parts from the foot up.

    Attributes:
        has_room: its label can stand below it without running into the one before.
    """

    label: str
    number: int
    x: float
    middle: float
    top: float
    pieces: Sequence[Piece]
    has_room: bool = True


class Columns(NamedTuple):
    """The whole: `series` are the parts that occur, as label, tone and number in all columns."""

    columns: Sequence[Column]
    series: Sequence[tuple[str, str, int]]
    width: float
    foot: float
    bar: int


def columns(series: Sequence[tuple[str, str]], cells: Sequence[tuple[str, Mapping[str, int]]]) -> Columns:
    """Columns of a common scale.

    Args:
        series: label and tone of each part that a column may have, from the foot up.
        cells: the columns in their order: a label, and how many of each series, by its label; empty ones keep their
            place.
    """
    most = max((sum(parts.values()) for _, parts in cells), default=0) or 1
    drawn = [_column(place, label, parts, series, HEIGHT / most) for place, (label, parts) in enumerate(cells)]
    totals = [(label, tone, sum(parts.get(label, 0) for _, parts in cells)) for label, tone in series]
    there = [one for one in totals if one[2]]
    return Columns(_with_labels(drawn), there, EACH * len(cells), _TOP + HEIGHT, _BAR)


def _with_labels(drawn: Sequence[Column]) -> list[Column]:
    """The same, with no label where the one before reaches into its place."""
    found, free_from = [], float("-inf")
    for one in drawn:
        half = _LETTER * len(one.label) / 2
        has_room = one.middle - half >= free_from
        free_from = one.middle + half + _LETTER if has_room else free_from
        found.append(one._replace(has_room=has_room))
    return found


def _column(
    place: int, label: str, parts: Mapping[str, int], series: Sequence[tuple[str, str]], scale: float
) -> Column:
    pieces, y = [], float(_TOP + HEIGHT)
    for name, tone in series:
        if number := parts.get(name, 0):
            height = number * scale
            y -= height
            pieces.append(Piece(name, tone, number, round(y, 1), round(height, 1)))
    x = EACH * place + (EACH - _BAR) / 2
    return Column(label, sum(one.number for one in pieces), x, x + _BAR / 2, round(y - 4, 1), pieces)
