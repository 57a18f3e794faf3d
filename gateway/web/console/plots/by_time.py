"""Rows of a report as columns by time, each of its kinds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from gateway.reports.plot import Columns, Step
from gateway.web.console.plots import periods

_APART = 4  # kinds; the rest are one
OTHERS = "others"
_UNNAMED = "none"


class Amount(NamedTuple):
    """So many of a kind on a day."""

    day: date
    kind: str
    number: int


class Timed(NamedTuple):
    """What the macro of columns takes, and the finding."""

    series: Sequence[tuple[str, str]]
    cells: Sequence[tuple[str, Mapping[str, int]]]
    finding: str


def columns_of(plot: Columns, rows: Sequence[Mapping[str, Any]], zone: str, today: date) -> Timed | None:
    """Columns from the first time of which there is something to the last, those between included."""
    amounts = [one for one in _amounts(plot, rows, ZoneInfo(zone)) if one.number]
    if not amounts:
        return None
    first, last = min(one.day for one in amounts), max(one.day for one in amounts)
    step = periods.fitting(first, last, plot.step)
    found: dict[date, Counter[str]] = defaultdict(Counter)
    for one in amounts:
        found[periods.beginning(one.day, step)][one.kind] += one.number
    series, found = _named(plot, found)
    cells = [(periods.label(at, step, today), found.get(at, Counter())) for at in periods.between(first, last, step)]
    return Timed(series, cells, _finding(plot.of, step, found))


def _amounts(plot: Columns, rows: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Iterator[Amount]:
    seen = set()
    for row in rows:
        if plot.once is not None:
            if row[plot.once] in seen:
                continue
            seen.add(row[plot.once])
        day = _day(next(row[name] for name in plot.x if row[name] is not None), zone)
        kind = row[plot.series] if plot.series else None
        for name in plot.y:
            yield Amount(day, _kind(kind) if plot.series else name, int(row[name]))
        if not plot.y:
            yield Amount(day, _kind(kind), 1)


def _kind(value: object) -> str:
    return _UNNAMED if value is None else str(value)


def _day(at: date | datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date() if isinstance(at, datetime) else at


def _named(plot: Columns, found: Mapping[date, Counter[str]]) -> tuple[list[tuple[str, str]], dict[date, Counter[str]]]:
    """The kinds as people call them and how each looks, and the amounts by these names."""
    if plot.words:
        names = {value: word.label for word in plot.words for value in word.values}
        series = [(word.label, word.tone) for word in plot.words]
    else:
        names = {kind: plot.called(kind) for kind, _ in sum(found.values(), Counter[str]()).most_common(_APART)}
        series = [(name, f"s{place}") for place, name in enumerate(dict.fromkeys(names.values()), start=1)]
    renamed: dict[date, Counter[str]] = defaultdict(Counter)
    for at, parts in found.items():
        for kind, number in parts.items():
            renamed[at][names.get(kind, OTHERS)] += number
    return [*series, (OTHERS, "s5")], renamed


def _finding(of: str, step: Step, found: Mapping[date, Counter[str]]) -> str:
    """How many there are, when the most, and what most of those are."""
    number = sum(parts.total() for parts in found.values())
    all_of_them = counted(number, of)
    highest = max(sorted(found), key=lambda at: found[at].total())
    most = found[highest].total()
    where = f"{'on' if step == 'day' else 'in'} {periods.said(highest, step)}{_mostly(found[highest])}"
    if len(found) == 1:
        return f"{all_of_them}, {where}."
    ties = sum(parts.total() == most for parts in found.values())
    return f"{all_of_them}; the most in one {step}: {most:,}, {'first ' if ties > 1 else ''}{where}."


def _mostly(parts: Counter[str]) -> str:
    """What there is most of, unless two kinds share that."""
    [(kind, number), *others] = parts.most_common(2)
    if others and others[0][1] == number:
        return ""
    all_of_it = kind if number == 1 else f"all {kind}"
    return f" ({f'{number:,} {kind}' if others and others[0][1] else all_of_it})"


def counted(number: int, of: str) -> str:
    """So many of something, whose first word is the thing, whatever is said of it."""
    thing, *more = of.split(" ")
    return " ".join([f"{number:,}", thing if number == 1 else f"{thing}s", *more])
