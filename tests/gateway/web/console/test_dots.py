"""Dots: a shape for each thing that may have become of a day, and a sentence that says what there is to see."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from gateway.web.console.plots.dots import SHORT, WORDS, Line, dots, finding, told, worst_first

FIRST = date(2026, 10, 2)  # a Friday


def line(label, *words):
    return Line(label, [(FIRST + timedelta(days=n), word) for n, word in enumerate(words)])


def test_every_word_has_a_shape_of_its_own_and_a_meaning_in_the_key():
    drawn = dots([line("a", *WORDS)])
    assert [word for word, _ in drawn.shapes] == [word for word, _, _ in drawn.key] == list(WORDS)
    assert len({re.sub(r"^M\d+ \d+", "", path) for _, path in drawn.shapes}) == len(WORDS)
    assert [meant for _, meant, _ in drawn.key] == list(WORDS.values())
    assert set(SHORT) == set(WORDS)


@pytest.mark.parametrize("days", [1, 14, 60])
def test_dots_stand_in_rows_one_a_day_from_left_to_right(days):
    drawn = dots([line("a", *["loaded"] * days), line("b", *["held"] * days)])
    for (_, path), row in zip(drawn.shapes, drawn.rows, strict=True):
        places = [tuple(map(int, each)) for each in re.findall(r"M(\d+) (\d+)", path)]
        assert len(places) == days
        assert places == sorted(set(places))
        assert {y for _, y in places} == {row.y - 4}
        assert places[-1][0] < drawn.ends_at < drawn.width
    assert drawn.height > drawn.rows[-1].y
    assert drawn.ticks[-1][1] == "today"


def test_mondays_are_named_where_their_words_have_room():
    words = [word for _, word in dots([line("a", *["none"] * 60)]).ticks]
    assert words == ["Oct 5", "Oct 12", "Oct 19", "Oct 26", "Nov 2", "Nov 9", "Nov 16", "Nov 23", "today"]
    assert [word for _, word in dots([line("a", *["none"] * 5)]).ticks] == ["today"]  # Tuesday, after the Monday


@pytest.mark.parametrize(
    ("words", "behind"),
    [
        (["loaded"] * 3, "3 loaded"),
        (["none"] * 3, "no file"),
        (["rejected", "held", "missing", "missing", "loaded"], "2 missing, 1 held"),
        (["refused", "running"], "1 refused"),
        (["running"], "no file"),
    ],
)
def test_behind_a_line_stands_the_worst_of_it(words, behind):
    assert told(line("a", *words)) == behind


def test_the_finding_says_how_many_had_a_bad_day_and_whose_was_the_worst():
    good, held, missing = line("good", "loaded"), line("held", "held"), line("lost", "missing")
    assert finding([good, held, missing]) == (
        "2 of 3 feeds had a day in the last 1 on which not all went well. lost had the worst: 1 missing."
    )
    assert finding([held]) == "The feed had a day in the last 1 on which not all went well. 1 held."
    assert finding([good]) == "The feed came as agreed in the last 1 days."
    assert finding([good, good]) == "All 2 feeds came as agreed in the last 1 days."
    assert finding([line("a", "none", "none")]) == "No file in the last 2 days."


def test_of_too_many_lines_those_with_the_worst_days_are_kept_in_their_order():
    lines = [line("a", "rejected"), line("b", "loaded"), line("c", "missing"), line("d", "held")]
    assert [one.label for one in worst_first(lines, 3)] == ["a", "c", "d"]
    assert worst_first(lines, 9) == lines
    assert dots([]).rows == []
