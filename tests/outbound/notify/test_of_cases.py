"""Attorneys are told of cases that they got or are to get, admins of those that nobody has taken or that are too many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers.attorneys import AT_THE_DESK, Lawyers
from sqlalchemy import select, update

from gateway import clock
from gateway.db.models import Attorney, Dispatch, Notification, Staff
from gateway.domain.assignment import moving, plans, queueing
from gateway.domain.people import cases
from gateway.jobs.kinds import enqueue
from outbound.notify import wording


@pytest.fixture
def firm(office, tenants):
    return Lawyers(office, tenants.northgate, tenants.acme)


def told(firm, template):
    """Who is told by which channel, and the texts."""
    with firm.office.db.firm(firm.firm_id) as session:
        found = select(Dispatch, Notification).join(Notification, Notification.id == Dispatch.notification_id)
        rows = session.execute(found.where(Notification.template == template)).all()
        to = sorted((str(one.staff_id), one.channel) for one, _ in rows)
        return to, {wording.words_of(firm.office, session, one, about).text for one, about in rows}


def staff_of(firm, attorney_id):
    return str(firm.actor(attorney_id).id)


def test_an_attorney_is_told_once_of_all_the_cases_of_a_file(firm):
    ana = firm.hire("ana")
    firm.open(3)
    firm.work()
    to, texts = told(firm, "cases_assigned")
    assert to == [(staff_of(firm, ana), "email"), (staff_of(firm, ana), "in_app")]
    [text] = texts
    assert "You have 3 new cases of ACME Manufacturing, Inc." in text
    assert text.count("C-") == 3


def test_whoever_takes_a_case_is_not_told_of_it(firm):
    firm.hire("ana")
    [case_id] = firm.open()
    ben = firm.hire("ben", 0)
    firm.work()
    before = told(firm, "cases_assigned")[0]
    with firm.office.db.firm(firm.firm_id) as session:
        session.get_one(Attorney, (firm.firm_id, ben)).capacity = 5
    with firm.office.acting(firm.firm_id, firm.actor(ben)) as acting:
        moving.move(acting, case_id, ben, "Mine.")
    firm.work()
    assert told(firm, "cases_assigned")[0] == before


def test_admins_hear_once_of_what_waits_too_long_and_why(firm, tenants, monkeypatch):
    firm.hire("ana", 0)
    firm.open(2)
    firm.work()
    assert told(firm, "cases_waiting") == ([], set())
    for hours in (5, 9):
        monkeypatch.setenv("GATEWAY_NOW", (clock.now() + timedelta(hours=hours)).isoformat())
        with firm.office.db.system() as session:
            enqueue(session, queueing.KINDS[0], {}, firm_id=None)
        firm.work()
    to, texts = told(firm, "cases_waiting")
    admin = str(tenants.staff["admin"])
    assert to == [(admin, "email"), (admin, "in_app")]
    [text] = texts
    assert "2 cases of ACME Manufacturing, Inc. have waited" in text
    assert "every attorney is full" in text


def resumed(firm, office, capacity=1):
    """Ana has a case that was closed, another that she got meanwhile, and the first is reopened."""
    ana = firm.hire("ana", capacity)
    first, _ = firm.open(2)
    firm.work()
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        cases.close(acting, first, "approved", None)
    firm.work()
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        cases.reopen(acting, first, "drafting")
    firm.work()
    return ana


def by_both(*staff):
    return sorted((str(one), channel) for one in staff for channel in ("email", "in_app"))


def test_a_reopened_case_over_the_capacity_stays_and_is_told_to_its_attorney_and_the_admins(firm, office, tenants):
    ana = resumed(firm, office)
    assert firm.held() == {ana: 2}
    to, texts = told(firm, "cases_resumed")
    assert to == by_both(staff_of(firm, ana), tenants.staff["admin"])
    assert all("Holds 2, may hold 1: gets no more until 2 are closed or passed on." in one for one in texts)
    assert sorted("with ana still" in one for one in texts) == [False, True]
    assert sorted("with you still" in one for one in texts) == [False, True]


def test_a_reopened_case_for_which_there_is_room_is_told_to_nobody(firm, office):
    resumed(firm, office, capacity=2)
    assert told(firm, "cases_resumed") == ([], set())


def test_a_case_reopened_with_an_attorney_who_has_left_is_told_to_the_admins(firm, office, tenants):
    ana = firm.hire("ana")
    [case_id] = firm.open()
    firm.work()
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        cases.close(acting, case_id, "approved", None)
        acting.session.execute(update(Staff).where(Staff.email == "ana@northgate.example").values(active=False))
    with office.acting(firm.firm_id, AT_THE_DESK) as acting:
        cases.reopen(acting, case_id, "drafting")
    firm.work()
    assert firm.holder(case_id) == ana
    to, [text] = told(firm, "cases_resumed")
    assert to == by_both(tenants.staff["admin"])
    assert "Gets no cases: the account is closed" in text


def test_a_proposed_handover_is_told_to_its_receiver_and_the_admins_but_not_to_whoever_proposed_it(firm, tenants):
    ana = firm.hire("ana")
    due_on = clock.now().date() + timedelta(days=3)
    [case_id] = firm.open(deadline_on=due_on)
    firm.work()
    ben = firm.hire("ben")
    with firm.office.acting(firm.firm_id, firm.actor(ana)) as acting:
        moving.move(acting, case_id, ben, "The reason is nobody else's business.")
    firm.work()
    to, texts = told(firm, "handover_proposed")
    assert to == by_both(staff_of(firm, ben), tenants.staff["admin"])
    assert sorted(
        "You have been asked to take over 1 case of ACME Manufacturing, Inc. from ana" in one for one in texts
    ) == [False, True]
    assert sorted("ben has been asked to take over 1 case" in one for one in texts) == [False, True]
    assert all("It stays with ana until" in one and "business" not in one for one in texts)
    assert all(f"{due_on:%B} {due_on.day}, {due_on.year}" in one for one in texts)


def test_a_plan_is_told_to_each_receiver_and_whole_to_the_admins_by_partner(firm, tenants):
    today = clock.now().date()
    ana = firm.hire("ana")
    firm.open(2, deadline_on=today + timedelta(days=20))
    firm.work()
    ben, cai = firm.hire("ben", 1), firm.hire("cai", 1)
    with firm.office.acting(firm.firm_id, firm.actor(ana)) as acting:
        plans.propose(acting, ana, today + timedelta(days=15), today + timedelta(days=25))
    firm.work()
    to, texts = told(firm, "handover_proposed")
    assert to == by_both(staff_of(firm, ben), staff_of(firm, cai), tenants.staff["admin"])
    assert sum("You would take over 1 case" in one for one in texts) == 2
    assert sum("ben and cai would take over 2 cases" in one for one in texts) == 1
    assert all("Nothing passes on before somebody carries the plan out." in one for one in texts)


def test_a_handover_that_was_answered_before_it_was_told_is_told_to_nobody(firm):
    ana = firm.hire("ana")
    [case_id] = firm.open(deadline_on=clock.now().date() + timedelta(days=3))
    firm.work()
    ben = firm.hire("ben")
    with firm.office.acting(firm.firm_id, firm.actor(ana)) as acting:
        asked = moving.move(acting, case_id, ben, "Is ill.").handover.id
    with firm.office.acting(firm.firm_id, firm.actor(ben)) as acting:
        moving.decline(acting, asked)
    firm.work()
    assert told(firm, "handover_proposed") == ([], set())
