"""Notifications on request: whom they find, what they refuse with a place, how they stand, and calling them off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers.inbox import ROSTER, Inbox, people
from sqlalchemy import select, update

from gateway import clock
from gateway.db.models import AuditEntry, Client, Dispatch, Notification, Wall
from gateway.errors import Faulty, NotFound
from gateway.office import Actor
from outbound.notify import service
from outbound.notify.asking import Addressee
from outbound.notify.given import unsealed
from outbound.notify.service import Wanted
from outbound.notify.templates.shapes import Announcement

DATA = {"title": "Closed on Friday", "paragraphs": ["We are back on Monday."]}
STAFF = Addressee(staff="paralegal@northgate.example")
CLIENT = Addressee(client="E1", partner="acme")
LATE = Addressee(contact="late", partner="acme")

pytestmark = pytest.mark.usefixtures("channels")


@pytest.fixture
def furnished(inbox):
    inbox.apply(ROSTER.format(partner="acme", firm="northgate") + "contacts: {late: [hr@acme.example]}\n")
    inbox.drop("roster_20260301.csv", people(3))
    return inbox


@pytest.fixture
def partner(office, tenants):
    """A program of acme's at work."""
    actor = Actor("partner", "acme", tenants.acme, "test", tenants.acme)
    return lambda: office.acting(tenants.northgate, actor)


def send(at_work, *recipients, **more):
    with at_work() as acting:
        return service.send(
            acting, Wanted(recipients, more.pop("template", "announcement"), more.pop("data", DATA), **more)
        )


def refused(at_work, *recipients, **more):
    with pytest.raises(Faulty) as problem:
        send(at_work, *recipients, **more)
    assert problem.value.code == "notification_wrong"
    return problem.value.faults


def client_id(inbox, key="E1"):
    [(found,)] = inbox.sql("SELECT id FROM clients WHERE key = %s", key)
    return found


