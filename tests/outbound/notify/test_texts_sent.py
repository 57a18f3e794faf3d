"""Texts through the whole sender: a provider that refuses everybody for ten minutes loses none of them."""

from datetime import UTC, datetime

import pytest
from helpers.doing import do_jobs
from helpers.texting import over, providing, refusal

from gateway.wings import office_of

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def provider():
    with providing() as one:
        yield one


@pytest.fixture
def texting(db, settings, provider, inbox):
    inbox.sql("UPDATE staff SET phone = '+13125550100' WHERE role = 'admin'")
    return office_of(db, over(settings, provider))


def test_ten_minutes_of_429_have_texts_wait_and_none_is_lost_or_doubled(
    make, texting, provider, rows, attempts, at, passing
):
    at(NOON)
    made = make(5, channel="sms")
    provider.answer = lambda: refusal(429, 20429, headers={"Retry-After": "60"})
    for _ in range(10):
        do_jobs(texting, ["notices"])
        passing(minutes=1)
    assert (provider.texts, {state for state, _ in rows()}) == ({}, {"waiting"})
    provider.answer = None
    for _ in range(40):
        do_jobs(texting, ["notices"])
        passing(minutes=1)
    assert sorted(one["Body"] for one in provider.texts.values()) == sorted(f"Notice {one}" for one in made)
    assert {state for state, _ in rows()} == {"sent"}
    assert attempts().count("taken") == 5


def test_a_text_to_whoever_said_stop_has_failed_for_good(make, texting, provider, rows, at, inbox):
    at(NOON)
    make(1, channel="sms")
    provider.refuses["+13125550100"] = 21610
    do_jobs(texting, ["notices"])
    assert rows("state, ended_code") == [("failed", "sms_opted_out")]
    assert inbox.sql("SELECT count(*) FROM sms_stops") == [(1,)]
    assert provider.tries == 1
