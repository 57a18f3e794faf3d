"""Feeds that owe us something: raised once, cleared by themselves, whatever happens in between."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from helpers.inbox import people
from helpers.moments import Moment

from gateway.domain.partners.homes import find_home
from gateway.reports import REPORTS
from ingest import silence


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Chicago"))


@pytest.fixture
def moment(monkeypatch) -> Moment:
    return Moment(monkeypatch, at("2026-03-02T05:00"))  # a Monday


@pytest.fixture
def promised(moment, inbox, roster):
    """The inbox of a partner that sends a roster on each weekday by six; the watch, at a time; what is open."""
    inbox.apply(
        roster.replace("    contents: full", '    expected: {by: "06:00"}\n    contents: changes').replace(
            "absent: close", "absent: ignore"
        )
    )

    def look(text):
        moment.set(at(text))
        home = find_home(inbox.office, "acme")
        with inbox.office.db.firm(inbox.firm_id) as session:
            silence.look_after(session, home)
        return inbox.sql("SELECT kind, due_on::text FROM feed_alarms WHERE cleared_at IS NULL ORDER BY kind")

    return look


def test_a_file_that_does_not_come_is_late_then_missing_and_clears_when_it_comes(promised, inbox, moment):
    assert promised("2026-03-02T05:59") == []
    for _ in range(3):
        assert promised("2026-03-02T06:05") == [("late", "2026-03-02")]
    assert promised("2026-03-03T06:05") == [("missing", "2026-03-02")]
    assert promised("2026-03-09T06:05") == [("missing", "2026-03-02")]
    moment.set(at("2026-03-09T07:00"))
    inbox.drop("roster_20260309.csv", people(5))
    assert promised("2026-03-09T07:05") == []
    assert inbox.sql("SELECT kind, count(*) FROM feed_alarms GROUP BY 1 ORDER BY 1") == [("late", 1), ("missing", 1)]


def test_a_file_in_time_keeps_everybody_quiet_over_the_weekend(promised, inbox, moment):
    moment.set(at("2026-03-06T05:00"))
    inbox.drop("roster_20260306.csv", people(5))
    for text in ("2026-03-06T06:05", "2026-03-07T12:00", "2026-03-08T23:00", "2026-03-09T05:55"):
        assert promised(text) == []
    assert promised("2026-03-09T06:05") == [("late", "2026-03-09")], "the clocks have changed meanwhile"


def test_a_refused_file_is_none(promised, inbox, moment):
    moment.set(at("2026-03-02T05:30"))
    assert inbox.drop("roster_20260302.csv", b"\x00\x01\x02")["state"] == "refused"
    assert promised("2026-03-02T06:05") == [("late", "2026-03-02")]


def test_an_empty_file_is_told_as_empty_and_not_as_late(promised, inbox, moment):
    moment.set(at("2026-03-02T05:30"))
    inbox.drop("roster_20260302.csv", b"")
    assert promised("2026-03-02T06:05") == [("empty", "2026-03-02")]
    inbox.drop("roster_20260302.csv", people(5))
    assert promised("2026-03-02T06:30") == []


def test_a_file_far_shorter_than_usual_is_told_until_the_next_one(promised, inbox, moment):
    for day in range(2, 6):
        moment.set(at(f"2026-03-0{day}T05:30"))
        inbox.drop(f"roster_2026030{day}.csv", people(38 + day if day < 5 else 10))
    assert promised("2026-03-05T05:35") == [("short", "2026-03-05")]
    assert inbox.sql("SELECT said FROM feed_alarms") == [({"rows": 10, "usual": 41},)]
    inbox.drop("roster_20260305.csv", people(39))
    assert promised("2026-03-05T05:40") == []


def test_nothing_is_told_while_a_file_is_being_read(promised, inbox):
    inbox.drop("roster_20260302.csv", people(5))
    inbox.sql("UPDATE imports SET state = 'running', feed_id = NULL")
    assert promised("2026-03-10T06:05") == []


def test_settings_that_promise_nothing_any_more_clear_it(promised, inbox, roster):
    assert promised("2026-03-02T06:05")
    inbox.apply(roster)
    assert promised("2026-03-02T06:10") == []


def test_the_report_on_feeds_tells_what_the_watch_has_found(promised, inbox, moment):
    def told():
        report = REPORTS["feed_health"]
        with inbox.office.db.firm(inbox.firm_id) as session:
            [row] = report.query(session, report.filters())
            shown = dict(zip(report.columns, row, strict=True))
        return shown["state"], shown["expected_by"], shown["due_at"]

    assert told() == ("never", "06:00", None)
    promised("2026-03-02T06:05")
    assert told() == ("late", "06:00", at("2026-03-02T06:00"))
    promised("2026-03-03T06:05")
    assert told() == ("missing", "06:00", at("2026-03-02T06:00"))
    inbox.drop("roster_20260303.csv", b"")
    promised("2026-03-03T06:10")
    assert told() == ("empty", "06:00", None)
    inbox.drop("roster_20260303.csv", people(5))
    promised("2026-03-03T06:15")
    assert told() == ("on_time", "06:00", None)
