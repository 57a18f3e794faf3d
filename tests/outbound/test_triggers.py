"""When something leaves: after an import, when something changes, and by the clock; each time once."""

import csv
import io
import json
import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from helpers.inbox import ME, people, person
from sqlalchemy import text

from gateway.domain.partners import outbox
from gateway.events import CaseMoved
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job
from gateway.office import Actor
from outbound import desk, triggers

RECEIPTS = "  receipts: {report: import_receipt, trigger: after_import, file: '{file}.receipt.{suffix}', carrier: {via: download}}\n"
DAILY = '  daily: {report: enrollment_status, schedule: "0 6 * * *", format: {type: json}, carrier: {via: download}}\n'


@pytest.fixture
def lying(office, tenants):
    """What waits in acme's outbox: names and contents, the oldest first."""

    def look():
        with office.acting(tenants.northgate, Actor("system", "test")) as acting:
            found = outbox.listed(acting, tenants.acme)[::-1]
            return [(one.name, b"".join(outbox.read(acting, tenants.acme, one.id))) for one in found]

    return look


@pytest.fixture
def tick(office):
    """What the scheduler's job does."""
    return lambda: triggers.make_due(
        Handling(office, Job(uuid4(), None, "deliveries.schedule", {}, 1, 1, "tests", None))
    )


def utc(words):
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


def test_a_receipt_is_laid_out_after_each_import_that_ended(partner, work, lying):
    inbox = partner(RECEIPTS)
    inbox.drop("roster_20260301.csv", people(30))
    inbox.drop("roster_20260302.csv", people(5))  # held: too many vanish
    work()
    [(name, content)] = lying()
    assert name == "roster_20260301.receipt.csv"
    [row] = csv.DictReader(io.StringIO(content.decode()))
    assert (row["state"], row["read"], row["partner"]) == ("loaded", "30", "acme")


def test_only_the_named_feeds_have_receipts(partner, work, lying, inbox, roster):
    other = (
        roster.replace("  roster:", "  other:")
        .replace('"roster*.csv"', '"other*.csv"')
        .replace("roster_%Y", "other_%Y")
    )
    feeds = other.partition("feeds:\n")[2]
    inbox.apply(f"{roster}\n{feeds}\ndeliveries:\n{RECEIPTS.replace('after_import,', 'after_import, feeds: [other],')}")
    inbox.drop("roster_20260301.csv", people(2))
    inbox.drop("other_20260301.csv", people(3))
    work()
    assert [name for name, _ in lying()] == ["other_20260301.receipt.csv"]


def test_a_change_of_a_stage_says_from_where_to_where(partner, office, tenants, receiver, work, inbox):
    partner().drop("roster_20260301.csv", people(1))
    work()
    receiver.taken.clear()
    partner(
        f"  changes: {{trigger: on_change, events: [case.stage_changed], carrier: {{via: https, url: '{receiver.url}', secret: ACME_HOOK}}}}\n"
    )
    with office.db.firm(tenants.northgate) as session:
        case_id = session.scalar(
            text(
                "INSERT INTO cases (firm_id, partner_id, case_number, client_id, stage) SELECT firm_id, partner_id, 'NG-1', id, 'filed' FROM clients RETURNING id"
            )
        )
        office.tell(
            session,
            tenants.northgate,
            CaseMoved(partner_id=tenants.acme, records=[case_id], before="drafting", after="filed"),
        )
    work()
    [message] = receiver.taken
    told = json.loads(message.body)
    assert told["type"] == "case.stage_changed"
    assert (told["data"]["before"], told["data"]["after"]) == ("drafting", "filed")
    [record] = told["data"]["records"]
    assert (record["case_number"], record["employee_id"], record["case_id"]) == ("NG-1", "E1", str(case_id))


def test_nothing_sensitive_is_told(partner, receiver, work):
    receiver_url = (
        f"  changes: {{trigger: on_change, carrier: {{via: https, url: '{receiver.url}', secret: ACME_HOOK}}}}\n"
    )
    partner(receiver_url).drop(
        "roster_20260301.csv",
        [person(1, salary="98765.43", ssn="123-45-6789", passport="P7654321", passport_expiry="03/01/2030")],
    )
    work()
    types = [json.loads(one.body)["type"] for one in receiver.taken]
    assert sorted(types) == ["client.updated", "document.changed", "import.ended"]
    assert types[-1] == "import.ended"
    sent = b"".join(one.body for one in receiver.taken)
    for secret in (b"123456789", b"6789", b"7654321", b"Name1", b"98765.43"):
        assert secret not in sent


def test_what_was_told_while_there_were_no_deliveries_does_not_leave_later(partner, inbox, roster, receiver, work):
    partner().drop("roster_20260301.csv", people(1))
    work()
    inbox.apply(roster)
    inbox.drop("roster_20260302.csv", [person(1, salary="1")])
    work()
    partner().drop("roster_20260303.csv", [person(1, salary="2")])
    work()
    assert len(receiver.taken) == 2


