"""Parcels leave in order, one at a time; a failure means what its class says, and every attempt is on record."""

import json
from datetime import timedelta

import pytest
from helpers.inbox import people, person

from gateway import clock
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import LeaseLost
from gateway.jobs.worker import _handle
from gateway.wings import KINDS
from outbound import carrying, ladder


def in_order(received):
    ids = [one.id for one in received]
    return ids == sorted(ids)


def changes(partner, count):
    """So many events of people, each of which is a parcel."""
    inbox = partner()
    for number in range(count):
        inbox.drop(f"roster_202603{number + 1:02}.csv", [person(1, salary=str(50_000 + number))])
    return inbox


def test_a_change_leaves_as_a_signed_message(partner, receiver, work, parcels):
    partner().drop("roster_20260301.csv", people(2))
    work()
    [message] = receiver.received
    told = json.loads(message.body)
    assert told["type"] == "client.updated"
    assert told["data"]["change"] == "created"
    assert [one["employee_id"] for one in told["data"]["records"]] == ["E1", "E2"]
    assert parcels("state, attempts, id::text") == [("sent", 1, message.id)]


def test_nothing_leaves_for_a_partner_without_deliveries(inbox, receiver, work):
    inbox.drop("roster_20260301.csv", people(2))
    assert inbox.sql("SELECT count(*) FROM jobs WHERE starts_with(kind, 'events.')") == [(0,)]
    work()
    assert inbox.sql("SELECT count(*) FROM parcels") == [(0,)]


def test_an_endpoint_that_is_down_for_three_days_gets_everything_afterwards_in_order(
    partner, receiver, work, passing, parcels, line
):
    receiver.answer = lambda _one: 503
    inbox = changes(partner, 3)
    work()
    assert len(receiver.received) == 1, "the others wait behind the first"
    ended = clock.now() + timedelta(days=3)
    while clock.now() < ended:
        passing(hours=1)
        work()
    assert line("failures > 8, disabled_at IS NULL, warned") == (True, True, 50)
    assert receiver.taken == []
    receiver.answer = lambda _one: 200
    passing(hours=10)
    work()
    assert [row[0] for row in parcels()] == ["sent"] * 3
    assert in_order(receiver.taken)
    assert [one.id for one in receiver.taken] == [row[0] for row in parcels("id::text")]
    attempts = inbox.sql(
        "SELECT outcome, answer IS NOT NULL, seconds >= 0 FROM parcel_attempts ORDER BY parcel_id, number"
    )
    assert len(attempts) == len(receiver.received)
    assert attempts[-3:] == [("delivered", True, True)] * 3
    assert set(attempts[:-3]) == {("unreachable", True, True)}
    assert len({one.id for one in receiver.received[:-2]}) == 1, "the first one alone was tried"


def test_the_ladder_of_an_endpoint_that_is_down_repeats_its_last_step(partner, receiver, work, at, line):
    receiver.answer = lambda _one: 503
    begun = at(clock.now())
    changes(partner, 1)
    work()
    waits = []
    for _ in range(9):
        [due] = line("next_at")
        waits.append(due - clock.now())
        at(due)
        work()
    assert waits == [*ladder.LADDER, *[ladder.LADDER[-1]] * 2]
    assert line("failing_since") == (begun,)


@pytest.mark.parametrize(
    ("status", "said", "waits"),
    [(503, "3600", 3_600), (429, "7200", 7_200), (503, "{date:%a, %d %b %Y %H:%M:%S GMT}", 1_800), (503, "2", 5), (503, "9" * 30, 86_400), (500, "3600", 5)],
)  # fmt: skip
def test_who_asks_to_be_left_alone_is_left_alone_where_that_is_longer_than_the_ladder(
    partner, receiver, work, at, line, inbox, status, said, waits
):
    now = at(clock.now().replace(microsecond=0))
    told = said.format(date=now + timedelta(minutes=30))
    receiver.answer = lambda _one: (status, b"later", {"retry-after": told})
    changes(partner, 1)
    work()
    assert line("next_at") == (now + timedelta(seconds=waits),)
    asked = [one for (one,) in inbox.sql("SELECT asked_until - begun_at FROM parcel_attempts")]
    assert asked == [None if status == 500 else timedelta(seconds=2 if said == "2" else waits)]
    receiver.answer = lambda _one: 200
    at(now + timedelta(seconds=waits - 1))
    work()
    assert receiver.taken == []
    at(now + timedelta(seconds=waits))
    work()
    assert len(receiver.taken) == 1


def test_being_asked_to_wait_does_not_stretch_the_five_days(partner, receiver, work, at, line):
    receiver.answer = lambda _one: (503, b"later", {"retry-after": "99999999"})
    begun = at(clock.now())
    changes(partner, 1)
    work()
    while line("disabled_at") == (None,):
        at(line("next_at")[0])
        work()
    assert clock.now() - begun == ladder.PATIENCE
    assert len(receiver.received) == 6, "once a day"


