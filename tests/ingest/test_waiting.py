"""What of a firm's files waits for a person, until somebody has seen to it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from helpers.inbox import ME, as_csv, people, person

from gateway import clock
from gateway.db.models import FeedAlarm, FeedRow
from gateway.domain.links import repairs
from gateway.domain.partners.homes import find_home
from ingest import waiting as module
from ingest.waiting import waiting


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


@pytest.fixture
def look(acme):
    def seen():
        with acme.office.acting(acme.firm_id, ME) as acting:
            return waiting(acting)

    return seen


def bad(count, *numbers):
    return [person(n) | {"DOB": "soon"} if n in numbers else person(n) for n in range(1, count + 1)]


def test_rows_wait_until_a_correction_of_them_is_loaded(acme, look):
    told = acme.drop("roster_20260301.csv", bad(10, 3, 4))
    [one] = look().unrepaired
    assert (str(one.import_id), one.partner, one.file, one.problems) == (
        told["import_id"],
        "acme",
        "roster_20260301.csv",
        2,
    )
    assert one.sentence == told["reason"]
    acme.drop("roster_20260302.csv", bad(10, 5))  # another file is no correction
    assert len(look().unrepaired) == 2
    errors = Path(told["receipts"]["csv"]).read_text(encoding="utf-8-sig").replace("soon", "02/03/1980")
    corrected = acme.drop("errors.csv", errors.encode())
    assert (corrected["corrects"], corrected["state"]) == (told["import_id"], "loaded")
    assert [one.file for one in look().unrepaired] == ["roster_20260302.csv"]


def test_rows_tell_of_the_newest_file_of_their_feed_that_is_loaded(acme, look):
    acme.drop("roster_20260301.csv", bad(10, 3))
    told = acme.drop("roster_20260302.csv", bad(11, 3))
    held = acme.drop("roster_20260303.csv", people(2))
    assert [one.newer for one in look().unrepaired] == ["roster_20260302.csv", None]
    assert acme.release(held)["state"] == "released"
    assert [one.newer for one in look().unrepaired] == ["roster_20260303.csv"] * 2
    errors = Path(told["receipts"]["csv"]).read_text(encoding="utf-8-sig").replace("soon", "02/03/1980")
    acme.drop("errors.csv", errors.encode())  # is no newer than what it corrects
    assert [one.newer for one in look().unrepaired] == ["roster_20260303.csv"]


def test_rows_that_a_correction_leaves_out_still_wait_and_are_counted(acme, look):
    told = acme.drop("roster_20260301.csv", bad(10, 3, 4))
    header, first, _ = Path(told["receipts"]["csv"]).read_text(encoding="utf-8-sig").splitlines()
    assert [one.left for one in look().unrepaired] == [2]
    acme.drop("errors.csv", "\n".join([header, first.replace("soon", "02/03/1980")]).encode())
    assert [(one.file, one.left) for one in look().unrepaired] == [("roster_20260301.csv", 1)]


def test_rejected_rows_of_a_file_that_was_held_wait_once_it_is_released(acme, look):
    acme.drop("roster_20260301.csv", people(20))
    held = acme.drop("roster_20260302.csv", bad(3, 2))
    assert (held["state"], look().unrepaired) == ("held", [])
    assert acme.release(held)["state"] == "released"
    assert [(one.file, one.left) for one in look().unrepaired] == [("roster_20260302.csv", 1)]


def test_rows_to_which_the_partner_asks_for_a_new_link_wait_however_old_their_file_is(acme, look, monkeypatch):
    told = acme.drop("roster_20260301.csv", bad(10, 3))
    with acme.office.acting(acme.firm_id, ME) as acting:
        link, _ = repairs.make(acting, UUID(told["import_id"]), find_home(acme.office, "acme").partner_id)
        link_id = link.id
    then = clock.now() + repairs.LASTS + timedelta(days=1)
    monkeypatch.setenv("GATEWAY_NOW", then.isoformat())
    assert look().number == 0
    with acme.office.acting(acme.firm_id, ME) as acting:
        repairs.ask_again(acting, link_id)
    assert [(one.file, one.is_asked) for one in look().unrepaired] == [("roster_20260301.csv", True)]
    monkeypatch.setenv("GATEWAY_NOW", (then + module.FRESH + timedelta(days=1)).isoformat())
    assert look().number == 0


def test_held_files_wait_until_they_are_decided_about_however_long(acme, look, monkeypatch):
    acme.drop("roster_20260301.csv", people(20))
    first = acme.drop("roster_20260302.csv", people(2))
    acme.drop("roster_20260303.csv", people(3))
    assert [one.file for one in look().held] == ["roster_20260302.csv", "roster_20260303.csv"]
    later = datetime.now(UTC) + module.FRESH + timedelta(days=1)  # noqa: TID251 - the real clock, from which we pretend
    monkeypatch.setenv("GATEWAY_NOW", later.isoformat())
    assert len(look().held) == 2
    acme.refuse(first, "By mistake")
    assert [one.file for one in look().held] == ["roster_20260303.csv"]


def test_what_was_never_repaired_is_asked_for_no_longer_than_two_weeks(acme, look, monkeypatch):
    acme.drop("roster_20260301.csv", bad(10, 3))
    for days, there in ((13, 1), (15, 0)):
        then = datetime.now(UTC) + timedelta(days=days)  # noqa: TID251 - the real clock, from which we pretend
        monkeypatch.setenv("GATEWAY_NOW", then.isoformat())
        assert look().number == there, days


def test_a_feed_that_owes_a_file_waits_until_it_has_come(acme, look, db):
    acme.drop("roster_20260301.csv", people(3))
    with db.system() as session:
        feed = session.query(FeedRow).one()
        owed = FeedAlarm(
            firm_id=feed.firm_id,
            partner_id=feed.partner_id,
            feed_id=feed.id,
            kind="late",
            due_on=date(2026, 3, 2),
            said={},
        )
        session.add(owed)
    [one] = look().owed
    assert (one.partner, one.feed, one.kind, one.day) == ("acme", "roster", "late", date(2026, 3, 2))
    with db.system() as session:
        session.query(FeedAlarm).one().cleared_at = one.since
    assert look().number == 0


def test_no_more_are_listed_than_somebody_reads(acme, look, monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    acme.drop("roster_20260301.csv", people(20))
    for day in range(2, 7):
        acme.drop(f"roster_2026030{day}.csv", as_csv(people(day % 3 + 1)))
    assert len(look().held) == 3  # one more than is shown says that there are others
