"""Whether a feed's file came when it was due, by the clock of its partner."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.config import read
from gateway.reports.dues import due_of, names_of

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=CHICAGO)


def due(now, expected="{by: '06:00'}"):
    return due_of(read(f"feeds: {{roster: {{expected: {expected}}}}}"), "roster", now)


@pytest.mark.parametrize(
    ("now", "expected", "at"),
    [
        (MONDAY, "{by: '06:00'}", "2026-03-02T06:00"),
        (MONDAY.replace(hour=5), "{by: '06:00'}", "2026-02-27T06:00"),
        (MONDAY - timedelta(days=1), "{by: '06:00', days: weekdays}", "2026-02-27T06:00"),
        (MONDAY - timedelta(days=1), "{by: '06:00', days: daily}", "2026-03-01T06:00"),
        (MONDAY, "{by: '06:00', days: [Thu]}", "2026-02-26T06:00"),
        (MONDAY.replace(day=9), "{by: '06:00'}", "2026-03-09T06:00"),
    ],
)
def test_a_file_was_due_last_on_the_last_day_that_was_agreed(now, expected, at):
    assert due(now, expected).at.isoformat()[:16] == at


@pytest.mark.parametrize(
    ("received", "state"),
    [
        (None, "never"),
        (MONDAY.replace(hour=5), "on_time"),
        (MONDAY.replace(hour=6), "on_time"),
        (MONDAY - timedelta(hours=14), "on_time"),
        (MONDAY.replace(hour=6, minute=1), "late"),
        (MONDAY - timedelta(days=1), "missing"),
    ],
)
def test_a_file_came_in_time_or_late_or_is_missing(received, state):
    assert due(MONDAY).state(received) == state


def test_an_hour_is_one_of_the_partners_zone_also_when_clocks_change():
    found = due(
        datetime(2026, 3, 8, 12, tzinfo=CHICAGO), "{by: '06:00', days: daily}"
    ).at  # clocks went forward at 2:00
    assert found.utcoffset() == timedelta(hours=-5)


def test_without_an_agreement_nothing_is_due():
    assert due_of(read("feeds: {roster: {file: x}}"), "roster", MONDAY) is None
    assert due_of(None, "roster", MONDAY) is None
    assert names_of(None) == []
    assert names_of(read("feeds: {roster: {file: x}, exits: {file: y}}")) == ["roster", "exits"]
