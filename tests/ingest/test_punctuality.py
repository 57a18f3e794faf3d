"""When files are due, held against an account by hand and against a model that walks through the half hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.feed import Expected
from ingest.punctuality import due_between, is_short, owed

CHICAGO = "America/Chicago"
NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def at(text, zone=CHICAGO):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-03-05T06:00", None),  # a Thursday
        ("2026-03-05T06:01", ("late", "2026-03-05")),
        ("2026-03-06T06:00", ("late", "2026-03-05")),
        ("2026-03-06T06:01", ("missing", "2026-03-05")),
        ("2026-03-17T12:00", ("missing", "2026-03-05")),
    ],
)
def test_a_silence_is_late_and_then_missing_once(now, told):
    found = owed(Expected(by="06:00"), CHICAGO, at("2026-03-04T05:30"), at(now))
    assert (found and (found.kind, found.due.day.isoformat())) == told


@pytest.mark.parametrize(
    ("last", "owes"),
    [
        ("2026-03-05T17:59", "2026-03-06"),  # Thursday's, late
        ("2026-03-05T18:01", "2026-03-09"),  # Friday's, early
        ("2026-03-06T05:59", "2026-03-09"),
        ("2026-03-06T22:00", "2026-03-10"),  # Monday's, early
    ],
)
def test_a_file_is_the_nearest_days(last, owes):
    assert owed(Expected(by="06:00"), CHICAGO, at(last), at("2026-03-20T00:00")).due.day.isoformat() == owes


def test_nothing_is_due_on_a_weekend():
    for now in ("2026-03-07T12:00", "2026-03-08T23:00", "2026-03-09T06:00"):
        assert owed(Expected(by="06:00"), CHICAGO, at("2026-03-06T05:00"), at(now)) is None


@pytest.mark.parametrize(
    ("by", "day", "utc"),
    [
        ("02:30", date(2026, 3, 7), "2026-03-07T08:30+00:00"),
        ("02:30", date(2026, 3, 8), "2026-03-08T08:30+00:00"),  # left out: 03:30 by the clocks of that day
        ("02:30", date(2026, 3, 9), "2026-03-09T07:30+00:00"),
        ("01:30", date(2026, 11, 1), "2026-11-01T06:30+00:00"),  # comes twice: the first
        ("01:30", date(2026, 11, 2), "2026-11-02T07:30+00:00"),
    ],
)
def test_clocks_that_change_move_the_instant(by, day, utc):
    noon = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    [found] = due_between(Expected(by=by, days="daily"), CHICAGO, noon - timedelta(days=1), noon)
    assert (found.day, found.at) == (day, datetime.fromisoformat(utc))


def model(days, hour, zone, arrivals, now):
    """Walks through the half hours from the first file on, with what lies on the table and what is owed."""
    hours, moment = [], min(arrivals) - timedelta(days=9)
    while moment <= now + timedelta(days=25):
        local = moment.astimezone(ZoneInfo(zone))
        if (local.hour, local.minute) == (hour, 0) and NAMES[local.weekday()] in days:
            hours.append((local.date(), moment))
        moment += timedelta(minutes=30)
    hours = [one for number, one in enumerate(hours) if not number or one[0] != hours[number - 1][0]]
    uncovered = []
    for number in range(1, len(hours) - 1):
        (_, before), (day, due), (_, after) = hours[number - 1 : number + 2]
        opens = before + min(timedelta(hours=12), (due - before) / 2)
        came = [one for one in arrivals if opens < one <= now]
        if due < now and due > min(arrivals) and not came:
            uncovered.append((day, "missing" if after < now else "late"))
    return uncovered[0] if uncovered else None


@settings(max_examples=150, deadline=None)
@given(
    days=st.sets(st.sampled_from(NAMES), min_size=1),
    hour=st.integers(3, 23),  # what clocks leave out and repeat has its own test
    zone=st.sampled_from([CHICAGO, "Asia/Kolkata", "Australia/Lord_Howe", "Europe/Berlin", "UTC"]),
    start=st.sampled_from(["2026-02-25", "2026-03-20", "2026-10-20", "2026-10-28", "2026-06-01"]),
    gaps=st.lists(st.integers(1, 6_000), min_size=1, max_size=8),
    wait=st.integers(1, 20_000),
)
def test_what_is_owed_is_what_a_walk_through_the_hours_finds(days, hour, zone, start, gaps, wait):
    arrivals = [datetime.fromisoformat(start).replace(tzinfo=UTC)]
    for gap in gaps:
        arrivals.append(arrivals[-1] + timedelta(minutes=gap))
    now = arrivals[-1] + timedelta(minutes=wait)
    found = owed(Expected(by=f"{hour:02}:00", days=sorted(days)), zone, arrivals[-1], now)
    assert (found and (found.due.day, found.kind)) == model(days, hour, zone, arrivals, now)


@pytest.mark.parametrize(
    ("rows", "before", "short"),
    [
        (49, [100, 100, 100], True),
        (50, [100, 100, 100], False),
        (1, [100, 100], False),
        (60, [10] * 5 + [200] * 10, True),
    ],
)
def test_a_short_file_is_held_against_the_usual(rows, before, short):
    assert is_short(rows, before, 50) is short
