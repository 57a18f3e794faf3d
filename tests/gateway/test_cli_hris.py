"""`gateway hris`: how far an HRIS is read, and leaving it alone."""

import json
from pathlib import Path

import pytest

HOOLI = Path(__file__).parents[2] / "partner_configs" / "hooli-hris"
AT = ("--partner", "hooli-hris", "--feed", "workers")


@pytest.fixture
def hooli(gateway, db):
    assert gateway("partner", "apply", HOOLI).exit_code == 0
    return gateway


def test_how_far_an_hris_is_read_is_told(hooli):
    told = json.loads(hooli("hris", "status", *AT, "--json").stdout)
    assert (told["partner"], told["url"]) == ("hooli-hris", "https://api.hooli.example")
    assert (told["polled_at"], told["calls_last_hour"], told["people_waiting"]) == (None, 0, 0)
    lines = hooli("hris", "status", *AT).stdout.splitlines()
    assert "calls last day: 0" in lines
    assert not any("None" in line for line in lines)
    assert lines[-1] == "Its host has a name for examples (.example), which leads nowhere: it is never asked."


def test_an_hris_is_disconnected_and_reconnected(hooli):
    told = json.loads(hooli("hris", "disconnect", *AT, "--json").stdout)
    assert told["disconnected_at"] is not None
    told = json.loads(hooli("hris", "reconnect", *AT, "--json").stdout)
    assert told["disconnected_at"] is None


def test_a_feed_without_an_hris_is_told_so(hooli):
    result = hooli("hris", "status", "--partner", "hooli-hris", "--feed", "others")
    assert result.exit_code == 1
    assert "no HRIS of the feed 'hooli-hris/others'" in result.output


def test_budget_and_breaker_are_told_by_account(hooli):
    [told] = json.loads(hooli("hris", "status", "--json").stdout)
    assert (told["partner"], told["account"], told["feeds"]) == ("hooli-hris", "api.hooli.example", ["workers"])
    assert (told["left_hour"], told["budget_day"], told["breaker"]) == (150, 3_000, "closed")
    line = "hooli-hris  api.hooli.example (workers): 150 of 150 calls an hour left, 3,000 of 3,000 calls a day left"
    assert hooli("hris", "status", "--partner", "hooli-hris").stdout.splitlines() == [f"{line}, breaker closed."]


def test_a_feed_alone_says_too_little(hooli):
    result = hooli("hris", "status", "--feed", "workers")
    assert (result.exit_code, "--feed needs --partner" in result.output) == (2, True)


def test_where_no_hris_is_asked_that_is_said(gateway, db):
    assert gateway("hris", "status").stdout == "No partner's settings name an HRIS that is asked.\n"
