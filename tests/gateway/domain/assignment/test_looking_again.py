"""What is said of attorneys and policies has the cases that wait looked at again, and waits for whoever gives them away."""

from __future__ import annotations

from datetime import date

import pytest
from helpers.callers import ME
from sqlalchemy import delete, select, text

from gateway.db.models import Attorney, JobRow
from gateway.domain.assignment import attorneys, policies, time_off
from gateway.domain.assignment.attorneys import Said
from gateway.errors import Transient

ANA = "attorney@northgate.example"
ACTS = {
    "capacity": lambda acting: attorneys.change(acting, ANA, Said(capacity=25)),
    "expertise": lambda acting: attorneys.set_expertise(acting, ANA, {"PERM": 3}),
    "time off": lambda acting: time_off.add(acting, ANA, date(2027, 3, 8), date(2027, 3, 12)),
    "return": lambda acting: time_off.back(acting, ANA),
    "another attorney": lambda acting: attorneys.add(acting, "admin@northgate.example", Said(licence="NY 2")),
    "policy": lambda acting: policies.change(acting, "round_robin"),
}


@pytest.fixture
def ana(office, tenants, monkeypatch):
    """Ana is away today; nobody was asked to look at what waits since she said so."""
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-01T15:00:00+00:00")
    with office.acting(tenants.northgate, ME) as acting:
        attorneys.add(acting, ANA, Said(licence="NY 1"))
        time_off.add(acting, ANA, date(2027, 3, 1), date(2027, 3, 2))
    with office.db.system() as session:
        session.execute(delete(JobRow))


def looks(office):
    with office.db.system() as session:
        return session.scalars(select(JobRow.firm_id).where(JobRow.kind == "assign.drain")).all()


@pytest.mark.parametrize("name", ACTS)
def test_what_waits_is_looked_at_again_once_it_is_said(office, tenants, ana, name):
    assert looks(office) == []
    with office.acting(tenants.northgate, ME) as acting:
        ACTS[name](acting)
    assert looks(office) == [tenants.northgate]


@pytest.mark.parametrize("name", ["capacity", "expertise", "time off", "return"])
def test_whoever_gives_cases_away_is_waited_for(office, tenants, ana, name):
    with office.acting(tenants.northgate, ME) as drain:
        drain.session.execute(select(Attorney.id).order_by(Attorney.id).with_for_update())
        with pytest.raises(Transient):
            hasten(office, tenants.northgate, ACTS[name])


def hasten(office, firm_id, act):
    """Do it, or give up at once where somebody holds what it needs."""
    with office.acting(firm_id, ME) as acting:
        acting.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        act(acting)