def test_a_schedule_is_kept_in_the_partners_zone(partner, work, tick, at, lying, parcels):
    partner(DAILY).drop("roster_20260301.csv", people(2))
    at(utc("2026-03-02 11:00"))
    tick()
    assert parcels() == [], "a new schedule owes nothing of before"
    at(utc("2026-03-02 11:59:59"))  # 05:59:59 in Chicago
    tick()
    assert parcels() == []
    at(utc("2026-03-02 12:00"))
    tick()
    tick()
    work(["deliveries"])
    assert parcels("state, due_at") == [("sent", utc("2026-03-02 12:00"))]
    [(name, content)] = lying()
    assert name.startswith("daily_20260302_")
    assert len(json.loads(content)) == 2


def test_what_was_missed_is_one_parcel_and_a_changed_schedule_owes_nothing(partner, tick, at, parcels):
    partner(DAILY)
    at(utc("2026-03-02 12:30"))
    tick()
    at(utc("2026-03-09 13:00"))
    tick()
    tick()
    assert parcels("due_at") == [(utc("2026-03-09 11:00"),)]  # summer time since the day before
    partner(DAILY.replace("0 6", "30 6"))
    tick()
    assert len(parcels()) == 1


def test_two_schedulers_make_each_parcel_once(partner, tick, at, parcels):
    partner(DAILY.replace("0 6 * * *", "* * * * *"))
    at(utc("2026-03-02 12:00"))
    tick()
    for minute in range(1, 6):
        at(utc("2026-03-02 12:00") + timedelta(minutes=minute))
        threads = [threading.Thread(target=tick) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [due.minute for (due,) in parcels("due_at")] == [1, 2, 3, 4, 5]


def test_a_report_is_made_when_it_is_due_although_the_line_waits(partner, work, at, tick, parcels, receiver, inbox):
    receiver.answer = lambda _one: 503
    partner(DAILY.replace("{via: download}", f"{{via: https, url: '{receiver.url}', secret: ACME_HOOK}}"))
    inbox.drop("roster_20260301.csv", people(2))
    at(utc("2026-03-02 11:00"))
    tick()
    for day, count in ((2, 2), (3, 3)):
        inbox.drop(f"roster_2026030{day}.csv", people(count))
        at(utc(f"2026-03-{day:02} 13:00"))
        tick()
        work(["deliveries"])
    receiver.answer = lambda _one: 200
    at(utc("2026-03-04 00:00"))
    work(["deliveries"])
    assert [len(json.loads(one.body)) for one in receiver.taken] == [2, 3]


def test_a_delivery_that_the_settings_no_longer_have_waits_until_it_is_there_again(
    partner, inbox, roster, receiver, work, line, office, tenants
):
    receiver.answer = lambda _one: 503
    partner().drop("roster_20260301.csv", people(1))
    work()
    inbox.apply(roster)
    with office.acting(tenants.northgate, ME) as acting:
        desk.resume(acting, "acme", "changes")
    work()
    assert line("disabled_code") == ("not_in_settings",)
    receiver.answer = lambda _one: 200
    partner()
    with office.acting(tenants.northgate, ME) as acting:
        assert desk.resume(acting, "acme", "changes") == 1
    work()
    assert len(receiver.taken) == 1


def test_a_parcel_that_cannot_be_made_climbs_alone(partner, receiver, work, inbox, parcels):
    """The form cannot hold what the report says."""
    form = "{type: csv, columns: [{from: state, map: {refused: R}}]}"
    partner(
        f"  receipts: {{report: import_receipt, trigger: after_import, format: {form}, carrier: {{via: download}}}}\n"
    )
    inbox.drop("roster_20260301.csv", people(1))
    work()
    assert parcels("state, steps, storage_key") == [("waiting", 1, None)]
    [(outcome, code, answer)] = inbox.sql("SELECT outcome, code, answer FROM parcel_attempts")
    assert (outcome, code) == ("declined", "form_unfit")
    assert "map" in answer


def test_what_lies_in_the_outbox_does_not_come_to_lie_there_twice(partner, work, lying, parcels, office, tenants):
    """A worker may have died after it lay there, or somebody replays it."""
    partner(RECEIPTS).drop("roster_20260301.csv", people(1))
    work()
    [(parcel_id,)] = parcels("id")
    with office.acting(tenants.northgate, ME) as acting:
        desk.replay(acting, parcel_id)
    work()
    assert parcels() == [("sent", 2)]
    assert len(lying()) == 1


def test_a_delivery_that_is_added_begins_with_what_is_told_from_then_on(partner, receiver, work, inbox, lying):
    partner(RECEIPTS).drop("roster_20260301.csv", people(1))
    url = f"  changes: {{trigger: on_change, events: [client.updated], carrier: {{via: https, url: '{receiver.url}', secret: ACME_HOOK}}}}\n"
    partner(RECEIPTS + url)
    inbox.drop("roster_20260302.csv", [person(1, salary="1")])
    work()
    assert len(lying()) == 2
    [message] = receiver.taken
    assert json.loads(message.body)["data"]["change"] == "updated"
