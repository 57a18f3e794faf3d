"""What a firm wants of language models, version by version."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from helpers.callers import ME
from helpers.servers import until
from msgspec.structs import replace
from sqlalchemy import select

from gateway.db.models import AuditEntry
from gateway.domain.eligibility import policies
from gateway.domain.eligibility.policies import Most, Policy, Step
from gateway.errors import Busy, Invalid
from gateway.wings import office_of
from outbound.llm import NAMES

GPT = {"provider": "openai", "model": "gpt-5"}
HOUSE = {"provider": "openai", "model": "house/model:8b", "url": "https://models.example:8443/v1"}
CLAUDE = {"provider": "anthropic", "model": "claude-sonnet-5-5"}


@pytest.fixture
def acting(office, tenants):
    with office.acting(tenants.northgate, ME) as one:
        yield one


def held(acting):
    return policies.of_firm(acting.session, acting.firm_id)


def change(acting, **given):
    return policies.change(acting, given, NAMES)


def refused(acting, **given):
    with pytest.raises(Invalid) as told:
        change(acting, **given)
    assert told.value.code == "models_wrong"
    assert held(acting).version == 0
    return told.value.sentence


def test_a_firm_that_said_nothing_goes_by_rules_alone(acting):
    usual = Policy(version=0, steps=(), uses_models=True, without_answer="rules", most=Most(), checks_per_hour=10)
    assert held(acting) == usual == policies.newest(acting).policy
    assert policies.newest(acting).by is None
    assert policies.history(acting) == []


def test_every_change_is_a_version_and_the_same_is_none(acting):
    first = change(acting, steps=[GPT, CLAUDE], without_answer="fail")
    second = change(acting, most={"tokens": 500_000, "cost": "5"}, checks_per_hour=25)
    assert (first.version, second.version) == (1, 2)
    assert held(acting) == second
    assert second.steps == (Step(**GPT), Step(**CLAUDE))
    assert (second.without_answer, second.checks_per_hour) == ("fail", 25)
    assert second.most == Most(tokens=500_000, cost=Decimal("5.00"))
    for same in ({}, {"steps": [GPT, CLAUDE]}, {"most": {"cost": 5.0}}, {"most": {}}, {"uses_models": None}):
        assert change(acting, **same) == second
    assert [one.policy for one in policies.history(acting)] == [second, first]
    assert {one.by for one in policies.history(acting)} == {"tests"}


def test_null_takes_the_usual_again_and_what_is_not_named_stays(acting):
    change(acting, steps=[GPT], most={"tokens": 9, "cost": "5.00"}, checks_per_hour=25, uses_models=False)
    assert change(acting, most={"tokens": None}).most == Most(cost=Decimal("5.00"))
    back = change(acting, steps=None, most=None, checks_per_hour=None)
    assert back == Policy(version=3, uses_models=False)
    assert change(acting, uses_models=None) == Policy(version=4) == held(acting)


def test_steps_are_said_whole(acting):
    change(acting, steps=[GPT, CLAUDE])
    assert change(acting, steps=[HOUSE, {"provider": "rules"}]).steps == (Step(**HOUSE), Step(provider="rules"))
    assert change(acting, steps=[]).steps == ()


def test_what_is_set_goes_on_record_with_what_was(acting):
    change(acting, steps=[GPT])
    entry = acting.session.scalars(select(AuditEntry).where(AuditEntry.action == "models.set")).one()
    [told] = entry.changes
    assert (told["kind"], told["old"]["steps"]) == ("model_policy", [])
    assert told["new"] == told["old"] | {"steps": [{**GPT, "url": None}]}
    assert set(told["new"]) == {"steps", "uses_models", "without_answer", "most", "checks_per_hour"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"step": []}, 'models: there is no "step". Did you mean "steps"?'),
        ({"version": 7}, 'models: there is no "version"'),
        ({"uses_models": "no"}, "uses_models: true or false"),
        ({"without_answer": "rule"}, 'without_answer: there is no "rule". Did you mean "rules"?'),
        ({"without_answer": True}, "without_answer:"),
        ({"checks_per_hour": 0}, "checks_per_hour: a whole number from 1 to 1,000"),
        ({"checks_per_hour": 1_001}, "checks_per_hour:"),
        ({"checks_per_hour": True}, "checks_per_hour:"),
        ({"checks_per_hour": 2.5}, "checks_per_hour:"),
        ({"most": 5}, "most: limits of a day"),
        ({"most": {"token": 5}}, 'most: there is no "token". Did you mean "tokens"?'),
        ({"most": {"tokens": 0}}, "most.tokens: a whole number from 1"),
        ({"most": {"tokens": "5"}}, "most.tokens:"),
        ({"most": {"tokens": 10**9 + 1}}, "most.tokens:"),
        *(
            ({"most": {"cost": cost}}, "most.cost: dollars")
            for cost in (0, -1, "-0.01", "5.001", 0.001, "NaN", "sNaN", "Infinity", "1e400", "1e-400", 1_000_000.01)
        ),
        *(({"most": {"cost": cost}}, "most.cost: dollars") for cost in ("five", "", True, [5], 10**400)),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(acting, given, told):
    assert told in refused(acting, **given)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("openai", "steps: a list of at most 5"),
        (GPT, "steps: a list"),
        (["openai"], "steps: a list"),
        ([{"model": "gpt-5"}], "steps: a list"),
        ([{**GPT, "model": 5}], "steps: a list"),
        ([{**GPT, "model": f"m{number}"} for number in range(6)], "steps: a list of at most 5"),
        ([{**GPT, "modle": "x"}], 'steps[0]: there is no "modle". Did you mean "model"?'),
        ([CLAUDE, {**GPT, "provider": "opnai"}], 'steps[1].provider: there is no "opnai". Did you mean "openai"?'),
        ([{**GPT, "provider": "somebody"}], "There are openai, anthropic, rules."),
        ([{"provider": "openai"}], "steps[0].model: the provider's name of a model is wanted, such as gpt-5"),
        *(([{**GPT, "model": model}], "steps[0].model:") for model in ("gpt 5", "gpt\n", "gpt-ö", "m" * 101)),
        ([GPT, CLAUDE, GPT], "steps[2]: it stands there twice."),
        ([{"provider": "rules"}, GPT], "steps[0]: rules always answer"),
        ([{"provider": "rules"}, {"provider": "rules"}], "steps[0]: rules always answer"),
        ([{"provider": "rules", "model": "gpt-5"}], "steps[0]: rules have neither"),
        ([{"provider": "rules", "url": "https://models.example"}], "steps[0]: rules have neither"),
    ],
)
def test_a_step_that_cannot_be_is_refused_by_its_place(acting, steps, told):
    assert told in refused(acting, steps=steps)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "models.example/v1",
        "https://",
        "https:///v1",
        "https://login:word@models.example/v1",
        "https://models.example/v1?key=SECRET",
        "https://models.example/v1#SECRET",
        "https://models.example/v 1",
        "https://models.example/v1\n",
        "https://models.example\\v1",
        "https://mödels.example/v1",
        "https://models.example:0/v1",
        "https://models.example:99999/v1",
        "https://[models/v1",
        "https://models..example/v1",
        f"https://models.example/{'v' * 500}",
    ],
)
def test_an_address_that_nobody_can_call_is_refused_and_not_repeated(acting, url):
    sentence = refused(acting, steps=[{**GPT, "url": url}])
    assert sentence.startswith("steps[0].url: an address such as https://models.example/v1 is wanted")
    assert "SECRET" not in sentence


@pytest.mark.parametrize("scheme", ["http", "ftp", "file", "javascript"])
def test_an_address_is_https(acting, scheme):
    sentence = refused(acting, steps=[{**GPT, "url": f"{scheme}://models.example/v1"}])
    assert "steps[0].url: it must start with https://; http is only for networks that GATEWAY_ALLOW_PRIVATE" in sentence


def test_http_is_for_installations_that_allow_private_networks(db, settings, tenants):
    office = office_of(db, replace(settings, allow_private=("10.0.0.0/8",)))
    steps = [
        {**GPT, "url": url} for url in ("http://10.1.2.3:8000/v1", "http://[fd00::5]/v1", "https://models.example")
    ]
    with office.acting(tenants.northgate, ME) as acting:
        assert [one.url for one in change(acting, steps=steps).steps] == [one["url"] for one in steps]
        with pytest.raises(Invalid, match="https://"):
            change(acting, steps=[{**GPT, "url": "ftp://10.1.2.3/v1"}])


def test_one_firms_wishes_are_no_other_firms(office, tenants):
    with office.acting(tenants.northgate, ME) as one:
        change(one, steps=[GPT])
    with office.acting(tenants.harbor, ME) as other:
        assert held(other) == Policy()
        assert policies.history(other) == []
        assert policies.of_firm(other.session, tenants.northgate) == Policy()
        assert change(other, steps=[CLAUDE]).version == 1
    with office.acting(tenants.northgate, ME) as one:
        assert held(one).steps == (Step(**GPT),)


def test_whoever_changes_it_while_somebody_does_is_told_so(office, tenants, locks):
    told = []

    def second():
        try:
            with office.acting(tenants.northgate, ME) as acting:
                change(acting, checks_per_hour=30)
        except Busy as problem:
            told.append(problem.code)

    thread = threading.Thread(target=second)
    with office.acting(tenants.northgate, ME) as acting:
        change(acting, checks_per_hour=20)
        thread.start()
        until(locks.waiting_for_rows)
    thread.join()
    assert told == ["changed_meanwhile"]
    with office.acting(tenants.northgate, ME) as acting:
        assert [one.policy.checks_per_hour for one in policies.history(acting)] == [20]