def test_the_command_names_staff_by_name_and_address(admin, gateway, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    made = send(admin, STAFF)
    assert "paralegal <paralegal@northgate.example>" in gateway("notice", "status", made.id).stdout


def test_everybody_who_is_named_is_told_by_what_is_usual(admin, furnished):
    made = send(admin, STAFF, CLIENT, LATE)
    with admin() as acting:
        account = service.look(acting, made.id)
    assert [(one.to, one.channel, one.state) for one in account.dispatches] == [
        ("staff", "email", "waiting"),
        ("staff", "in_app", "waiting"),
        ("client", "email", "waiting"),
        ("contact", "email", "waiting"),
    ]
    assert account.counts == {"email": {"waiting": 3}, "in_app": {"waiting": 1}}


def test_people_are_found_by_their_ids_too(admin, furnished, tenants):
    made = send(
        admin,
        Addressee(staff=str(tenants.staff["viewer"])),
        Addressee(client=str(client_id(furnished))),
        channels=["email"],
    )
    with admin() as acting:
        found = service.look(acting, made.id).dispatches
    assert [one.staff_id or one.client_id for one in found] == [tenants.staff["viewer"], client_id(furnished)]


def test_nobody_is_told_twice(admin, furnished, tenants):
    same = Addressee(staff=str(tenants.staff["paralegal"]))
    assert (
        send(admin, STAFF, same, Addressee(staff="Paralegal@Northgate.example"), channels=["email", "email"]).dispatches
        == 1
    )


def test_what_is_said_lies_sealed(admin, furnished, all_rows):
    made = send(admin, STAFF)
    assert not any("Friday" in row for rows in all_rows().values() for row in rows)
    with admin() as acting:
        one = acting.session.scalars(select(Notification).where(Notification.id == made.id)).one()
        assert unsealed(acting.cipher, one.data, Announcement) == Announcement(**DATA)


def test_it_waits_for_its_time(admin, furnished):
    at = clock.now() + timedelta(days=3)
    made = send(admin, STAFF, scheduled_at=at)
    with admin() as acting:
        assert {one.not_before for one in service.look(acting, made.id).dispatches} == {at}


def test_every_fault_is_told_at_its_place_and_nothing_is_sent(admin, furnished, inbox):
    faults = refused(
        admin,
        Addressee(staff="nobody@northgate.example"),
        Addressee(client="E99", partner="acme"),
        Addressee(contact="late", partner="acem"),
        Addressee(contact="boss", partner="acme"),
        Addressee(contact="errors", partner="acme"),
        Addressee(),
        Addressee(staff="a", client="b"),
        template="announcemnt",
        priority="critical",
        channels=["email", "emial"],
        scheduled_at=clock.now() - timedelta(seconds=1),
    )
    assert list(faults) == [
        "priority",
        "channels[1]",
        "scheduled_at",
        "recipients[0].staff",
        "recipients[1].client",
        "recipients[2].contact",
        "recipients[3].contact",
        "recipients[4].contact",
        "recipients[5]",
        "recipients[6]",
        "template",
    ]
    assert 'Did you mean "announcement"' in faults["template"]
    assert 'Did you mean "acme"' in faults["recipients[2].contact"]
    assert inbox.sql("SELECT count(*) FROM notifications") == [(0,)]


@pytest.mark.parametrize(
    ("data", "places"),
    [
        ({}, ["data.title", "data.paragraphs"]),
        ({"title": "", "paragraphs": []}, ["data.title", "data.paragraphs"]),
        ({**DATA, "titel": "x"}, ["data.titel"]),
        ({**DATA, "firm": "Other Law"}, ["data.firm"]),
        ({**DATA, "title": "a\nb"}, ["data.title"]),
        ({**DATA, "title": 7}, ["data.title"]),
        ({**DATA, "title": None}, ["data.title"]),
        ({**DATA, "paragraphs": ["a", 7]}, ["data.paragraphs[1]"]),
        ({**DATA, "url": "http://x.example"}, ["data.url"]),
        ({**DATA, "url": "javascript:x"}, ["data.url"]),
        ({**DATA, "url": "https://user:secret@x.example"}, ["data.url"]),
        ({**DATA, "title": "Her SSN is 536-90-4399"}, ["data.title"]),
        ({**DATA, "paragraphs": ["a", "It is A012345678."]}, ["data.paragraphs[1]"]),
    ],
)
def test_data_that_a_template_cannot_take_is_refused_at_its_place(admin, furnished, data, places):
    assert list(refused(admin, STAFF, data=data)) == places


@pytest.mark.parametrize("name", ["expiry", "digest", "feed_late", "test"])
def test_the_houses_own_templates_are_not_asked_for(admin, furnished, name):
    assert list(refused(admin, STAFF, template=name)) == ["template"]


@pytest.mark.parametrize(
    ("recipients", "more", "place"),
    [
        ([], {}, "recipients"),
        ([STAFF] * 501, {}, "recipients"),
        ([STAFF], {"channels": []}, "channels"),
        ([STAFF], {"scheduled_at": clock.now() + timedelta(days=366)}, "scheduled_at"),
        ([STAFF], {"scheduled_at": clock.now().replace(tzinfo=None)}, "scheduled_at"),
    ],
)
def test_what_goes_beyond_what_is_allowed_is_refused(admin, furnished, recipients, more, place):
    assert list(refused(admin, *recipients, **more)) == [place]


def test_people_who_are_archived_and_staff_who_left_are_told_nothing(admin, furnished, office, tenants):
    with office.db.firm(tenants.northgate) as session:
        session.execute(update(Client).where(Client.key == "E1").values(status="archived"))
    furnished.sql("UPDATE staff SET active = false WHERE email = %s RETURNING id", "paralegal@northgate.example")
    assert list(refused(admin, STAFF, CLIENT)) == ["recipients[0].staff", "recipients[1].client"]


def test_another_firms_people_are_not_there(office, tenants, furnished):
    def at_harbor():
        return office.acting(tenants.harbor, Actor("system", "test"))

    assert list(refused(at_harbor, STAFF, Addressee(client=str(client_id(furnished))), LATE)) == [
        "recipients[0].staff",
        "recipients[1].client",
        "recipients[2].contact",
    ]


def test_another_firms_notification_is_not_there(admin, office, tenants, furnished):
    made = send(admin, STAFF)
    with office.acting(tenants.harbor, Actor("system", "test")) as acting, pytest.raises(NotFound):
        service.look(acting, made.id)


@pytest.fixture
def globex(office, tenants):
    """Another partner of the firm, with a person and a contact of its own."""
    inbox = Inbox(office, tenants.northgate, "globex")
    inbox.apply(ROSTER.format(partner="globex", firm="northgate") + "contacts: {late: [hr@globex.example]}\n")
    inbox.drop("roster_20260301.csv", people(1))
    actor = Actor("partner", "globex", tenants.globex, "test", tenants.globex)
    return lambda: office.acting(tenants.northgate, actor)


def test_a_partner_tells_its_own_people_and_contacts_alone(partner, furnished, globex, tenants):
    [(theirs,)] = furnished.sql("SELECT id FROM clients WHERE partner_id = %s", tenants.globex)
    assert send(partner, Addressee(client="E1"), Addressee(contact="late")).dispatches == 2
    faults = refused(
        partner,
        STAFF,
        Addressee(contact="late", partner="globex"),
        Addressee(client="E1", partner="globex"),
        Addressee(client=str(theirs)),
    )
    assert list(faults) == [
        "recipients[0].staff",
        "recipients[1].contact",
        "recipients[2].client",
        "recipients[3].client",
    ]


def test_a_partner_sees_and_calls_off_its_own_alone(admin, partner, globex, furnished):
    theirs, ours, others = send(partner, CLIENT), send(admin, CLIENT), send(globex, Addressee(client="E1"))
    with partner() as acting:
        assert service.look(acting, theirs.id).created_by == "acme"
        for act in (service.look, service.cancel):
            for one in (ours, others):
                with pytest.raises(NotFound):
                    act(acting, one.id)
        assert service.cancel(acting, theirs.id) == 1


def test_who_is_behind_a_wall_is_neither_told_nor_seen(admin, office, furnished, tenants):
    viewer = Actor("staff", "viewer@northgate.example", tenants.staff["viewer"])
    made = send(admin, CLIENT, Addressee(client="E2", partner="acme"))
    with admin() as acting:
        acting.session.add(
            Wall(
                firm_id=tenants.northgate,
                staff_id=viewer.id,
                client_id=client_id(furnished),
                reason="x",
                created_by="x",
            )
        )

    def walled():
        return office.acting(tenants.northgate, viewer)

    assert list(refused(walled, CLIENT)) == ["recipients[0].client"]
    with walled() as acting:
        account = service.look(acting, made.id)
        assert [one.client_id for one in account.dispatches] == [client_id(furnished, "E2")]
        assert account.counts == {"email": {"waiting": 1}}
        assert service.cancel(acting, made.id) == 1
    with admin() as acting:
        assert service.look(acting, made.id).counts == {"email": {"waiting": 1, "cancelled": 1}}


def test_what_has_left_is_not_called_off(admin, furnished):
    made = send(admin, STAFF, CLIENT)
    with admin() as acting:
        sent = update(Dispatch).where(Dispatch.client_id.is_not(None)).values(state="sent", sent_at=clock.now())
        acting.session.execute(sent)
    with admin() as acting:
        assert service.cancel(acting, made.id) == 2
        assert service.cancel(acting, made.id) == 0
        found = service.look(acting, made.id).dispatches
    assert [(one.to, one.state, one.code) for one in found] == [
        ("staff", "cancelled", "called_off"),
        ("staff", "cancelled", "called_off"),
        ("client", "sent", None),
    ]


def test_what_is_done_is_on_record_without_what_is_said(admin, furnished):
    made = send(admin, CLIENT)
    with admin() as acting:
        service.look(acting, made.id)
        service.cancel(acting, made.id)
        service.cancel(acting, made.id)
        named = AuditEntry.action.startswith("notification.")
        found = acting.session.scalars(select(AuditEntry).where(named).order_by(AuditEntry.id)).all()
    assert [one.action for one in found] == ["notification.send", "notification.view", "notification.cancel"]
    assert [(one["kind"], one["action"]) for one in found[0].changes] == [
        ("notification", "created"),
        ("client", "told"),
    ]
    assert "Friday" not in str([one.changes for one in found])


def test_a_notification_is_found_by_the_beginning_of_its_id(admin, office, furnished, tenants):
    made = send(admin, STAFF)
    assert service.find_anywhere(office, str(made.id)[:20]) == (tenants.northgate, made.id)
    for wanted in ("ffff", "no id"):
        with pytest.raises(NotFound):
            service.find_anywhere(office, wanted)
