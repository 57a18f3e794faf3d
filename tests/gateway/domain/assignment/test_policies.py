"""How a firm gives its cases to attorneys, version by version."""

from __future__ import annotations

import threading

import pytest
from helpers.callers import ME
from sqlalchemy import select

from gateway.db.models import AuditEntry
from gateway.domain.assignment import policies
from gateway.domain.assignment.terms import Policy, Settings, Weights
from gateway.errors import Busy, Invalid


@pytest.fixture
def acting(office, tenants):
    with office.acting(tenants.northgate, ME) as one:
        yield one


@pytest.fixture
def looks(monkeypatch):
    found = []
    monkeypatch.setattr(policies, "look_again", lambda _session, firm_id: found.append(firm_id))
    return found


def held(acting):
    return policies.of_firm(acting.session, acting.firm_id)


def test_a_firm_that_said_nothing_goes_by_the_usual(acting):
    assert held(acting) == Policy() == policies.newest(acting).policy
    assert held(acting).rule in policies.rules()
    assert policies.history(acting) == []


def test_every_change_is_a_version_and_the_same_is_none(acting, looks):
    first = policies.change(acting, "workload_based")
    second = policies.change(acting, settings={"senior_from": 9, "weights": {"expertise": 0.4}})
    assert (first.version, second.version) == (1, 2)
    assert held(acting) == second
    assert second.rule == "workload_based"
    assert second.settings == Settings(senior_from=9, weights=Weights(expertise=0.4))
    for rule, settings in [(None, None), ("workload_based", {}), (None, {"senior_from": 9, "tell_after": 4})]:
        assert policies.change(acting, rule, settings) == second
    assert [one.policy for one in policies.history(acting)] == [second, first]
    assert looks == [acting.firm_id] * 2
    told = acting.session.scalars(select(AuditEntry.action)).all()
    assert told == ["assignment_policy.set"] * 2
    back = policies.change(acting, settings={"senior_from": None, "weights": None})
    assert (back.version, back.settings) == (3, Settings())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"senior_form": 9}, 'settings: there is no "senior_form". Did you mean "senior_from"'),
        ({"senior_from": 12}, "settings.senior_from: a whole number from 1 to 11"),
        ({"senior_from": 8.5}, "settings.senior_from"),
        ({"senior_from": True}, "settings.senior_from"),
        ({"weights": {"expertize": 1}}, 'settings.weights: there is no "expertize". Did you mean "expertise"'),
        ({"weights": {"expertise": 2}}, "settings.weights: numbers from 0 to 1"),
        ({"weights": {"expertise": 0, "capacity": 0, "deadline": 0}}, "not all 0"),
        ({"weights": 1}, "settings.weights"),
        ({"certifications": {"I-526": ["eb5"]}}, 'settings.certifications: there is no "I-526". Did you mean "I526"'),
        ({"certifications": {"I526": ["EB 5"]}}, "settings.certifications: words"),
        ({"certifications": {"I526": "eb5"}}, "settings.certifications"),
        ({"certifications": ["eb5"]}, "settings.certifications"),
        ({"continuity": "yes"}, "settings.continuity: true or false"),
        ({"languages": 1}, "settings.languages"),
        ({"tell_after": 0}, "settings.tell_after: hours"),
        ({"accept_within": 366}, "settings.accept_within"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_key(acting, given, told):
    with pytest.raises(Invalid, match=told) as refused:
        policies.change(acting, settings=given)
    assert refused.value.code == "policy_wrong"
    assert held(acting).version == 0


def test_a_rule_that_there_is_not_is_refused_with_the_nearest(acting):
    with pytest.raises(Invalid, match='rule: there is no "round-robin"'):
        policies.change(acting, "round-robin")


def test_one_firms_policy_is_no_other_firms(office, tenants):
    with office.acting(tenants.northgate, ME) as one:
        policies.change(one, "round_robin")
    with office.acting(tenants.harbor, ME) as other:
        assert held(other) == Policy()


def test_two_who_change_it_at_once_do_not_make_one_version_of_two(office, tenants):
    outcomes, met = [], threading.Barrier(2)

    def change(rule):
        try:
            with office.acting(tenants.northgate, ME) as acting:
                held(acting)
                met.wait(10)
                outcomes.append(policies.change(acting, rule).version)
        except Busy as problem:
            outcomes.append(problem.code)

    both = [threading.Thread(target=change, args=(rule,)) for rule in ("round_robin", "workload_based")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(map(str, outcomes)) in (["1", "2"], ["1", "changed_meanwhile"])
    with office.acting(tenants.northgate, ME) as acting:
        assert len(policies.history(acting)) == len([one for one in outcomes if isinstance(one, int)])
