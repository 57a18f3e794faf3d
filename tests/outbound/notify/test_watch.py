"""What needs people's eyes is told once to the firm's admins and the partner's contacts, and not when it is over."""

from __future__ import annotations

import pytest
from helpers.doing import do_jobs
from helpers.inbox import ROSTER
from sqlalchemy import insert, select, update

from gateway import clock
from gateway.db.models import Dispatch, FeedAlarm, FeedRow, Notification, Staff
from gateway.events import DeliveryFailing, ParcelDied
from gateway.jobs.kinds import enqueue
from outbound.notify import wording
from outbound.notify.watch import KINDS

[WATCH] = KINDS
CONTACTS = "contacts: {late: [late@acme.example], errors: [errors@acme.example]}\n"


@pytest.fixture
def watched(inbox, tenants):
    inbox.apply(ROSTER.format(partner="acme", firm="northgate") + CONTACTS)
    return inbox


@pytest.fixture
def tell(office, tenants, watched):
    """Have an event on record, and what it makes necessary done."""

    def do(event):
        with office.db.firm(tenants.northgate) as session:
            office.tell(session, tenants.northgate, event)
        do_jobs(office, ["normal"])

    return do


@pytest.fixture
def alarm(office, tenants, watched):
    def raised(kind="late", **more):
        with office.db.firm(tenants.northgate) as session:
            feed = session.scalars(select(FeedRow.id).where(FeedRow.partner_id == tenants.acme)).one()
            said = {"due": "2026-03-02T14:00:00+00:00", "last": "2026-02-24T03:00:00+00:00"}
            row = {"firm_id": tenants.northgate, "partner_id": tenants.acme, "feed_id": feed, "kind": kind}
            row |= {"due_on": clock.day_in("UTC", clock.now()), "said": said} | more
            return session.scalars(insert(FeedAlarm).values(row).returning(FeedAlarm.id)).one()

    return raised


def look(office):
    with office.db.system() as session:
        enqueue(session, WATCH, {}, firm_id=None)
    do_jobs(office, ["normal"])


def clear(office, tenants, alarm_id):
    with office.db.firm(tenants.northgate) as session:
        session.execute(update(FeedAlarm).where(FeedAlarm.id == alarm_id).values(cleared_at=clock.now()))


def told(office, tenants):
    """What is to be told, and to whom, by what, in which state."""
    with office.db.firm(tenants.northgate) as session:
        found = session.execute(
            select(
                Notification.template,
                Notification.priority,
                Staff.role,
                Dispatch.contact,
                Dispatch.channel,
                Dispatch.state,
            )
            .join(Dispatch, Dispatch.notification_id == Notification.id)
            .outerjoin(Staff, Staff.id == Dispatch.staff_id)
            .order_by(Dispatch.id)
        )
        return [(one[0], one[1], one[2] or one[3], *one[4:]) for one in found]


def words(office, tenants):
    """What is said to the first whom something is told."""
    with office.db.firm(tenants.northgate) as session:
        dispatch = session.scalars(select(Dispatch).where(Dispatch.staff_id.is_not(None)).order_by(Dispatch.id)).first()
        notification = session.get_one(Notification, (tenants.northgate, dispatch.notification_id))
        return wording.words_of(office, session, dispatch, notification)


def everybody(template, contact, priority="normal", state="waiting"):
    return [
        (template, priority, "admin", "email", state),
        (template, priority, "admin", "in_app", state),
        (template, priority, contact, "email", state),
    ]


def test_a_delivery_that_fails_is_told_to_admins_and_to_who_hears_of_errors(office, tenants, tell):
    tell(DeliveryFailing(partner_id=tenants.acme, delivery="receipts", percent=50, code="timed_out"))
    assert told(office, tenants) == everybody("delivery_failing", "errors")
    assert "50 %" in words(office, tenants).text


def test_a_delivery_that_is_switched_off_is_urgent(office, tenants, tell):
    tell(DeliveryFailing(partner_id=tenants.acme, delivery="receipts", percent=100, code="timed_out"))
    assert told(office, tenants) == everybody("delivery_failing", "errors", "urgent")