def test_five_days_of_failure_disable_the_line_after_three_notices(partner, receiver, work, at, line, parcels):
    receiver.answer = lambda _one: (500, b"no", {})
    begun = at(clock.now())
    inbox = changes(partner, 2)
    work()
    while line("disabled_at") == (None,):
        at(line("next_at")[0])
        work()
    assert clock.now() - begun == ladder.PATIENCE
    assert line("disabled_code") == ("unreachable",)
    told = inbox.sql("SELECT said FROM events WHERE kind = 'delivery.failing' ORDER BY seq")
    assert [said["percent"] for (said,) in told] == [50, 90, 100]
    assert {said["code"] for (said,) in told} == {"http_refused"}
    at(clock.now() + timedelta(days=30))
    seen = len(receiver.received)
    work()
    assert len(receiver.received) == seen
    assert [state for state, _ in parcels()] == ["waiting", "waiting"]


def test_gone_disables_at_once(partner, receiver, work, passing, line, parcels):
    receiver.answer = lambda _one: 410
    inbox = changes(partner, 2)
    work()
    assert line("disabled_code, disabled_at IS NOT NULL") == ("closed", True)
    passing(days=1)
    work()
    assert len(receiver.received) == 1
    assert inbox.sql("SELECT outcome FROM parcel_attempts") == [("closed",)]
    assert inbox.sql("SELECT said->>'percent' FROM events WHERE kind = 'delivery.failing'") == [("100",)]
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE action = 'delivery.disable'") == [(1,)]


def test_a_parcel_that_is_declined_climbs_the_ladder_and_dies_and_the_next_one_goes(
    partner, receiver, work, at, parcels, inbox
):
    changes(partner, 2)
    first = []
    receiver.answer = lambda one: 422 if one.id == (first or [first.append(one.id) or one.id])[0] else 200
    at(clock.now())
    work()
    waits = []
    while (due := inbox.sql("SELECT next_at FROM parcels ORDER BY id LIMIT 1")[0][0]) is not None:
        waits.append(due - clock.now())
        assert receiver.taken == []
        at(due)
        work()
    assert tuple(waits) == ladder.LADDER
    assert parcels() == [("dead", 8), ("sent", 1)]
    assert inbox.sql("SELECT said->>'code' FROM events WHERE kind = 'parcel.dead'") == [("http_declined",)]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, "declined"), (413, "declined"), (302, "unreachable"), (401, "unreachable"), (404, "unreachable"), (429, "unreachable"), (500, "unreachable")],
)  # fmt: skip
def test_what_an_answer_means(partner, receiver, work, inbox, status, outcome):
    receiver.answer = lambda _one: (status, b"", {"location": "http://127.0.0.1/elsewhere"})
    changes(partner, 1)
    work()
    assert inbox.sql("SELECT outcome FROM parcel_attempts") == [(outcome,)]
    assert len(receiver.received) == 1


def test_many_records_of_one_event_are_split(partner, receiver, work, parcels):
    partner().drop("roster_20260301.csv", people(250))
    work()
    told = [json.loads(one.body)["data"]["records"] for one in receiver.taken]
    assert [len(records) for records in told] == [100, 100, 50]
    assert len({one["client_id"] for records in told for one in records}) == 250


def test_whoever_lost_the_job_begins_nothing(partner, receiver, office, inbox):
    partner().drop("roster_20260301.csv", people(1))
    claims = Claims(office.db, "deliveries", "tests", timedelta(seconds=30))
    while (job := claims.next()).kind != carrying.CARRY.name:
        _handle(Handling(office, job), KINDS[job.kind])
    inbox.sql("UPDATE jobs SET attempts = attempts + 1 WHERE id = %s", job.id)
    with pytest.raises(LeaseLost):
        carrying.carry(Handling(office, job))
    assert receiver.received == []
    assert inbox.sql("SELECT count(*) FROM parcel_attempts") == [(0,)]


def test_mail_goes_to_whoever_the_settings_in_force_name_as_contacts(partner, work, settings, inbox):
    mail = "  changes: {{trigger: on_change, events: [client.updated], carrier: {{via: email, to: contacts.late}}}}\ncontacts: {{late: [{who}@acme.example]}}\n"
    for number, who in enumerate(("hr", "new")):
        partner(mail.format(who=who)).drop(f"roster_2026030{number + 1}.csv", [person(1, salary=str(50_000 + number))])
        work()
    folder = settings.data_dir / "sent"
    names = inbox.sql("SELECT id::text FROM parcels ORDER BY id")
    said = [(folder / f"{one}.eml").read_text() for (one,) in names]
    assert ["To: hr@acme.example\n" in said[0], "To: new@acme.example\n" in said[1]] == [True, True]
