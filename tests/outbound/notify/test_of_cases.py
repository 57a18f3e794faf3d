"""Attorneys are told of the cases that they got, admins of those that nobody has taken for long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers.attorneys import Lawyers
from sqlalchemy import select

from gateway import clock
from gateway.db.models import Attorney, Dispatch, Notification
from gateway.domain.assignment import moving, queueing
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
