"""Nobody who was erased leaves any more, and nothing is kept longer than it must be."""

import json
import os
from uuid import uuid4

import pytest
from helpers.inbox import ME, people, person
from sqlalchemy import text

from gateway.domain.people.erasure import erase
from gateway.domain.upkeep import strays
from gateway.domain.upkeep.health import examine
from gateway.errors import Gone
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job
from gateway.wings import ERASERS
from outbound import desk, erasing, making

ROSTER = '  people: {{report: enrollment_status, trigger: after_import, format: {{type: json}}, carrier: {{via: https, url: "{url}", secret: ACME_HOOK}}}}\n'


@pytest.fixture
def erased(office, tenants, inbox):
    def erasing_one(employee):
        [(client_id,)] = inbox.sql("SELECT id FROM clients WHERE employee_id = %s", employee)
        with office.acting(tenants.northgate, ME) as acting:
            return erase(acting, client_id, "asked for", ERASERS)

    return erasing_one


@pytest.fixture
def retired(office):
    return lambda: erasing.retire(Handling(office, Job(uuid4(), None, "deliveries.retire", {}, 1, 1, "tests", None)))


def stored(office):
    return [path.name for path in (office.settings.data_dir / "files").rglob("parcels/*/*")]


def test_what_waits_is_made_anew_without_who_was_erased(partner, receiver, work, inbox, erased, passing, parcels):
    receiver.answer = lambda _one: 503
    partner(ROSTER.format(url=receiver.url)).drop("roster_20260301.csv", people(3))
    work()
    [before] = receiver.received
    assert b"E2" in before.body
    assert erased("E2").counts["parcels"] == 1
    assert parcels("state, storage_key, name, edition") == [("waiting", None, None, 2)]
    assert inbox.sql("SELECT answer FROM parcel_attempts") == [(None,)]
    receiver.answer = lambda _one: 200
    passing(minutes=1)
    work()
    [after] = receiver.taken
    assert after.id == before.id
    assert {"E1", "E3"} <= set(after.body.decode().replace('"', " ").split())
    assert b"E2" not in after.body


def test_what_has_left_is_destroyed_and_cannot_be_sent_again(partner, receiver, work, erased, parcels, office, tenants):
    partner(ROSTER.format(url=receiver.url)).drop("roster_20260301.csv", people(3))
    work()
    assert len(stored(office)) == 1
    erased("E2")
    assert stored(office) == []
    [(parcel_id, state, key, is_destroyed)] = parcels("id, state, storage_key, destroyed_at IS NOT NULL")
    assert (state, key, is_destroyed) == ("sent", None, True)
    with pytest.raises(Gone), office.acting(tenants.northgate, ME) as acting:
        desk.replay(acting, parcel_id)


def test_of_events_those_go_that_name_the_person(partner, receiver, work, erased, parcels, inbox):
    partner()
    inbox.drop("roster_20260301.csv", [person(1)])
    inbox.drop("roster_20260302.csv", [person(1), person(2)])
    work()
    assert [len(json.loads(one.body)["data"]["records"]) for one in receiver.taken] == [1, 1]
    erased("E1")
    assert parcels("destroyed_at IS NOT NULL")[:2] == [(True,), (False,)]


def test_an_erasure_amid_the_making_leaves_nothing_of_before(
    partner, receiver, work, inbox, erased, office, monkeypatch
):
    """The person is erased after the bytes were stored and before they are on record."""
    noted = making.note_recording
    done = []

    def erase_first(session, firm_id):
        if not done:
            done.append(erased("E2"))
        noted(session, firm_id)

    monkeypatch.setattr(making, "note_recording", erase_first)
    partner(ROSTER.format(url=receiver.url)).drop("roster_20260301.csv", people(3))
    work()
    with office.db.system() as session:
        session.execute(text("UPDATE jobs SET not_before = gateway_now() WHERE state = 'waiting'"))
    work()
    [got] = receiver.taken
    assert b"E2" not in got.body


def test_what_left_is_kept_for_90_days_and_its_account_for_400(
    partner, receiver, work, passing, retired, parcels, office, inbox
):
    partner().drop("roster_20260301.csv", people(1))
    work()
    passing(days=89)
    retired()
    assert len(stored(office)) == 1
    passing(days=2)
    retired()
    assert stored(office) == []
    assert parcels("state, destroyed_at IS NOT NULL") == [("sent", True)]
    passing(days=310)
    retired()
    assert parcels() == []
    assert inbox.sql("SELECT count(*) FROM parcel_attempts") == [(0,)]


def test_what_waits_is_kept_however_long_and_is_no_stray(partner, receiver, work, passing, retired, parcels, office):
    receiver.answer = lambda _one: 410
    partner().drop("roster_20260301.csv", people(1))
    work()
    passing(days=500)
    retired()
    assert parcels("state, storage_key IS NOT NULL") == [("waiting", True)]
    for path in (office.settings.data_dir / "files").rglob("*"):
        os.utime(path, (0, 0))
    assert strays.find(office.db, office.store).in_firms == 0
    assert len(stored(office)) == 1


def test_doctor_says_what_is_disabled(partner, receiver, work, settings, passing):
    def told():
        check = {one.name: one for one in examine(settings)}["deliveries"]
        return check.level, check.found

    partner().drop("roster_20260301.csv", people(1))
    work()
    assert told()[0] == "ok"
    receiver.answer = lambda _one: 503
    partner().drop("roster_20260302.csv", [person(1, salary="1")])
    work()
    assert told() == ("warning", "Not reached at the moment: acme/changes.")
    receiver.answer = lambda _one: 410
    passing(minutes=1)
    work()
    assert told() == ("problem", "Nothing is sent any more for acme/changes.")


MAILED = "  people: {{report: enrollment_status, trigger: after_import, format: {{type: json}}, carrier: {{via: email, to: [hr@acme.example]}}}}\n"


def test_mail_that_was_put_into_a_folder_goes_with_who_was_erased(partner, work, erased, office):
    partner(MAILED.format()).drop("roster_20260301.csv", people(3))
    work()
    assert len(list((office.settings.data_dir / "sent").iterdir())) == 1
    erased("E2")
    assert list((office.settings.data_dir / "sent").iterdir()) == []


def test_mail_that_was_put_into_a_folder_goes_after_a_week(partner, work, retired, passing, office):
    partner(MAILED.format()).drop("roster_20260301.csv", people(3))
    work()
    folder = office.settings.data_dir / "sent"
    (folder / ".broken-off.part").touch()
    passing(days=6)
    retired()
    assert len(list(folder.iterdir())) == 2
    passing(days=2)
    retired()
    assert list(folder.iterdir()) == []
