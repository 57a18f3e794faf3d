"""Cases find attorneys by themselves: in their turn, within capacity, once; and whoever waits, waits for a true reason."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from helpers.attorneys import AT_THE_DESK, Lawyers
from helpers.servers import until
from sqlalchemy import select, text

from gateway import clock
from gateway.db.models import Attorney, AuditEntry, Case, Client, EventRow, JobRow, UnassignedCase
from gateway.domain.assignment import assigning, moving, policies, queueing
from gateway.domain.people import cases
from gateway.domain.people.cases import NewCase
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import enqueue
from gateway.jobs.ledger import LeaseLost


@pytest.fixture
def firm(office, tenants):
    return Lawyers(office, tenants.northgate, tenants.acme)


def test_a_case_opened_by_hand_gets_an_attorney_and_says_why(firm, office):
    ana = firm.hire("ana")
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        case_id = cases.add(acting, NewCase("acme", "NG-1", None, {"case_type": "h1b"})).id
    firm.work()
    assert firm.holder(case_id) == ana
    assert firm.waiting() == {}
    [given] = firm.history(case_id)
    assert (given.kind, given.attorney_id, given.previous_id, given.until) == ("assigned", ana, None, None)
    assert given.decision["attorney_id"] == str(ana)
    assert given.reason
    with office.db.firm(firm.firm_id) as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "case.assign"))
        assert (entry.case_id, entry.changes[0]["new"]["attorney_id"]) == (case_id, str(ana))
        assert session.scalars(select(EventRow.records).where(EventRow.kind == "case.assigned")).all() == [[case_id]]
        assert session.scalars(select(Case.version).where(Case.id == case_id)).one() == 2


def test_an_import_of_many_is_given_out_up_to_capacity_and_the_rest_waits(firm):
    first, second = firm.hire("ana", 150), firm.hire("ben", 200)
    opened = firm.open(1_120)  # more than are looked at in one transaction
    firm.work()
    assert firm.held() == {first: 150, second: 200}
    waiting = firm.waiting()
    assert len(waiting) == 770
    assert {(one.code, one.excluded["full"]) for one in waiting.values()} == {("all_full", 2)}
    assert set(waiting) == set(opened[350:])  # the oldest came first


def test_without_attorneys_cases_wait_for_that_reason(firm):
    [case_id] = firm.open()
    firm.work()
    assert firm.waiting()[case_id].code == "no_attorneys"


def test_a_case_that_is_closed_makes_room_for_one_that_waits(firm, office):
    ana = firm.hire("ana", 1)
    first, second = firm.open(2)
    firm.work()
    assert firm.holder(first) == ana
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        cases.close(acting, first, "approved", None)
    firm.work()
    assert firm.holder(second) == ana
    assert firm.waiting() == {}


def test_a_reopened_case_without_an_attorney_waits_again(firm, office):
    [case_id] = firm.open()
    firm.work()
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        cases.close(acting, case_id, "withdrawn", None)
    firm.work()
    assert firm.waiting() == {}
    ana = firm.hire("ana")
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        cases.reopen(acting, case_id, "drafting")
    firm.work()
    assert firm.holder(case_id) == ana


def test_a_decided_case_without_an_attorney_that_is_open_again_waits(firm, office):
    [case_id] = firm.open()
    firm.work()
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        cases.change(acting, case_id, {"stage": "decided", "status": "approved"})
    firm.work()
    assert firm.waiting() == {}
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        cases.change(acting, case_id, {"status": "open"})
    firm.work()
    assert set(firm.waiting()) == {case_id}


@pytest.mark.parametrize("way", ["reopened", "open again"])
def test_a_case_that_opens_again_waits_for_whoever_gives_its_attorney_another_one(firm, office, locks, way):
    ana = firm.hire("ana", 1)
    first, second = firm.open(2)
    firm.work()
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        values = {"stage": "decided", "status": "approved"}
        cases.change(acting, first, values) if way == "open again" else cases.close(acting, first, "approved", None)

    def resume() -> None:
        with office.acting(firm.firm_id, AT_THE_DESK) as acting:
            if way == "open again":
                cases.change(acting, first, {"status": "open"})
            else:
                cases.reopen(acting, first, "drafting")

    back = threading.Thread(target=resume)
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        moving.move(acting, second, ana, "She has room.")
        acting.session.flush()
        back.start()
        until(locks.waiting)
        assert firm.holder(first) == ana
    back.join()
    assert firm.held() == {ana: 2}


def test_turns_are_in_order_while_the_clock_stands_still(firm, office, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-01T15:00:00+00:00")
    people = {firm.hire(name, capacity) for name, capacity in (("ana", 20), ("ben", 5), ("cai", 40))}
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        policies.change(acting, "round_robin", {"continuity": False})
    order = []
    for number in range(9):
        [case_id] = firm.open()
        if number == 4:  # by hand is a turn as well, where nobody had it
            with office.acting(firm.firm_id, AT_THE_DESK) as acting:
                moving.move(acting, case_id, order[1], "Her turn.")
        firm.work()
        order.append(firm.holder(case_id))
    assert set(order[:3]) == people
    assert order == order[:3] * 3
    times = [one.at for one in firm.given()]
    assert times == sorted(set(times))


def test_a_drain_that_somebody_else_has_taken_over_gives_nothing_away(firm, office, db):
    ana = firm.hire("ana")
    with db.firm(firm.firm_id) as session:
        session.add(Case(firm_id=firm.firm_id, partner_id=firm.partner_id, case_number="OLD-1"))
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        queueing.fill(acting)
    job = Claims(db, "normal", "paused", timedelta(minutes=1)).next()
    assert job.kind == queueing.DRAIN
    with db.system() as session:
        session.execute(text("UPDATE jobs SET worker = 'another' WHERE id = :id"), {"id": job.id})
    with pytest.raises(LeaseLost):
        assigning.drain(Handling(office, job))
    assert firm.held() == {}
    with db.system() as session:
        session.execute(text("UPDATE jobs SET worker = :mine WHERE id = :id"), {"id": job.id, "mine": job.worker})
    assigning.drain(Handling(office, job))
    assert firm.held() == {ana: 1}


def test_a_change_of_capacity_has_those_that_wait_looked_at(firm, office):
    ana = firm.hire("ana", 0)
    [case_id] = firm.open()
    firm.work()
    assert firm.waiting()[case_id].code == "all_full"
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        acting.session.get_one(Attorney, (firm.firm_id, ana)).capacity = 1
        queueing.look_again(acting.session, acting.firm_id)
    firm.work()
    assert firm.holder(case_id) == ana


def test_the_clock_finds_those_who_have_returned(firm, office, monkeypatch):
    ana, today = firm.hire("ana"), clock.day_in("America/New_York", clock.now())
    firm.away(ana, today - timedelta(days=1), today + timedelta(days=3))
    [case_id] = firm.open()
    firm.work()
    waits = firm.waiting()[case_id]
    assert (waits.code, waits.forecast_on) == ("all_away", today + timedelta(days=4))
    monkeypatch.setenv("GATEWAY_NOW", (clock.now() + timedelta(days=5)).isoformat())
    look(office)
    firm.work()
    assert firm.holder(case_id) == ana


@pytest.mark.parametrize("ended", ["closed", "archived", "erased", "assigned"])
def test_whoever_needs_nobody_any_more_leaves_the_queue(firm, office, ended):
    with office.db.firm(firm.firm_id) as session:
        person = Client(firm_id=firm.firm_id, partner_id=firm.partner_id, key="E1", family_name="Silva")
        session.add(person)
        session.flush()
        person_id = person.id
    [case_id] = firm.open(client_id=person_id)
    firm.work()
    assert case_id in firm.waiting()
    ben = firm.hire("ben")
    if ended in {"closed", "assigned"}:
        firm.change([case_id], **({"status": "withdrawn"} if ended == "closed" else {"attorney_id": ben}))
    else:
        with office.db.firm(firm.firm_id) as session:
            one = session.get_one(Client, (firm.firm_id, person_id))
            one.status, one.erased_at = "archived", clock.now() if ended == "erased" else None
    look(office)
    firm.work()
    assert firm.waiting() == {}
    assert firm.history(case_id) == []


def test_a_case_that_somebody_is_changing_is_left_for_the_next_look(firm, office, db):
    ana = firm.hire("ana", 2)
    held, free = firm.open(2)
    with db.firm(firm.firm_id) as session:
        session.scalars(select(Case).where(Case.id == held).with_for_update(key_share=True)).one()
        firm.work()
        assert firm.holder(free) == ana
        assert list(firm.waiting()) == [held]
    with db.system() as session:  # as if the seconds had passed
        session.execute(text("UPDATE jobs SET not_before = now() WHERE state = 'waiting'"))
    firm.work()
    assert firm.holder(held) == ana


def test_it_waits_for_whoever_gives_a_case_by_hand_and_counts_it(firm, office, locks):
    ana = firm.hire("ana", 1)
    by_hand, other = firm.open(2)
    worker = threading.Thread(target=firm.work)
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        moving.move(acting, by_hand, ana, "She knows them.")
        acting.session.flush()
        worker.start()
        until(locks.waiting)
    worker.join()
    assert firm.held() == {ana: 1}
    assert list(firm.waiting()) == [other]


def test_a_drain_that_was_done_before_changes_nothing(firm, office):
    firm.hire("ana", 3)
    firm.open(5)
    firm.work()
    held, waits = firm.held(), set(firm.waiting())
    for _ in range(2):
        with office.db.firm(firm.firm_id) as session:
            queueing.ask(session, firm.firm_id)
        firm.work()
    assert (firm.held(), set(firm.waiting())) == (held, waits)


def test_many_facts_ask_for_one_look(firm, office):
    firm.hire("ana", 0)
    firm.open()
    firm.work()
    for _ in range(3):
        with office.db.firm(firm.firm_id) as session:
            queueing.look_again(session, firm.firm_id)
    with office.db.system() as session:
        asked = select(JobRow).where(JobRow.kind == queueing.DRAIN, JobRow.state == "waiting")
        assert len(session.scalars(asked).all()) == 1


def test_what_waits_too_long_is_told_once(firm, office, monkeypatch):
    opened = firm.open(2)
    firm.work()
    for hours in (3, 5, 9):
        monkeypatch.setenv("GATEWAY_NOW", (clock.now() + timedelta(hours=hours)).isoformat())
        look(office)
        firm.work()
    with office.db.firm(firm.firm_id) as session:
        [told] = session.scalars(select(EventRow.records).where(EventRow.kind == "case.waiting"))
        assert sorted(told) == opened
        assert all(session.scalars(select(UnassignedCase.told_at)))


def test_cases_from_before_are_let_in_when_somebody_wants_it(firm, office):
    ana = firm.hire("ana")
    with office.db.firm(firm.firm_id) as session:
        session.add(Case(firm_id=firm.firm_id, partner_id=firm.partner_id, case_number="OLD-1"))
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        assert queueing.fill(acting) == 1
        assert queueing.fill(acting) == 0
    firm.work()
    assert firm.held() == {ana: 1}


def test_a_case_that_lost_its_attorney_is_given_anew_and_what_was_ends_then(firm, office):
    ana = firm.hire("ana")
    [case_id] = firm.open()
    firm.work()
    firm.change([case_id], attorney_id=None)
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        assert queueing.fill(acting) == 1
    firm.work()
    before, now = firm.history(case_id)
    assert (before.until, now.until, now.attorney_id) == (now.at, None, ana)


def look(office) -> None:
    """What the clock asks for."""
    with office.db.system() as session:
        enqueue(session, queueing.KINDS[0], {}, firm_id=None)
