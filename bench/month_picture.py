"""The picture of a month under several rules: a column for each, a row for each attorney; one SVG, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from month_firm import FIRST, LAWYERS, Lawyer

from gateway.domain.assignment.replaying import Figures

DAYS = 30
_FULL = 0.999  # of the capacity; from here on nobody can be given more

_LEFT, _TOP, _GAP = 176, 128, 18
_DAY_WIDTH, _ROW, _BOX = 8, 36, 28
_COLUMN = DAYS * _DAY_WIDTH
_WAITING = 56
_WIDTH = _LEFT + 3 * (_COLUMN + _GAP)
_BEGINNER = 2  # the highest level of whoever is new
_TICKS = (1, 8, 15, 22, 29)
_MEANS = {
    "expertise_first": "to whom knows the type best",
    "workload_based": "to whom has the most room",
    "round_robin": "to each in turn",
}

_STYLE = """
svg { --page: #ffffff; --text: #1f2328; --soft: #59636e; --box: #eaeef2; --load: #4a7fb5; --full: #c8501e;
  --away: #8c959f; --waits: #7a4fa3; font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif }
@media (prefers-color-scheme: dark) {
  svg { --page: #0d1117; --text: #e6edf3; --soft: #9198a1; --box: #212830; --load: #5b94cf; --full: #f0803c;
    --away: #8b949e; --waits: #b88ae0 }
}
text { fill: var(--text) } .soft { fill: var(--soft) } .rule { font-size: 15px; font-weight: 600 }
.name { font-weight: 600 } .box { fill: var(--box) } .load { fill: var(--load) } .full { fill: var(--full) }
.away { fill: url(#away) } .waits { fill: var(--waits) } .stripe { stroke: var(--away); stroke-width: 2.5 }
.end { text-anchor: end } .middle { text-anchor: middle } .tick { stroke: var(--soft); stroke-width: 1 }
"""

_STRIPES = (
    '<pattern id="away" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="stripe" x1="0" y1="0" x2="0" y2="6"/></pattern>'
)


class Lived(NamedTuple):
    """A month as it is drawn.

    Attributes:
        loads: of each attorney, of each evening, what they hold over what they may.
        waiting: of each evening, cases that nobody has.
    """

    rule: str
    loads: Sequence[Sequence[float]]
    waiting: Sequence[int]
    figures: Figures


def draw(months: Sequence[Lived]) -> str:
    """An SVG whose columns and rows have the same axes, so that they can be compared at a glance."""
    height = _TOP + len(LAWYERS) * _ROW + _WAITING + 44
    most = max((max(one.waiting) for one in months), default=0) or 1
    told = "Loads of twelve attorneys over a month, by rule: " + "; ".join(map(_aloud, months))
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(told)}">',
        f"<style>{_STYLE}</style>",
        f"<defs>{_STRIPES}</defs>",
        f'<rect width="{_WIDTH}" height="{height}" style="fill: var(--page)"/>',
        *_legend(),
        *_names(),
    ]
    for place, one in enumerate(months):
        parts += _column(one, _LEFT + place * (_COLUMN + _GAP), most)
    return "\n".join([*parts, "</svg>\n"])


def _aloud(one: Lived) -> str:
    return f"{one.rule}, Jain's index {one.figures.jain:.2f}, expertise {one.figures.expertise:.2f}"


def _legend() -> Iterator[str]:
    entries = (
        ("box", "what an attorney may hold"),
        ("load", "of it, what they hold"),
        ("full", "full: gets no more"),
        ("away", "away"),
        ("waits", "cases that wait"),
    )
    x = _LEFT
    for name, words in entries:
        yield f'<rect class="{name}" x="{x}" y="14" width="14" height="12"/>'
        yield _text(x + 20, 24, words, "soft")
        x += 40 + 7 * len(words)


def _names() -> Iterator[str]:
    for place, one in enumerate(LAWYERS):
        y = _TOP + place * _ROW
        yield _text(_LEFT - 12, y + 12, one.name, "name end")
        yield _text(_LEFT - 12, y + 26, _about(one), "soft end")
    yield _text(_LEFT - 12, _waiting_top() + 14, "Waiting overnight", "name end")
    yield _text(_LEFT - 12, _waiting_top() + 28, "cases nobody has", "soft end")


def _about(one: Lawyer) -> str:
    known = max(one.knows, key=lambda name: one.knows[name])
    who = [*(["senior"] if one.senior else []), *(["part time"] if one.hours else [])]
    return ", ".join([*who, known.replace("I140_", "") if one.knows[known] > _BEGINNER else "new here"])


def _waiting_top() -> int:
    return _TOP + len(LAWYERS) * _ROW + 16


def _column(one: Lived, x: int, most: int) -> Iterator[str]:
    found = one.figures
    yield _text(x, 56, one.rule, "rule")
    yield _text(x, 74, _MEANS[one.rule], "soft")
    yield _text(x, 96, f"evenness {found.jain:.2f}, expertise {found.expertise:.2f}")
    yield _text(x, 112, f"{found.moves} hard cases outside their field")
    for place, loads in enumerate(one.loads):
        yield from _row(loads, LAWYERS[place], x, _TOP + place * _ROW)
    yield from _bars("waits", [count / most for count in one.waiting], x, _waiting_top(), _WAITING - 12)
    yield from _most_waiting(one.waiting, x, most)
    yield from _axis(x)


def _row(loads: Sequence[float], lawyer: Lawyer, x: int, y: int) -> Iterator[str]:
    yield f'<rect class="box" x="{x}" y="{y}" width="{_COLUMN}" height="{_BOX}"/>'
    yield from _bars("load", [0 if one >= _FULL else one for one in loads], x, y, _BOX)
    yield from _bars("full", [min(one, 1.0) if one >= _FULL else 0 for one in loads], x, y, _BOX)
    if lawyer.away:
        first, last = lawyer.away
        at, width = x + (first - 1) * _DAY_WIDTH, (last - first + 1) * _DAY_WIDTH
        yield f'<rect class="away" x="{at}" y="{y}" width="{width}" height="{_BOX}"/>'


def _bars(name: str, parts: Iterable[float], x: int, y: int, height: int) -> Iterator[str]:
    """A bar for each day, of a part of the height."""
    drawn = [
        f"M{x + day * _DAY_WIDTH} {y + height}v-{height * part:.1f}h{_DAY_WIDTH}v{height * part:.1f}z"
        for day, part in enumerate(parts)
        if part > 0
    ]
    if drawn:
        yield f'<path class="{name}" d="{"".join(drawn)}"/>'


def _most_waiting(waiting: Sequence[int], x: int, most: int) -> Iterator[str]:
    """The number on the highest bar, or that there is none."""
    highest = max(waiting)
    if not highest:
        yield _text(x + 4, _waiting_top() + 28, "none", "soft")
        return
    middle = x + (list(waiting).index(highest) + 0.5) * _DAY_WIDTH
    bar = (_WAITING - 12) * highest / most
    yield _text(max(middle, x + 8), _waiting_top() + _WAITING - 16 - bar, str(highest), "middle")


def _axis(x: int) -> Iterator[str]:
    y = _waiting_top() + _WAITING - 6
    for day in _TICKS:
        middle = x + (day - 0.5) * _DAY_WIDTH
        yield f'<line class="tick" x1="{middle}" y1="{y}" x2="{middle}" y2="{y + 4}"/>'
        yield _text(middle, y + 18, f"{FIRST:%b} {day}" if day == 1 else str(day), "soft middle")


def _text(x: float, y: float, words: str, name: str = "") -> str:
    return f'<text class="{name}" x="{x}" y="{y}">{escape(words)}</text>'
