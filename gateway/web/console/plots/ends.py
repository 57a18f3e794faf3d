"""What ends, by one week or four and by type, as columns; with what there is to see in them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from gateway.domain.expiry.outlook import OutlookSummary
from gateway.domain.expiry.papers import called

MOST_WEEKS = 26  # of more, four stand together
_KINDS = 4  # told apart; the rest are one
_REST = "others"
_BACK = timedelta(days=35)  # what ended longer ago stands in one column


class Ends(NamedTuple):
    """Columns, as `columns` takes them; the highest of them, and what most of that is."""

    span: str
    series: Sequence[tuple[str, str]]
    cells: Sequence[tuple[str, Mapping[str, int]]]
    highest: str
    number: int
    mostly: str
    mostly_number: int


def by_period(summary: OutlookSummary) -> Ends | None:
    """The weeks of a summary, or four at a time. None where there is nothing to compare."""
    floor = _monday(summary.today - _BACK)
    weeks = 4 if (summary.until - floor).days > 7 * MOST_WEEKS else 1
    kinds = _series(summary)
    found: dict[date | None, Counter[str]] = defaultdict(Counter)
    for week in summary.weeks:
        ago = (week.begins_on - floor).days // (7 * weeks)
        place = floor + timedelta(weeks=weeks * ago) if ago >= 0 else None
        found[place][called(week.doc_type) if called(week.doc_type) in kinds else _REST] += week.number
    if summary.number < 2:  # noqa: PLR2004 - one thing alone is no comparison
        return None
    cells = [(_label(place, summary.today), found[place]) for place in _places(found, weeks)]
    highest, parts = max(cells, key=lambda cell: cell[1].total())
    [(mostly, number)] = parts.most_common(1)
    series = [(kind, f"s{place}") for place, kind in enumerate([*kinds, _REST], 1)]
    return Ends("week" if weeks == 1 else "four weeks", series, cells, highest, parts.total(), mostly, number)


def _series(summary: OutlookSummary) -> list[str]:
    """The most frequent types."""
    numbers: Counter[str] = Counter()
    for week in summary.weeks:
        numbers[called(week.doc_type)] += week.number
    return [kind for kind, _ in numbers.most_common(_KINDS)]


def _places(found: Mapping[date | None, Counter[str]], weeks: int) -> list[date | None]:
    """From the first period in which something ends to the last, those between included."""
    dated = sorted(one for one in found if one)
    between = range(0, (dated[-1] - dated[0]).days + 1, 7 * weeks) if dated else ()
    before: list[date | None] = [None] if None in found else []
    return before + [dated[0] + timedelta(days=days) for days in between]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _label(begins_on: date | None, today: date) -> str:
    if begins_on is None:
        return "before"
    return f"{begins_on:%b} {begins_on.day}" + ("" if begins_on.year == today.year else f" ’{begins_on:%y}")
