"""Dispatches before the gate, as they lie in the database: what is found about each, and what is kept of what was said."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import event, insert, select, update

from gateway.db.models import (
    Client,
    Dispatch,
    Document,
    Firm,
    GateDecision,
    Notice,
    NoticeBudget,
    NoticePreference,
    Notification,
    OptOut,
    Partner,
    QuietHours,
    Staff,
    Wall,
)
from outbound.notify import gate
from outbound.notify.channels import CHANNELS

HEADER = "EMP_ID,Last Name,DOB,Salary,SSN,Passport,Passport Expiry,I94 Expiry\n"
TUESDAY, NIGHT = "2026-03-03T15:00:00+00:00", "2026-03-04T04:15:00+00:00"  # 10:00 and 23:15 in New York
ENDS = date(2026, 4, 2)


class Reaching:
    """A channel that reaches whoever has an e-mail address; it is asked for addresses only."""

    name = "email"

    def addresses(self, office, session, recipients):
        known = {}
        for model, name in ((Staff, "staff_id"), (Client, "client_id")):
            known |= {(name, one): to for one, to in session.execute(select(model.id, model.email)) if to}
        found = {
            one: known.get(("staff_id", one.staff_id)) or known.get(("client_id", one.client_id)) for one in recipients
        }
        found |= {one: "hris@acme.example" for one in recipients if one.contact}
        return {one: [to] for one, to in found.items() if to}


class World:
    """Northgate with people whose stays end, and dispatches that tell of them."""

    def __init__(self, office, db, tenants):
        self.office, self.db, self.firm, self.staff, self.acme = (
            office,
            db,
            tenants.northgate,
            tenants.staff,
            tenants.acme,
        )
        with db.system() as session:
            found = session.execute(select(Document.id, Document.client_id).order_by(Document.id)).all()
        self.papers = [(one.id, one.client_id) for one in found]

    def add(self, model, **values):
        with self.db.system() as session:
            made = insert(model).values(firm_id=self.firm, **values)
            key = getattr(model, "id", None)
            return session.scalar(made.returning(key)) if key is not None else session.execute(made)

    def set(self, model, *where, **values):
        with self.db.system() as session:
            session.execute(update(model).where(*where).values(**values))

    def dispatch(self, *papers, kind="expiry", priority="normal", channel="email", lead=30, partner_id=None, **whom):
        """Something for the attorney, or whoever else is said, about these papers."""
        whom = whom or {"staff_id": self.staff["attorney"]}
        notification = self.add(
            Notification, kind=kind, template=kind, priority=priority, created_by="system", partner_id=partner_id
        )
        whose = {"partner_id": partner_id} if "contact" in whom else {}
        made = self.add(Dispatch, notification_id=notification, channel=channel, **whom, **whose)
        role = {"role": "attorney", "staff_id": whom["staff_id"]} if "staff_id" in whom else {"role": "client"}
        for place in papers:
            document, client = self.papers[place]
            self.add(
                Notice, document_id=document, client_id=client, dispatch_id=made, expires_on=ENDS, lead=lead,
                days_left=30, channel=channel, due_on=date(2026, 3, 3), **role,
            )  # fmt: skip
        return made

    def cross(self, *ids, path="reminder", **more):
        with self.db.firm(self.firm) as session:
            return gate.cross(self.office, session, ids, path, **more)

    def said(self, *ids, **more):
        found = self.cross(*ids, **more)
        return [found[one].decision.reason for one in ids]

    def kept(self, *ids):
        with self.db.system() as session:
            rows = session.scalars(
                select(GateDecision).where(GateDecision.dispatch_id.in_(ids)).order_by(GateDecision.id)
            )
            return [(one.verdict, one.reason, one.until, one.facts) for one in rows]


@pytest.fixture
def world(inbox, office, db, tenants, monkeypatch):
    lines = [f"E{n},Okafor{n},02/03/1990,70000,,,,{ENDS:%m/%d/%Y}\n" for n in range(4)]
    inbox.drop("roster_20260301.csv", (HEADER + "".join(lines)).encode())
    monkeypatch.setitem(CHANNELS, "email", Reaching())
    monkeypatch.setenv("GATEWAY_NOW", TUESDAY)
    made = World(office, db, tenants)
    made.set(Client, email=Client.key + "@acme.example")
    return made


def test_what_stands_against_nothing_leaves_with_a_pass_and_is_on_record(world):
    one = world.dispatch(0)
    crossing = world.cross(one)[one]
    assert (crossing.decision.verdict, crossing.decision.reason) == ("send", "clear")
    [(verdict, reason, until, facts)] = world.kept(one)
    assert (verdict, reason, until) == ("send", "clear", None)
    with world.db.system() as session:
        kept = session.scalars(select(GateDecision.id)).one()
    assert (crossing.passed.dispatch_id, crossing.passed.decision_id) == (one, kept)
    assert facts["expires_on"] == str(ENDS)
    assert facts["quiet"] == {"begins": "20:00", "ends": "08:00", "working_days": [1, 2, 3, 4, 5]}
    assert "New_York" not in str(facts)


def test_whoever_rolls_back_has_decided_nothing(world):
    one = world.dispatch(0)
    with world.db.firm(world.firm) as session:
        assert gate.cross(world.office, session, [one], "reminder")[one].passed
        session.rollback()
    assert world.kept(one) == []


def test_nothing_is_asked_for_each_dispatch(world):
    few, many = [world.dispatch(0)], [world.dispatch(0, lead=lead) for lead in range(1, 30)]
    asked = []

    def count(*_):
        asked.append(1)

    numbers = []
    for ids in (few, many):
        with world.db.firm(world.firm) as session:
            engine = session.connection().engine
            event.listen(engine, "before_cursor_execute", count)
            gate.cross(world.office, session, ids, "reminder")
            event.remove(engine, "before_cursor_execute", count)
        numbers.append(len(asked))
        asked.clear()
    assert numbers[0] == numbers[1] < 20


@pytest.mark.parametrize(
    ("model", "values", "why"),
    [
        (Document, {"status": "superseded"}, "renewed"),
        (Document, {"expires_on": date(2027, 4, 2)}, "renewed"),
        (Document, {"status": "void"}, "void"),
        (Client, {"status": "archived"}, "archived"),
        (Client, {"enrollment_status": "terminated"}, "terminated"),
        (Client, {"enrollment_status": "withdrawn"}, "withdrawn"),
        (Client, {"termination_date": date(2026, 3, 2)}, "terminated"),
        (Client, {"erased_at": datetime(2026, 3, 1, tzinfo=UTC)}, "erased"),
        (Notice, {"state": "cancelled", "ended_code": "acknowledged"}, "acknowledged"),
    ],
)
def test_what_is_no_longer_true_is_stopped_before_any_sweep(world, model, values, why):
    one = world.dispatch(0)
    world.set(model, **values)
    assert world.said(one) == ["untrue"]
    [(verdict, _, _, facts)] = world.kept(one)
    assert (verdict, facts["untrue"]) == ("stop", why)
    assert world.cross(one)[one].passed is None


def test_a_digest_goes_as_long_as_something_of_it_is_true(world):
    one = world.dispatch(0, 1, kind="digest")
    world.set(Document, Document.id == world.papers[0][0], status="void")
    assert world.said(one, path="digest") == ["clear"]
    world.set(Document, status="void")
    assert world.said(one, path="digest") == ["untrue"]


def test_what_was_to_tell_of_papers_and_has_none_left_is_stopped(world):
    assert world.said(world.dispatch(kind="digest")) == ["untrue"]
    assert world.said(world.dispatch(kind="service"), path="service") == ["clear"]


def test_whoever_left_or_has_no_address_or_no_channel_is_not_told(world):
    staff, client, contact = world.dispatch(0), world.dispatch(1, client_id=world.papers[1][1]), None
    world.set(Partner, Partner.id == world.acme, contacts={"errors": ["hris@acme.example"]})
    contact = world.dispatch(kind="watch", partner_id=world.acme, contact="errors")
    assert world.said(staff, client, contact) == ["clear"] * 3
    assert world.said(world.dispatch(2, channel="pigeon")) == ["unreachable"]
    world.set(Client, email=None)
    assert world.said(staff, client) == ["clear", "unreachable"]
    world.set(Staff, active=False)
    world.set(Partner, Partner.id == world.acme, contacts={"late": ["hris@acme.example"]})
    assert world.said(staff, contact) == ["gone", "gone"]
    world.set(Firm, status="deactivated")
    assert world.said(client) == ["gone"]


def test_a_wall_against_the_person_the_employer_or_what_it_is_about_stops(world):
    person, employer, about = world.dispatch(0), world.dispatch(1), world.dispatch(kind="watch", partner_id=world.acme)
    attorney = world.staff["attorney"]
    world.add(Wall, staff_id=attorney, client_id=world.papers[0][1], reason="r", created_by="admin")
    assert world.said(person, employer, about) == ["walled", "clear", "clear"]
    world.add(Wall, staff_id=attorney, partner_id=world.acme, reason="r", created_by="admin")
    assert world.said(person, employer, about) == ["walled"] * 3


def test_what_came_behind_a_wall_is_taken_out_of_a_digest_and_the_rest_leaves(world):
    one = world.dispatch(0, 1, kind="digest")
    world.add(Wall, staff_id=world.staff["attorney"], client_id=world.papers[0][1], reason="r", created_by="admin")
    assert world.said(one, path="digest") == ["clear"]
    with world.db.system() as session:
        found = session.execute(
            select(Notice.client_id, Notice.dispatch_id, Notice.state, Notice.ended_code).order_by(Notice.id)
        ).all()
    assert [tuple(row) for row in found] == [
        (world.papers[0][1], None, "withheld", "walled"), (world.papers[1][1], one, "waiting", None),
    ]  # fmt: skip
    world.set(Dispatch, Dispatch.id == one, state="sent", sent_at=datetime(2026, 3, 3, 15, tzinfo=UTC))
    world.add(Wall, staff_id=world.staff["attorney"], client_id=world.papers[1][1], reason="r", created_by="admin")
    assert world.said(one, path="replay") == ["walled"]


def test_what_was_said_already_is_not_said_again_once_part_of_it_lies_behind_a_wall(world):
    one = world.dispatch(0, 1, kind="digest")
    world.set(Dispatch, Dispatch.id == one, state="sent", sent_at=datetime(2026, 3, 3, 15, tzinfo=UTC))
    world.set(Notice, state="told")
    world.add(Wall, staff_id=world.staff["attorney"], client_id=world.papers[0][1], reason="r", created_by="admin")
    assert world.said(one, path="replay") == ["walled"]


def test_stop_is_of_one_channel_and_one_recipient_until_it_is_ended(world):
    mine, others = world.dispatch(0, client_id=world.papers[0][1]), world.dispatch(1, client_id=world.papers[1][1])
    stop = world.add(OptOut, client_id=world.papers[0][1], channel="email", how="stop_word", by="client")
    world.add(OptOut, client_id=world.papers[1][1], channel="sms", how="stop_word", by="client")
    assert world.said(mine, others) == ["opted_out", "clear"]
    assert world.kept(mine)[0][3]["opted_out"] == "stop_word"
    world.set(OptOut, OptOut.id == stop, ended_at=datetime(2026, 3, 3, tzinfo=UTC), ended_how="start_word")
    assert world.said(mine) == ["clear"]


def test_a_contact_of_one_partner_opts_out_for_itself(world):
    world.set(Partner, contacts={"errors": ["hris@acme.example"], "late": ["ops@acme.example"]})
    errors, late = (world.dispatch(kind="watch", partner_id=world.acme, contact=one) for one in ("errors", "late"))
    world.add(OptOut, partner_id=world.acme, contact="errors", channel="email", how="one_click", by="contact")
    assert world.said(errors, late) == ["opted_out", "clear"]


def test_what_was_sent_is_not_sent_again_unless_a_person_wants_it(world):
    sent, told = world.dispatch(0), world.dispatch(1)
    world.set(Dispatch, Dispatch.id == sent, state="sent", sent_at=datetime(2026, 3, 3, 14, tzinfo=UTC))
    world.set(Notice, Notice.dispatch_id == told, state="told")
    assert world.said(sent, told) == ["already_told"] * 2
    assert world.said(sent, told, path="retry") == ["already_told"] * 2
    assert world.said(sent, told, path="replay") == ["overridden"] * 2
    assert world.kept(sent)[-1][3]["overridden"] == ["already_told"]


def test_the_most_particular_wish_counts_and_a_digest_goes_while_one_paper_is_wanted(world):
    attorney = world.staff["attorney"]
    one, other = world.dispatch(0), world.dispatch(1, staff_id=world.staff["paralegal"])
    world.add(NoticePreference, channel="email", pace="off")
    assert world.said(one, other) == ["switched_off"] * 2
    world.add(NoticePreference, staff_id=attorney, channel="email", pace="weekly")
    assert world.said(one, other) == ["clear", "switched_off"]
    world.add(NoticePreference, staff_id=attorney, doc_type="i94", channel="email", pace="off")
    assert world.said(one) == ["switched_off"]
    digest = world.dispatch(2, 3, kind="digest")
    world.set(Document, Document.id == world.papers[2][0], doc_type="ead")
    assert world.said(digest, path="digest") == ["clear"]
    assert world.said(world.dispatch(2, client_id=world.papers[2][1], lead=7)) == ["clear"]


def test_hours_go_by_the_recipients_own_clock_or_the_firms(world, monkeypatch):
    attorney, paralegal = world.dispatch(0), world.dispatch(1, staff_id=world.staff["paralegal"])
    client, lost = world.dispatch(2, client_id=world.papers[2][1]), world.dispatch(3, client_id=world.papers[3][1])
    world.set(Staff, Staff.id == world.staff["attorney"], time_zone="Asia/Kolkata")  # 20:30 there
    world.set(Client, Client.id == world.papers[2][1], time_zone="America/Los_Angeles")  # 07:00
    world.set(Client, Client.id == world.papers[3][1], time_zone="Moon/Base")
    found = world.cross(attorney, paralegal, client, lost)
    assert [found[one].decision.until for one in (attorney, paralegal, client, lost)] == [
        datetime(2026, 3, 4, 2, 30, tzinfo=UTC), None, datetime(2026, 3, 3, 16, 0, tzinfo=UTC), None,
    ]  # fmt: skip
    world.add(QuietHours, begins=time(9), ends=time(11), working_days=[2])
    assert world.said(paralegal) == ["quiet_hours"]
    world.add(QuietHours, staff_id=world.staff["paralegal"], begins=time(0), ends=time(0), working_days=[2])
    assert world.said(paralegal) == ["clear"]
    monkeypatch.setenv("GATEWAY_NOW", NIGHT)
    assert world.said(lost) == ["clear"]  # the firm's own night is over at eleven
    world.set(Notification, priority="critical")
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-07T15:00:00+00:00")
    assert world.kept(paralegal)[-1][1] == "clear"
    assert world.said(paralegal) == ["overridden"]


def test_a_budget_is_spent_in_order_and_is_anew_on_the_recipients_next_day(world, monkeypatch):
    world.add(NoticeBudget, channel="email", kind="staff", a_day=2)
    ids = [world.dispatch(0, lead=lead) for lead in (1, 2, 3)]
    other = world.dispatch(1, staff_id=world.staff["paralegal"])
    found = world.cross(*ids, other)
    assert [found[one].decision.reason for one in (*ids, other)] == ["clear", "clear", "budget_spent", "clear"]
    assert found[ids[2]].decision.until == datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
    assert world.said(ids[0], path="retry") == ["clear"]  # it was counted when it was let through first
    assert world.said(ids[2]) == ["budget_spent"]
    world.set(Dispatch, Dispatch.id == ids[1], state="failed")  # and was never taken
    assert world.said(ids[2]) == ["clear"]
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-04T15:00:00+00:00")
    assert world.said(*[world.dispatch(2, lead=lead) for lead in (4, 5)]) == ["clear"] * 2


def test_a_firm_may_set_no_limit(world):
    world.add(NoticeBudget, channel="email", kind="client", a_day=None)
    client = world.papers[0][1]
    assert world.said(*[world.dispatch(0, client_id=client, lead=lead) for lead in range(1, 9)]) == ["clear"] * 8


def test_two_workers_at_once_do_not_spend_the_same_budget(world):
    world.add(NoticeBudget, channel="email", kind="staff", a_day=1)
    ids, both, said = [world.dispatch(0, lead=lead) for lead in (1, 2)], Barrier(2), {}

    def work(one):
        with world.db.firm(world.firm) as session:
            both.wait()
            said[one] = gate.cross(world.office, session, [one], "reminder")[one].decision.reason

    workers = [Thread(target=work, args=[one]) for one in ids]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(said.values()) == ["budget_spent", "clear"]


def test_a_channel_that_bears_no_more_holds_all(world):
    ids = [world.dispatch(0), world.dispatch(1)]
    later = datetime(2026, 3, 3, 15, 10, tzinfo=UTC)
    found = world.cross(*ids, open_from=later)
    assert {(one.decision.reason, one.decision.until) for one in found.values()} == {("channel_busy", later)}


def test_a_snooze_of_all_that_it_tells_holds_to_the_next_lead(world):
    one, part = world.dispatch(0, lead=30), world.dispatch(1, 2, kind="digest", lead=30)
    later = {"snoozed_until": datetime(2026, 3, 3, 15, tzinfo=UTC) + timedelta(days=60)}
    world.set(Notice, Notice.document_id.in_([world.papers[0][0], world.papers[1][0]]), **later)
    found = world.cross(one, part)
    assert found[one].decision.reason == "snoozed"
    assert found[one].decision.until == datetime(
        2026, 3, 19, 4, 0, tzinfo=UTC
    )  # 14 days ahead, the next lead of an I-94
    assert found[part].decision.reason == "clear"


def test_the_gate_is_asked_where_nothing_is_hidden_and_about_one_firm(world, tenants):
    one = world.dispatch(0)
    for hiding in (world.db.firm(world.firm, world.staff["attorney"]), world.db.system()):
        with hiding as session, pytest.raises(TypeError, match="of the firm that meets no walls"):
            gate.cross(world.office, session, [one], "reminder")
    with world.db.firm(world.firm) as session:
        assert gate.cross(world.office, session, [one], "reminder")[one].passed
    with world.db.firm(tenants.harbor) as session:
        assert gate.cross(world.office, session, [one], "reminder") == {}