@pytest.mark.parametrize(("to", "count"), [(["firm"], 2), (["partner"], 1), ([], 0)])
def test_who_is_told_is_as_the_event_says(office, tenants, tell, to, count):
    tell(ParcelDied(partner_id=tenants.acme, delivery="receipts", code="refused", to=to))
    assert len(told(office, tenants)) == count


def test_a_parcel_that_was_given_up_is_told(office, tenants, tell):
    tell(ParcelDied(partner_id=tenants.acme, delivery="receipts", code="refused"))
    assert told(office, tenants) == everybody("parcel_dead", "errors")
    assert words(office, tenants).subject == "ACME Manufacturing, Inc.: a parcel of receipts was refused"


def test_each_event_is_told_once_and_the_next_one_again(office, tenants, tell):
    for percent in (50, 90):
        tell(DeliveryFailing(partner_id=tenants.acme, delivery="receipts", percent=percent, code="timed_out"))
    assert len(told(office, tenants)) == 6


def test_an_alarm_of_a_feed_is_told_once_to_admins_and_to_who_hears_of_late_files(office, tenants, alarm):
    alarm()
    look(office)
    look(office)
    assert told(office, tenants) == everybody("feed_late", "late")
    said = words(office, tenants)
    assert said.subject == "ACME Manufacturing, Inc.: the file for roster is late"
    assert "The last one came on February 23, 2026." in said.text  # in Chicago


@pytest.mark.parametrize("kind", ["late", "missing", "empty", "short"])
def test_every_kind_of_alarm_of_a_feed_has_words(office, tenants, alarm, kind):
    alarm(kind, said={"rows": 12, "usual": 480} if kind == "short" else {})
    look(office)
    assert "roster" in words(office, tenants).short


def test_a_place_that_cannot_be_reached_is_told(office, tenants, alarm):
    alarm(
        "unreachable", feed_id=None, due_on=None, said={"place": "sftp://sftp.acme.example/out", "why": "It is away."}
    )
    look(office)
    assert told(office, tenants) == everybody("place_unreachable", "late")
    said = words(office, tenants)
    assert "It is away." in said.text
    assert "sftp://" not in said.subject + said.short


def test_an_alarm_that_is_over_before_it_was_told_is_not_told(office, tenants, alarm):
    clear(office, tenants, alarm())
    alarm("short")
    look(office)
    assert told(office, tenants) == everybody("feed_short", "late")


def test_what_has_not_left_when_an_alarm_is_over_is_called_off(office, tenants, alarm):
    late, short = alarm(), alarm("short")
    look(office)
    with office.db.firm(tenants.northgate) as session:
        session.execute(update(Dispatch).where(Dispatch.channel == "in_app").values(state="delivered"))
    clear(office, tenants, late)
    look(office)
    states = {(one[0], one[3]): one[4] for one in told(office, tenants)}
    assert states == {
        ("feed_late", "email"): "cancelled",
        ("feed_late", "in_app"): "delivered",
        ("feed_short", "email"): "waiting",
        ("feed_short", "in_app"): "delivered",
    }
    assert short != late


def test_partners_without_contacts_and_admins_who_left_are_not_asked_for(office, tenants, alarm, inbox):
    inbox.apply(ROSTER.format(partner="acme", firm="northgate"))
    alarm()
    look(office)
    assert [one[2] for one in told(office, tenants)] == ["admin", "admin"]


def test_where_nobody_can_be_told_nothing_is_made(office, tenants, alarm, inbox):
    inbox.apply(ROSTER.format(partner="acme", firm="northgate"))
    inbox.sql("UPDATE staff SET active = false WHERE role = 'admin' RETURNING id")
    alarm()
    look(office)
    assert told(office, tenants) == []


def test_another_firms_admins_hear_nothing(office, tenants, tell):
    tell(ParcelDied(partner_id=tenants.acme, delivery="receipts", code="refused"))
    with office.db.firm(tenants.harbor) as session:
        assert session.scalars(select(Dispatch)).all() == []
