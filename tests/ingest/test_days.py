"""What became of feeds day by day: held against an account by hand."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from helpers.feeds_at_work import begun, came, send_files
from helpers.inbox import ME
from sqlalchemy import event

from gateway.errors import NotFound
from ingest import promises
from ingest.days import days_of


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Chicago"))


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-12T12:00:00-05:00")


def told(inbox, number=7, partner=None):
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        return days_of(acting, number, partner)


def fates(inbox, number=7):
    [one] = told(inbox, number)
    return [each.fate for each in one.days]


def test_each_day_is_told_by_the_worst_of_its_files(inbox):
    send_files(inbox, "acme")
    begun(inbox, 90)
    for day, states in {
        6: ["loaded"],
        7: ["loaded", "loaded_with_errors"],
        8: ["loaded_with_errors", "held"],
        9: ["loaded", "failed"],
        10: ["no_change"],
        12: ["running", "released"],
    }.items():
        for hour, state in enumerate(states):
            came(inbox, "acme", "roster", at(f"2026-03-{day:02}T0{hour + 4}:30"), state)
    [one] = told(inbox)
    assert (one.partner, one.name, one.feed) == ("acme", "ACME Manufacturing, Inc.", "roster")
    assert [each.day for each in one.days] == [date(2026, 3, day) for day in range(6, 13)]
    assert [each.fate for each in one.days] == [
        "loaded", "rejected", "held", "refused", "loaded", "missing", "running",
    ]  # fmt: skip
    assert [each.files for each in one.days] == [1, 2, 2, 2, 1, 0, 2]


def test_a_file_that_came_early_or_late_was_not_missing_on_its_day(inbox):
    send_files(inbox, "acme")
    begun(inbox, 90)
    came(inbox, "acme", "roster", at("2026-03-05T20:00"))  # of the 6th, on the day before the first that is told
    came(inbox, "acme", "roster", at("2026-03-07T05:00"))
    came(inbox, "acme", "roster", at("2026-03-08T17:30"))  # late, on its day
    came(inbox, "acme", "roster", at("2026-03-08T22:00"))  # early, of the 9th
    assert fates(inbox) == ["none", "loaded", "loaded", "none", "missing", "missing", "missing"]


def test_nothing_is_missing_before_there_was_a_feed_nor_before_its_time_nor_without_a_promise(inbox, roster):
    send_files(inbox, "acme")
    begun(inbox, 3)
    came(inbox, "acme", "roster", at("2026-03-11T05:00"))
    assert fates(inbox) == ["none", "none", "none", "none", "missing", "loaded", "missing"]
    inbox.apply(roster)
    assert fates(inbox) == ["none"] * 5 + ["loaded", "none"]


def test_a_file_that_is_due_later_today_is_not_missing(inbox, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-12T05:59:00-05:00")
    send_files(inbox, "acme")
    begun(inbox, 90)
    assert fates(inbox, 2) == ["missing", "none"]


def test_corrections_and_archives_are_no_files_of_a_day(inbox):
    send_files(inbox, "acme")
    begun(inbox, 90)
    first = came(inbox, "acme", "roster", at("2026-03-11T05:00"))
    second = came(inbox, "acme", "roster", at("2026-03-12T05:00"), "held")
    inbox.sql("UPDATE imports SET corrects_import_id = %s WHERE id = %s RETURNING id", first, second)
    came(inbox, "acme", "roster", at("2026-03-12T04:00"), "unpacked")
    assert fates(inbox, 2) == ["loaded", "missing"]


def test_feeds_that_the_settings_have_lost_stand_there_while_a_file_does(inbox):
    send_files(inbox, "acme", ("roster", "leavers"))
    begun(inbox, 90)
    came(inbox, "acme", "leavers", at("2026-03-11T05:00"))
    send_files(inbox, "acme")
    assert [one.feed for one in told(inbox, 2)] == ["leavers", "roster"]
    assert [one.feed for one in told(inbox, 1)] == ["roster"]


def test_partners_stand_by_their_short_names_and_one_alone_where_it_is_asked_for(inbox):
    send_files(inbox, "globex")
    send_files(inbox, "acme", name="Zeta")
    assert [(one.partner, one.name) for one in told(inbox, 2)] == [
        ("acme", "Zeta"), ("globex", "ACME Manufacturing, Inc."),
    ]  # fmt: skip
    assert [one.partner for one in told(inbox, 2, "acme")] == ["acme"]
    with pytest.raises(NotFound):
        told(inbox, 2, "initech")
    inbox.sql("UPDATE partners SET status = 'deactivated' WHERE slug = 'globex' RETURNING id")
    assert [one.partner for one in told(inbox, 2)] == ["acme"]


def test_many_feeds_take_one_statement_more_than_who_asks(inbox, db):
    send_files(inbox, "acme", ("roster", "leavers", "joiners"))
    send_files(inbox, "globex", ("roster", "leavers"))
    told(inbox, 14)  # settings are read once
    said = []
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        event.listen(acting.session.connection(), "before_cursor_execute", lambda *told: said.append(told[2]))
        assert len(days_of(acting, 14)) == 5
    assert len([one for one in said if "imports" in one]) == 1
    assert len(said) <= 2


def test_settings_that_cannot_be_read_any_more_promise_nothing(inbox, monkeypatch):
    send_files(inbox, "acme")
    begun(inbox, 90)
    came(inbox, "acme", "roster", at("2026-03-11T05:00"))

    monkeypatch.setattr(promises, "_kept", {})
    monkeypatch.setattr(promises, "Expected", int)  # as of settings that were applied when other things were allowed
    assert fates(inbox, 2) == ["loaded", "none"]


def test_only_so_many_versions_are_kept_in_mind(inbox, monkeypatch):
    monkeypatch.setattr(promises, "MOST", 1)
    monkeypatch.setattr(promises, "_kept", {})
    for slug in ("acme", "globex"):
        send_files(inbox, slug)
        told(inbox, 2, slug)
    assert len(promises._kept) == 1
    assert len(told(inbox, 2)) == 2


def test_a_day_is_the_firms(inbox):
    inbox.sql("UPDATE firms SET time_zone = 'America/Chicago' RETURNING id")
    send_files(inbox, "acme")
    begun(inbox, 90)
    came(inbox, "acme", "roster", at("2026-03-11T23:30"))
    assert fates(inbox, 2) == ["loaded", "none"]
    inbox.sql("UPDATE firms SET time_zone = 'America/New_York' RETURNING id")
    assert fates(inbox, 2) == ["missing", "loaded"]
