"""The picture that a report says is to be made of its rows, and in a sentence what there is to see in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from gateway.reports.plot import Columns, Levels, Pairs, Parts, Plot
from gateway.web.console.plots import by_time, compared
from gateway.web.console.plots.by_time import Timed
from gateway.web.console.plots.compared import Foretold, Loads, Shares

Cells = Sequence[Sequence[object]]  # of each row what `Plot.columns` names


class Picture(NamedTuple):
    """What a report's page draws.

    Attributes:
        shape: the macro of `_reported.html` that draws it.
        drawn: what that macro takes.
    """

    shape: str
    title: str
    finding: str
    drawn: object


def picture(plot: Plot, cells: Cells, zone: str, today: date) -> Picture | None:
    """A picture of all rows; None where there is nothing to compare.

    Args:
        plot: as the report says it.
        cells: of all rows.
        zone: in which days begin.
        today: there.
    """
    rows = [dict(zip(plot.columns, row, strict=True)) for row in cells]
    told = _told(plot, rows, zone, today)
    return told and Picture(type(plot).__name__.lower(), plot.title, told.finding, told)


def _told(
    plot: Plot, rows: Sequence[Mapping[str, Any]], zone: str, today: date
) -> Timed | Shares | Loads | Foretold | None:
    match plot:
        case Columns():
            return by_time.columns_of(plot, rows, zone, today)
        case Parts():
            return compared.parts_of(plot, rows)
        case Levels():
            return compared.levels_of(plot, rows)
        case Pairs():
            return compared.pairs_of(plot, rows)
