"""Spans of time: where they lie, what is pointed, and what the picture says to whoever cannot see it."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest

from gateway.web.console import page
from gateway.web.console.plots.spans import LEFT, POINT, RIGHT, Span, spans

TODAY = date(2026, 5, 15)
PASSPORT = Span("Passport", "second", date(2024, 1, 1), date(2034, 1, 1))


def xs(piece):
    return [float(one.partition(",")[0]) for one in piece.points.split()]


def shown(lines, caption="Two of them end."):
    source = "{% import '_plots.html' as plots with context %}{% call plots.spans('papers', 'Papers', lines, today) %}{{ caption }}{% endcall %}"
    return page._JINJA.from_string(source).render(lines=lines, today=TODAY, caption=caption)


def test_a_span_begins_and_ends_where_its_days_lie_and_today_is_between():
    drawn = spans([PASSPORT, Span("I-94", "warn", date(2026, 1, 1), date(2026, 8, 1))], TODAY)
    passport, stay = drawn.pieces
    assert LEFT < min(xs(passport)) < min(xs(stay)) < drawn.today < max(xs(stay)) < max(xs(passport)) < RIGHT
    assert len(xs(passport)) == len(xs(stay)) == 4  # nothing is pointed
    assert (passport.told, stay.told) == ("Jan 1, 2034", "Aug 1, 2026")
    assert passport.y < stay.y < drawn.height


def test_what_nobody_knows_is_pointed_and_reaches_the_edge():
    torn, lasting = spans([PASSPORT._replace(begins=None), PASSPORT._replace(ends=None, told="D/S")], TODAY).pieces
    assert (min(xs(torn)), len(xs(torn))) == (LEFT, 5)
    assert (max(xs(lasting)), len(xs(lasting)), lasting.told) == (RIGHT + POINT, 5, "D/S")
    assert spans([PASSPORT._replace(ends=None)], TODAY).pieces[0].told == "no end known"
    assert spans([PASSPORT._replace(begins=None, ends=None)], TODAY).pieces == []


@pytest.mark.parametrize("years", [1, 40, 2_000])
def test_what_is_far_away_does_not_press_the_rest_together(years):
    far = Span("Far", "over", date(max(1, 2026 - years), 1, 1), date(min(9_999, 2026 + years * 4), 12, 31))
    drawn = spans([far, Span("Near", "warn", TODAY - timedelta(400), TODAY + timedelta(400))], TODAY)
    assert max(xs(drawn.pieces[1])) - min(xs(drawn.pieces[1])) > 60
    assert len(xs(drawn.pieces[0])) == (4 if years == 1 else 6)
    assert all(LEFT <= x <= RIGHT + POINT for one in drawn.pieces for x in xs(one))


@pytest.mark.parametrize("days", [0, 5, 40, 200, 900, 3_000, 9_000])
def test_the_scale_has_as_many_words_as_can_be_read(days):
    drawn = spans([Span("One", "second", TODAY, TODAY + timedelta(days))], TODAY)
    ticks = [one.x for one in drawn.ticks]
    assert 1 <= len(ticks) <= 9
    assert all(LEFT <= one <= RIGHT for one in ticks)
    assert all(b - a > 50 for a, b in pairwise(ticks))
    assert all(abs(one.x - drawn.today) > 40 for one in drawn.ticks if one.word)
    assert max(xs(drawn.pieces[0])) - min(xs(drawn.pieces[0])) >= 3  # a day is seen


def test_words_that_have_no_room_are_cut_in_the_picture_and_whole_in_the_table():
    long = "Labour condition application for a speciality occupation"
    html = shown([Span(long, "second", TODAY, None, "waits for an answer of the agency")])
    drawn = html.partition("<svg")[2].partition("</svg>")[0]
    words = re.findall(r"<text x=[^>]*>([^<]+)</text>", drawn)
    assert words == ["Labour condition applicati…"]
    assert {long, "waits for an answer of the agency"} <= set(re.findall(r"<bdi>([^<]+)</bdi>", html))
    assert re.findall(r'class="end"[^>]*>([^<]+)<', drawn) == ["waits for an a…"]
    assert f"{long}: from May 15, 2026 until an unknown day, waits for an answer of the agency." in drawn


def test_whoever_cannot_see_it_is_told_the_same():
    html = shown([PASSPORT, Span("I-20", "second", None, None)])
    assert 'role="img" aria-labelledby="papers-title papers-desc"' in html
    assert "Passport: from Jan 1, 2024 until Jan 1, 2034." in html
    assert "Two of them end." in html
    assert html.count("not known") == 2  # the one without a day is in the table
    assert "<svg" not in shown([])


def test_labels_are_text():
    html = shown([Span("<script>alert(1)</script>", "second", TODAY, None, '"><b>')])
    assert "<script>" not in html
    assert "<b>" not in html
