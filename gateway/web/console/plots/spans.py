"""Spans of time, one under another, with today marked: papers of a person, stages of a case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from gateway.web.console.plots import WIDTH

LEFT, RIGHT = 220, WIDTH - 120  # between them lie the days; before them the labels, behind them the ends in words
TOP, ROW, THICK, POINT = 30, 28, 14, 7
_MOST_LETTERS, _MOST_TOLD = 27, 15  # as many as have room beside the days
_BACK, _AHEAD = 8, 12  # years around today; what reaches further is cut, and told with its day all the same
_WORD = 50  # as wide as a word of the scale, at most
_STEPS, _MOST_TICKS = (1, 3, 6, 12, 24, 60), 8


class Span(NamedTuple):
    """Something that lasts.

    Attributes:
        tone: a class of colour: `second`, `third`, `good`, `warn`, `bad`; `over` is drawn as an outline.
        begins: None: nobody knows when.
        ends: its last day; None: it has none, or nobody knows it.
        told: what to say at its end instead of that day.
    """

    label: str
    tone: str
    begins: date | None
    ends: date | None
    told: str = ""


class Piece(NamedTuple):
    """A span as it is drawn.

    Attributes:
        points: of its outline; pointed where it goes on beyond what is drawn, or where nobody knows its day.
        y: the line on which its words stand.
        ends_at: where the word of its end begins.
    """

    span: Span
    label: str
    told: str
    points: str
    y: float
    ends_at: float


class Tick(NamedTuple):
    """A day of the scale; without a word where today's would stand over it."""

    word: str
    x: float


class Drawn(NamedTuple):
    """The whole: `today` is where today lies."""

    pieces: list[Piece]
    ticks: list[Tick]
    today: float
    height: int


class _Scale(NamedTuple):
    first: date
    last: date

    def x(self, day: date) -> float:
        """Where a day lies; one that is further away, at the edge."""
        share = (day - self.first).days / max(1, (self.last - self.first).days)
        return round(LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, share)), 1)


def spans(lines: Sequence[Span], today: date) -> Drawn:
    """Spans in the order in which they are given; of which no day is known, those are left to the table."""
    there = [one for one in lines if one.begins or one.ends]
    scale = _scale(there, today)
    pieces = [_piece(one, scale, TOP + ROW * n) for n, one in enumerate(there)]
    now = scale.x(today)
    ticks = [one if abs(one.x - now) > _WORD else one._replace(word="") for one in _ticks(scale)]
    return Drawn(pieces, ticks, now, TOP + ROW * len(there) + 4)


def _scale(there: Sequence[Span], today: date) -> _Scale:
    """From the first day that is known to the last, today among them, with a month on either side."""
    known = [day for one in there for day in (one.begins, one.ends) if day] + [today]
    first, last = _month(min(known), -1), _month(max(known), 2)
    return _Scale(max(first, _month(today, -12 * _BACK)), min(last, _month(today, 12 * _AHEAD)))


def _piece(one: Span, scale: _Scale, top: float) -> Piece:
    is_torn = one.begins is None or one.begins < scale.first
    goes_on = one.ends is None or one.ends > scale.last
    begin = LEFT if one.begins is None else scale.x(one.begins)
    end = max(RIGHT if one.ends is None else scale.x(one.ends), begin + 3)  # a single day is seen, too
    outline = _outline(begin, end, top + (ROW - THICK) / 2, is_torn=is_torn, goes_on=goes_on)
    told = one.told or (f"{one.ends:%b} {one.ends.day}, {one.ends.year}" if one.ends else "no end known")
    words = (_cut(one.label, _MOST_LETTERS), _cut(told, _MOST_TOLD))
    return Piece(one, *words, outline, top + ROW / 2 + 5, end + POINT + 4)


def _outline(begin: float, end: float, y: float, *, is_torn: bool, goes_on: bool) -> str:
    middle, bottom = y + THICK / 2, y + THICK
    right = [(end, y), (end + POINT, middle), (end, bottom)] if goes_on else [(end, y), (end, bottom)]
    left = [(begin, bottom), (begin + POINT, middle), (begin, y)] if is_torn else [(begin, bottom), (begin, y)]
    return " ".join(f"{x:g},{at:g}" for x, at in (*right, *left))


def _ticks(scale: _Scale) -> Iterator[Tick]:
    """Firsts of months, as many as can be read side by side."""
    first, last = _number(scale.first), _number(scale.last)
    step = next((one for one in _STEPS if (last - first) / one <= _MOST_TICKS), _STEPS[-1])
    for month in range(-(-first // step) * step, last + 1, step):
        day = date(month // 12, month % 12 + 1, 1)
        yield Tick(f"{day:%Y}" if day.month == 1 else f"{day:%b %Y}", scale.x(day))


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month(day: date, later: int) -> date:
    """The first day of the month that lies so many months later."""
    month = min(max(_number(day) + later, 12), 9_999 * 12)
    return date(month // 12, month % 12 + 1, 1)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
