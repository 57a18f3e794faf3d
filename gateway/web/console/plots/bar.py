"""A whole and its parts, as one bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.web.console.plots import WIDTH


class Piece(NamedTuple):
    """A part of a bar: where it begins and how wide it is, in units of the plot."""

    label: str
    tone: str
    number: int
    x: float
    width: float


def bar(parts: Sequence[tuple[str, str, int]]) -> list[Piece]:
    """A bar of parts that make a whole: label, tone and count of each; those of which there are none are left out.

    What is there is seen: no part is narrower than a hundredth, at the cost of the wide ones.
    """
    there = [one for one in parts if one[2]]
    whole = sum(count for _, _, count in there)
    raw = [max(WIDTH * count / whole, WIDTH / 100) for _, _, count in there]
    scale, pieces, x = WIDTH / sum(raw) if raw else 1, [], 0.0
    for (label, tone, count), width in zip(there, raw, strict=True):
        pieces.append(Piece(label, tone, count, round(x, 1), round(width * scale, 1)))
        x += width * scale
    return pieces
