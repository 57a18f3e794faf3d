"""Rows of a report held against each other: parts of a whole, loads against what may be, what was foretold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, NamedTuple

from gateway.reports.plot import Levels, Pairs, Parts
from gateway.web.console.plots.by_time import OTHERS, counted
from gateway.web.console.plots.levels import Level
from gateway.web.console.plots.pairs import Pair

MOST = 40  # bars one below another; of more, those that matter most

Rows = Sequence[Mapping[str, Any]]


class Shares(NamedTuple):
    """What the macro of parts takes: label, tone and number of each, those of which there are none left out."""

    parts: Sequence[tuple[str, str, int]]
    finding: str


class Loads(NamedTuple):
    """What the macro of levels takes, the fullest first."""

    levels: Sequence[Level]
    finding: str


class Foretold(NamedTuple):
    """What the macro of pairs takes, in per cent, and what its bars are called."""

    pairs: Sequence[Pair]
    was: str
    would: str
    finding: str


def parts_of(plot: Parts, rows: Rows) -> Shares | None:
    """All of them, by the words of the plot."""
    names = {value: word.label for word in plot.words for value in word.values}
    numbers = Counter(names.get(str(row[plot.series]), OTHERS) for row in rows)
    looks = [*((word.label, word.tone) for word in plot.words), (OTHERS, "quiet")]
    parts = [(label, tone, numbers[label]) for label, tone in looks if numbers[label]]
    if not parts:
        return None
    told = ", ".join(f"{number:,} {label}" for label, _, number in parts)
    return Shares(parts, f"{counted(len(rows), plot.of)}: {told}.")


def levels_of(plot: Levels, rows: Rows) -> Loads | None:
    """Everybody who may hold something, or does."""
    load, most, urgent = plot.y
    found = [
        Level(str(row[plot.x]), row[load], row[urgent], row[most], is_away=False)
        for row in rows
        if row[plot.drawn] or row[load]
    ]
    found.sort(key=lambda one: (-_fullness(one), one.label))
    if not found:
        return None
    full = sum(one.load >= one.most for one in found)
    holds = "1 holds" if full == 1 else f"{full:,} hold" if full else "none holds"
    told = f"Of {counted(len(found), plot.of)} {holds} all that may be held, or more."
    fullest = f" The fullest is {found[0].label}: {found[0].load} of {found[0].most}." if found[0].load else ""
    cut = f" The {MOST} fullest are drawn." if len(found) > MOST else ""
    return Loads(found[:MOST], told + fullest + cut)


def _fullness(one: Level) -> float:
    if one.most:
        return one.load / one.most
    return inf if one.load else 0.0


def pairs_of(plot: Pairs, rows: Rows) -> Foretold | None:
    """Bands in which something ended; what is said of all comes from the band of all."""
    first, last = plot.x
    column, value = plot.only
    found = [row for row in rows if row[column] == value and row[plot.n]]
    if not found:
        return None
    widest = max(row[last] - row[first] for row in found)
    whole = next(row for row in found if row[last] - row[first] == widest)
    bands = [row for row in found if row is not whole]
    foretold, became = plot.y
    pairs = [
        Pair(
            f"{row[first]} to {row[last]} %, {counted(row[plot.n], plot.of)}",
            _percent(row[foretold]),
            _percent(row[became]),
        )
        for row in bands
    ]
    furthest = max(bands, key=lambda row: abs(row[foretold] - row[became]))
    told = (
        f"Of {counted(whole[plot.n], plot.of)} {_percent(whole[became])} % were {plot.became}, where"
        f" {_percent(whole[foretold])} % was foretold. Furthest apart are those of {furthest[first]} to"
        f" {furthest[last]} %: foretold {_percent(furthest[foretold])} %, {plot.became} {_percent(furthest[became])} %."
    )
    return Foretold(pairs, "foretold, %", f"{plot.became}, %", told)


def _percent(share: float) -> int:
    return round(100 * share)
