"""Windows of digests, against a search minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.notify.windows import following

ZONES = ("America/New_York", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "UTC")
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def searched(rhythm, zone, now, working):
    instant = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    while True:
        instant += timedelta(minutes=15)
        local = instant.astimezone(ZoneInfo(zone))
        is_first = not any(local.isoweekday() > one for one in working)
        is_day = local.isoweekday() in working and (rhythm == "daily" or is_first)
        if (local.hour, local.minute) == (8, 0) and is_day:
            return instant


@given(INSTANTS, st.sampled_from(ZONES), st.sampled_from(("daily", "weekly")), st.sets(st.integers(1, 7), min_size=1))
def test_the_next_window_is_what_a_search_finds(now, zone, rhythm, working):
    assert following(rhythm, zone, now, working) == searched(rhythm, zone, now, working)


@pytest.mark.parametrize(
    ("rhythm", "now", "begins"),
    [
        ("daily", "2026-06-05T11:59:59+00:00", "2026-06-05T12:00:00+00:00"),
        ("daily", "2026-06-05T12:00:00+00:00", "2026-06-08T12:00:00+00:00"),  # from Friday to Monday
        ("daily", "2026-10-30T12:00:00+00:00", "2026-11-02T13:00:00+00:00"),  # over the end of summer time
        ("daily", "2027-03-12T13:00:00+00:00", "2027-03-15T12:00:00+00:00"),  # over its beginning
        ("weekly", "2028-02-28T13:00:01+00:00", "2028-03-06T13:00:00+00:00"),  # over a leap day
        ("weekly", "2028-02-28T12:59:59+00:00", "2028-02-28T13:00:00+00:00"),
    ],
)
def test_a_window_is_at_eight_where_the_recipient_is(rhythm, now, begins):
    found = following(rhythm, "America/New_York", datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(begins)
