"""Columns: to one scale, none of them lost; what ends put into weeks, or four at a time."""

from datetime import date, timedelta

import pytest

from gateway.domain.expiry.outlook import OutlookSummary, WeekOfEnds
from gateway.web.console.plots.columns import EACH, HEIGHT, columns
from gateway.web.console.plots.ends import by_period

SERIES = [("good", "good"), ("bad", "bad")]
MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    "cells", [[], [{}], [{"good": 1}], [{"good": 1_000_000}, {"bad": 1}], [{"good": 2, "bad": 3}, {}, {"bad": 5}]]
)
def test_columns_stand_on_one_foot_side_by_side_and_to_one_scale(cells):
    drawn = columns(SERIES, [(str(place), one) for place, one in enumerate(cells)])
    assert [one.number for one in drawn.columns] == [sum(one.values()) for one in cells]
    most = max((sum(one.values()) for one in cells), default=0)
    for place, one in enumerate(drawn.columns):
        assert EACH * place < one.x < one.x + drawn.bar < EACH * (place + 1)
        edge = drawn.foot
        for piece in one.pieces:
            assert piece.y + piece.height == pytest.approx(edge, abs=0.2)
            assert piece.height == pytest.approx(piece.number * HEIGHT / most, abs=0.1)
            edge = piece.y
        assert edge >= drawn.foot - HEIGHT - 0.2
    assert [label for label, _, _ in drawn.series] == [
        label for label, _ in SERIES if any(one.get(label) for one in cells)
    ]


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        (["Nov 30", "Dec 7", "Dec 14"], ["Nov 30", "Dec 7", "Dec 14"]),
        (["Dec 28", "Jan 4 ’27", "Jan 11 ’27", "Jan 18 ’27", "Jan 25 ’27"], ["Dec 28", "Jan 11 ’27", "Jan 25 ’27"]),
        (["x" * 40, "Dec 7", "Dec 14", "Dec 21", "Dec 28"], ["x" * 40, "Dec 21", "Dec 28"]),
    ],
)
def test_labels_do_not_run_into_each_other(labels, named):
    drawn = columns(SERIES, [(label, {"good": 1}) for label in labels])
    assert [one.label for one in drawn.columns if one.has_room] == named
    assert [one.label for one in drawn.columns] == labels  # for whoever is read them


def summary(weeks, days=30):
    number = sum(one.number for one in weeks)
    more = {"untold": 0, "unknown": 0, "next_on": None}
    return OutlookSummary(today=MONDAY, until=MONDAY + timedelta(days=days), number=number, weeks=weeks, **more)


def test_weeks_between_keep_their_place_and_what_is_long_past_stands_together():
    ended = [WeekOfEnds(MONDAY - timedelta(weeks=weeks), "i94", 1) for weeks in (60, 20, 5)]
    found = by_period(summary([*ended, WeekOfEnds(MONDAY + timedelta(weeks=2), "ead", 4)]))
    assert [label for label, _ in found.cells] == [
        "before",
        "Oct 26",
        "Nov 2",
        "Nov 9",
        "Nov 16",
        "Nov 23",
        "Nov 30",
        "Dec 7",
        "Dec 14",
    ]
    assert [parts.total() for _, parts in found.cells] == [2, 1, 0, 0, 0, 0, 0, 0, 4]
    assert (found.span, found.highest, found.number, found.mostly) == ("week", "Dec 14", 4, "EAD")


def test_of_many_weeks_four_stand_together_and_none_is_lost():
    found = by_period(summary([WeekOfEnds(MONDAY + timedelta(weeks=n), "i94", 1) for n in range(60)], days=420))
    assert found.span == "four weeks"
    assert sum(parts.total() for _, parts in found.cells) == 60
    assert max(parts.total() for _, parts in found.cells) == 4
    assert found.cells[-1][0].endswith("’28")


def test_the_rare_types_are_one_series():
    kinds = ["i94", "ead", "opt", "i20", "passport", "lca"]
    found = by_period(summary([WeekOfEnds(MONDAY, kind, 10 - place) for place, kind in enumerate(kinds)]))
    assert [label for label, _ in found.series] == ["I-94", "EAD", "OPT", "I-20", "others"]
    [(_, parts)] = found.cells
    assert (parts["others"], parts.total()) == (11, 45)


def test_one_thing_alone_is_no_comparison():
    assert by_period(summary([WeekOfEnds(MONDAY, "i94", 1)])) is None
    assert by_period(summary([])) is None
