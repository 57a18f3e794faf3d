"""Pictures of reports: each figure is what the report's own file says, of all its rows."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody
from helpers.reported import NOW, counted, furnish
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.reports import REPORTS, taking
from gateway.reports.notification_log import State
from gateway.reports.plot import Columns, Kind, Levels, Pairs, Parts
from gateway.web.console.plots import periods
from gateway.web.console.plots.reported import picture

DRAWN = [name for name, report in REPORTS.items() if report.plot]
OF_EACH_KIND = ("notification_log", "workload_distribution", "feed_health", "calibration")
ZONE = ZoneInfo("America/New_York")


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", NOW.isoformat())


@pytest.fixture
def firm(inbox, tenants, roster):
    furnish(inbox, tenants, roster)
    return inbox


@pytest.fixture
def admin(browser):
    browser.sign_in("admin")
    return browser


def table(text):
    """The same as a table: of each row its label and its figures, by the heads where there are any."""
    [found] = re.findall(r"<details>.*?<table[^>]*>(.*?)</table>", text, re.DOTALL)
    heads = [re.sub("<.*?>", "", one) for one in re.findall(r'<th scope="col".*?</th>', found)]
    rows = []
    for row in re.findall(r'<tr(?: class="sum")?><th scope="row">(.*?)</th>(.*?)</tr>', found):
        figures = [int(one.replace(",", "").removesuffix(" %") or 0) for one in re.findall(r">([\d, %]*)</td>", row[1])]
        rows.append((re.sub("<.*?>", "", row[0]), figures))
    return heads, rows


def drawn(browser, name, asked=""):
    """The figures of the picture, and the rows of the file that the page offers."""
    page = browser.get(f"/reports/{name}{asked}")
    [address] = [one for one in page.links if "format=csv" in one]
    file = browser.http.get(address)
    assert file.status_code == 200
    return table(browser.page.text), list(csv.DictReader(io.StringIO(file.text)))


@pytest.mark.parametrize("name", DRAWN)
def test_each_figure_is_what_the_file_says(admin, firm, name):
    (heads, rows), file = drawn(admin, name)
    expected = counted(name, file, ZONE)
    plot = REPORTS[name].plot
    assert rows, name
    if isinstance(plot, Columns):
        for label, (*figures, number) in rows:
            assert dict(zip(heads, figures, strict=False)) == {one: expected[label][one] for one in heads[:-1]}, label
            assert number == sum(figures)
        assert sum(row[-1] for _, row in rows) == sum(one.total() for one in expected.values())
    elif isinstance(plot, Levels):
        assert Counter((label, *row[:2], row[3]) for label, row in rows) == Counter(
            (label.rpartition(" ")[0], *figures) for label, figures in expected.items()
        )
    elif isinstance(plot, Parts):
        assert {label: row[0] for label, row in rows} == expected
    else:
        assert {label: tuple(row) for label, row in rows} == expected


def test_filters_narrow_the_picture_too(admin, firm):
    (_, every), _ = drawn(admin, "expiring_documents")
    (heads, rows), file = drawn(admin, "expiring_documents", "?within=20&doc_type=i94")
    assert 0 < sum(row[-1] for _, row in rows) == len(file) < sum(row[-1] for _, row in every)
    assert heads == ["I-94", "all"]


def test_the_picture_is_of_all_rows_and_of_none_where_they_are_too_many(admin, firm, monkeypatch):
    from gateway.web.console import reports

    monkeypatch.setattr(reports, "SHOWN", 3)
    (_, rows), file = drawn(admin, "expiring_documents")
    assert "The first 3 rows" in admin.page.text
    assert sum(row[-1] for _, row in rows) == len(file) > 50
    monkeypatch.setattr(taking, "MOST_DRAWN", len(file) - 1)
    page = admin.get("/reports/expiring_documents")
    assert "too many to draw" in page.text
    assert "<figure" not in admin.page.text
    page = admin.get("/reports/expiring_documents?within=20")
    assert "too many to draw" not in page.text
    assert "<figure" in admin.page.text


def test_a_report_without_a_plot_or_without_a_row_says_nothing_of_one(admin, firm):
    for path in (
        "audit_extract",
        "expiring_documents?partner=globex",
        "notification_log?since=2020-01-01&until=2020-01-02",
    ):
        page = admin.get(f"/reports/{path}")
        assert admin.page.status_code == 200, path
        assert "<figure" not in admin.page.text
        assert "draw" not in page.text


def test_what_is_behind_a_wall_is_in_no_picture(browser, firm, tenants, db):
    from gateway.db.models import Wall

    browser.sign_in("paralegal")
    (_, every), _ = drawn(browser, "expiring_documents")
    with db.firm(tenants.northgate) as session:
        wall = {"partner_id": tenants.acme, "reason": "x", "created_by": "x"}
        session.add(Wall(firm_id=tenants.northgate, staff_id=tenants.staff["paralegal"], **wall))
    assert every
    browser.get("/reports/expiring_documents")
    assert "<figure" not in browser.page.text


# ------------------------------------------------------------------------------------------------ without a database


def test_a_kind_of_each_is_looked_at():
    assert {type(REPORTS[name].plot) for name in OF_EACH_KIND} == {type(REPORTS[name].plot) for name in DRAWN}


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_declared_is_there(name):
    report = REPORTS[name]
    assert set(report.plot.columns) <= set(report.columns)
    if isinstance(report.plot, Columns):
        assert report.plot.series or report.plot.y
        values = [value for kind in report.plot.words for value in kind.values]
        assert len(values) == len(set(values))
        assert not report.plot.words or not report.plot.y or set(values) == set(report.plot.y)


def test_each_state_of_a_message_has_a_word():
    plot = REPORTS["notification_log"].plot
    assert {value for kind in plot.words for value in kind.values} == set(get_args(State))


PLOT = Columns(title="T", of="thing", x=("sent", "made"), step="day", series="kind", once="id")
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))
THINGS = st.lists(
    st.tuples(
        st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2027, 3, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given
        DAYS | st.dates(date(2026, 5, 1), date(2026, 5, 20)),
        st.sampled_from(["a", "b_b", "c", "d", "e", "f", None]),
        st.integers(0, 9),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(THINGS)
def test_no_thing_is_lost_or_counted_twice_whatever_the_days(things):
    made = picture(PLOT, things, "America/New_York", date(2026, 6, 1))
    once = {}
    for sent, day, kind, one in things:
        once.setdefault(one, (sent.astimezone(ZONE).date() if sent else day, kind))
    if not once:
        assert made is None
        return
    told = made.drawn
    assert sum(parts.total() for _, parts in told.cells) == len(once)
    assert set().union(*(parts for _, parts in told.cells)) <= {label for label, _ in told.series}
    assert made.finding.startswith(f"{len(once):,} thing")
    days = sorted(day for day, _ in once.values())
    if (days[-1] - days[0]).days < periods.MOST:
        assert [parts.total() for _, parts in told.cells] == [
            sum(day == days[0] + timedelta(n) for day in days) for n in range((days[-1] - days[0]).days + 1)
        ]
    if days[-1].year - days[0].year < periods.MOST:
        assert len(told.cells) <= periods.MOST


@given(DAYS, DAYS, st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_times_follow_each_other_without_a_gap(one, other, step):
    first, last = sorted((one, other))
    found = list(periods.between(first, last, step))
    assert found[0] <= first < [*found, date(9999, 1, 1)][1]
    assert found[-1] <= last
    assert [periods.beginning(day - timedelta(1), step) for day in found[1:]] == found[:-1]
    assert len({periods.label(day, step, date(2026, 6, 1)) for day in found}) == len(found)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("2026-05-01", "a")], "1 thing, on May 1, 2026 (a)."),
        ([("2026-05-01", "a")] * 2, "2 things, on May 1, 2026 (all a)."),
        (
            [("2026-05-01", "a"), ("2026-05-04", "b_b"), ("2026-05-04", "b_b"), ("2026-05-04", "a")],
            "4 things; the most in one day: 3, on May 4, 2026 (2 b b).",
        ),
        (
            [("2026-05-01", "a"), ("2026-05-02", "a")],
            "2 things; the most in one day: 1, first on May 1, 2026 (a).",
        ),
        ([("2026-05-01", "a"), ("2026-05-01", "c")], "2 things, on May 1, 2026."),
        (
            [("2026-01-01", "a"), ("2026-05-02", "a"), ("2026-05-03", "a")],
            "3 things; the most in one week: 2, in the week of Apr 27, 2026 (all a).",
        ),
        (
            [("2024-01-01", "a"), ("2026-05-02", "a"), ("2026-05-31", "a")],
            "3 things; the most in one month: 2, in May 2026 (all a).",
        ),
        (
            [("2020-01-01", "a"), ("2026-05-02", "a"), ("2026-06-02", "a")],
            "3 things; the most in one quarter: 2, in the quarter from April 2026 (all a).",
        ),
        (
            [("1960-01-01", "a"), ("2026-05-02", "a"), ("2026-12-02", "a")],
            "3 things; the most in one year: 2, in 2026 (all a).",
        ),
    ],
)
def test_the_finding_is_a_sentence(rows, told):
    cells = [(None, date.fromisoformat(day), kind, n) for n, (day, kind) in enumerate(rows)]
    assert picture(PLOT, cells, "America/New_York", date(2026, 6, 1)).finding == told


def test_a_word_that_nobody_declared_is_one_of_the_others():
    plot = Columns(title="T", of="thing", x=("at",), step="day", series="kind", words=[Kind("good", "good", ("a",))])
    told = picture(plot, [(date(2026, 5, 1), "a"), (date(2026, 5, 1), "new")], "UTC", date(2026, 6, 1))
    assert told.drawn.cells == [("May 1", {"good": 1, "others": 1})]
    parts = Parts(title="T", of="thing", series="kind", words=[Kind("good", "good", ("a",))])
    assert (
        picture(parts, [("a",), ("new",), ("new",)], "UTC", date(2026, 6, 1)).finding == "3 things: 1 good, 2 others."
    )


def test_of_many_the_fullest_are_drawn_and_it_is_said():
    plot = Levels(title="T", of="attorney", x="name", y=("cases", "most", "urgent"), drawn="takes")
    rows = [(f"A{n}", n, 60, 0, True) for n in range(59)] + [
        ("Full", 7, 7, 1, True),
        ("Gone", 3, 0, 0, False),
        ("Not", 0, 9, 0, False),
    ]
    told = picture(plot, rows, "UTC", date(2026, 6, 1))
    assert [one.label for one in told.drawn.levels[:3]] == ["Gone", "Full", "A58"]
    assert len(told.drawn.levels) == 40
    assert told.finding == (
        "Of 61 attorneys 2 hold all that may be held, or more. The fullest is Gone: 3 of 0. The 40 fullest are drawn."
    )


def test_what_was_foretold_is_held_against_what_came_true():
    plot = Pairs(title="T", of="case", x=("from", "to"), y=("p", "s"), n="n", became="won", only=("m", "yes"))
    rows = [(0, 100, 0.5, 0.25, 4, "yes"), (0, 10, 0.05, 0.0, 1, "yes"), (10, 20, None, None, 0, "yes"), (60, 70, 0.65, 0.3333, 3, "yes"), (0, 100, 0.1, 0.9, 7, "no")]  # fmt: skip
    told = picture(plot, rows, "UTC", date(2026, 6, 1))
    assert told.finding == (
        "Of 4 cases 25 % were won, where 50 % was foretold."
        " Furthest apart are those of 60 to 70 %: foretold 65 %, won 33 %."
    )
    assert [(one.label, one.was, one.would) for one in told.drawn.pairs] == [
        ("0 to 10 %, 1 case", 5, 0),
        ("60 to 70 %, 3 cases", 65, 33),
    ]


# ------------------------------------------------------------------------------------------------ in Chromium

in_chromium = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)")


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, firm, scheme):
    page = opened("admin", color_scheme=scheme)
    for name in OF_EACH_KIND:
        told_to_everybody(page, f"/reports/{name}", unfolded=True)


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 640])
def test_no_picture_makes_its_page_go_sideways(opened, firm, width):
    page = opened("admin", viewport={"width": width, "height": 700})
    for name in OF_EACH_KIND:
        fits(page, f"/reports/{name}")


@in_chromium
@pytest.mark.browser
def test_the_same_as_a_table_is_opened_by_the_keyboard_and_print_keeps_the_picture(opened, firm):
    page = opened("admin")
    page.goto("/reports/feed_health")
    tab_to(page, page.locator("summary", has_text="The same as a table"))
    page.keyboard.press("Enter")
    assert page.locator("details table").is_visible()
    page.emulate_media(media="print")
    assert page.locator("svg.bar").is_visible()
    assert not page.locator("details table").is_visible()
    page.goto("/reports/expiring_documents")
    page.set_viewport_size({"width": 720, "height": 1_000})
    assert page.locator("svg.columns").evaluate("one => one.getBoundingClientRect().right") <= 720
