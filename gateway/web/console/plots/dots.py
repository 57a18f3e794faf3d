"""Days of feeds as dots, one a day: each thing that may have become of a day has a shape of its own, and a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from gateway.web.console.plots.levels import cut

ROW, TOP = 22, 24
RIGHT = 225  # behind the days: counts in words
_MANY = 31  # of more days, each takes less room, and so do the names


class _Room(NamedTuple):
    """What a day takes, and the names before the days: how wide, and how many letters that is."""

    each: int
    left: int
    letters: int


_WIDE, _NARROW = _Room(24, 250, 31), _Room(11, 170, 20)

WORDS: Final = {  # what the key says; in the order in which they are told
    "loaded": "loaded",
    "rejected": "loaded, with rejected rows",
    "held": "held",
    "refused": "refused, or failed",
    "running": "on its way",
    "missing": "missing: none, though expected",
    "none": "none",
}
SHORT: Final = WORDS | {"rejected": "with rejected rows", "refused": "refused", "missing": "missing"}
_TROUBLE: Final = ("missing", "refused", "held", "rejected")  # the worst first
_SHAPES: Final = {  # around a centre, to which `M` goes
    "loaded": "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "rejected": "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0zm1.5 0a3 3 0 0 1 6 0z",
    "held": "m0 -5l5 9h-10z",
    "refused": "m-3.5 -3.5l7 7m-7 0l7 -7",
    "running": "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z",
    "missing": "m-3.5 -3.5h7v7h-7z",
    "none": "m-1 0a1 1 0 1 0 2 0a1 1 0 1 0 -2 0z",
}


class Line(NamedTuple):
    """A feed: what it is called, and its days, the oldest first, each a word of `WORDS`."""

    label: str
    days: Sequence[tuple[date, str]]


class Row(NamedTuple):
    """A line as it is drawn: its words stand on `y`."""

    label: str
    told: str
    y: int


class Dots(NamedTuple):
    """All of them.

    Attributes:
        shapes: word -> the outlines of all of its dots, as one path.
        ticks: where a Monday stands, or the last day, and what it is called.
        key: word, what it means, its outline around (8, 8).
    """

    rows: Sequence[Row]
    shapes: Sequence[tuple[str, str]]
    ticks: Sequence[tuple[int, str]]
    key: Sequence[tuple[str, str, str]]
    ends_at: int
    width: int
    height: int


def dots(lines: Sequence[Line]) -> Dots:
    """Lines that have the same days, one under another."""
    days = [day for day, _ in lines[0].days] if lines else []
    room = _NARROW if len(days) > _MANY else _WIDE
    middles = [room.left + room.each * place + room.each // 2 for place in range(len(days))]
    paths: dict[str, list[str]] = {}
    for number, line in enumerate(lines):
        for x, (_, word) in zip(middles, line.days, strict=True):
            paths.setdefault(word, []).append(f"M{x} {TOP + ROW * number + ROW // 2}{_SHAPES[word]}")
    ends_at = room.left + room.each * len(days) + 8
    return Dots(
        rows=[Row(cut(line.label, room.letters), told(line), TOP + ROW * n + 15) for n, line in enumerate(lines)],
        shapes=[(word, "".join(paths[word])) for word in WORDS if word in paths],
        ticks=_ticks(days, middles),
        key=[(word, meant, f"M8 8{_SHAPES[word]}") for word, meant in WORDS.items() if word in paths],
        ends_at=ends_at,
        width=ends_at + RIGHT,
        height=TOP + ROW * len(lines) + 4,
    )


def _ticks(days: Sequence[date], middles: Sequence[int]) -> list[tuple[int, str]]:
    """The last day and the Mondays; one right before it has no room for its words."""
    last = len(days) - 1
    room = 2 if last < _MANY else 4
    found = [n for n, day in enumerate(days) if n == last or (day.weekday() == 0 and last - n >= room)]
    return [(middles[n], "today" if n == last else f"{days[n]:%b} {days[n].day}") for n in found]


def told(line: Line) -> str:
    """What stands behind a line: what was not well, the worst first, or how many were loaded."""
    numbers = Counter(word for _, word in line.days)
    parts = [f"{numbers[word]} {SHORT[word]}" for word in _TROUBLE if numbers[word]]
    return ", ".join(parts[:2]) or (f"{numbers['loaded']} loaded" if numbers["loaded"] else "no file")


def finding(lines: Sequence[Line]) -> str:
    """What there is to see: how many feeds had a bad day, and whose days were the worst."""
    number = len(lines[0].days) if lines else 0
    bad = sorted(((_badness(one), one) for one in lines), key=lambda each: each[0], reverse=True)
    troubled = [one for weight, one in bad if any(weight)]
    many = "The feed" if len(lines) == 1 else f"All {len(lines)} feeds"
    if not troubled:
        came = any(word != "none" for line in lines for _, word in line.days)
        return f"{many} came as agreed in the last {number} days." if came else f"No file in the last {number} days."
    share = f"{len(troubled)} of {len(lines)} feeds" if len(lines) > 1 else "The feed"
    worst = f" {troubled[0].label} had the worst: {told(troubled[0])}." if len(lines) > 1 else f" {told(troubled[0])}."
    return f"{share} had a day in the last {number} on which not all went well.{worst}"


def _badness(line: Line) -> tuple[int, ...]:
    numbers = Counter(word for _, word in line.days)
    return tuple(numbers[word] for word in _TROUBLE)


def worst_first(lines: Sequence[Line], most: int) -> list[Line]:
    """Of more lines than can be looked at those with the worst days; in the order that they had."""
    kept = sorted(range(len(lines)), key=lambda n: _badness(lines[n]), reverse=True)[:most]
    return [lines[n] for n in sorted(kept)]
