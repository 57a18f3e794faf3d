"""A firm's providers are asked in its order, patiently and within limits, and rules answer where no model does."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from helpers.model_double import late, modelling, raw, refusing, reset, saying, status, too_many, truncated
from helpers.questions import EB1A, GOOD, KNOWN, PROFILE, QUESTION, Noted, account, within

from gateway.domain.eligibility import citing
from gateway.domain.eligibility.policies import Most, Policy, Step
from gateway.errors import Permanent, Transient
from outbound.llm import asking
from outbound.llm.base import Answer
from outbound.llm.spending import Spent

BAD = saying({"claims": [{"visa": "EB1A", "criterion": "AWARD", "strength": "certain", "cites": []}]})


@pytest.fixture(scope="module")
def servers():
    with modelling() as first, modelling() as second:
        yield first, second


@pytest.fixture(autouse=True)
def _afresh(servers):
    for one in servers:
        one.asked.clear()
        one._next.clear()
        one.tokens, one.otherwise = [0, 0], saying(GOOD)


@pytest.fixture
def first(servers):
    return servers[0]


@pytest.fixture
def second(servers):
    return servers[1]


@pytest.fixture
def steps(first, second):
    return [
        Step(provider="openai", model="gpt-5", url=first.at("openai")),
        Step(provider="anthropic", model="claude-sonnet-5-5", url=second.at("anthropic")),
    ]


@pytest.fixture
def noted():
    return Noted()


@pytest.fixture
def ask(steps, noted, tmp_path):
    def ask(heard=None, **more):
        policy = Policy(**{"steps": steps, **more})
        return asking.ask(account(tmp_path), QUESTION, KNOWN, policy, noted.hands(), heard)

    return ask


def holds(found):
    held, dropped = citing.checked(EB1A, PROFILE, found.claims)
    return sorted(one.criterion for one in held) == ["AWARD", "CRITICAL"] and dropped == []


def test_the_first_that_answers_is_heard_and_no_other_is_asked(ask, noted, first, second):
    found = ask()
    assert holds(found)
    assert (found.provider, found.model, found.prompt, found.is_degraded) == ("openai", "gpt-5", "1", False)
    assert (len(first.asked), len(second.asked), noted.outcomes) == (1, 0, [("openai", "answered")])


def test_an_answer_is_kept_before_it_is_looked_at(ask, noted, first):
    first.next(saying("no JSON"), saying(GOOD))
    ask()
    assert noted.told == ["kept", "malformed", "kept", "answered"]
    assert [one.answer.text[:7] for one in noted.kept] == ["no JSON", '{"claim']


def test_an_attempt_says_what_it_took(ask, noted, first):
    ask()
    [attempt] = noted.attempts
    assert (attempt.provider, attempt.model, attempt.prompt, attempt.code) == ("openai", "gpt-5", "1", None)
    assert [attempt.tokens_in, attempt.tokens_out] == first.tokens
    dollars = (attempt.tokens_in * Decimal("1.25") + attempt.tokens_out * 10) / 1_000_000
    assert 0 <= attempt.cost - dollars < Decimal("0.000001")
    assert timedelta(0) < attempt.took < timedelta(seconds=20)


@pytest.mark.parametrize("seconds", [0, 3, 30])
def test_so_long_is_waited_as_is_asked_for(ask, noted, first, seconds):
    first.next(too_many(seconds), too_many(seconds))
    assert holds(ask())
    assert noted.waits == [seconds, seconds]


def test_where_nobody_says_for_how_long_it_is_two_four_and_eight_seconds(ask, noted, first, second):
    first.next(*[too_many()] * 4)
    found = ask()
    assert noted.waits == [2, 4, 8]
    assert (len(first.asked), len(second.asked), found.provider) == (4, 1, "anthropic")
    assert noted.outcomes == [("openai", "too_many_requests")] * 4 + [("anthropic", "answered")]


def test_whoever_asks_for_too_much_time_is_passed_over(ask, noted, first, second):
    first.next(too_many(31))
    assert ask().provider == "anthropic"
    assert (noted.waits, len(first.asked), len(second.asked)) == ([], 1, 1)


@pytest.mark.parametrize(
    "fault", [status(500), status(503, retry_after="2"), reset, truncated(GOOD), raw(b"x" * 2_000_000)]
)
def test_a_provider_that_is_away_is_not_asked_twice(ask, noted, first, second, fault):
    first.next(fault)
    assert holds(ask())
    assert noted.outcomes == [("openai", "away"), ("anthropic", "answered")]
    assert (len(first.asked), noted.waits) == (1, [])


def test_a_provider_that_says_nothing_is_left_after_its_time(ask, noted, first, monkeypatch):
    gate = threading.Event()
    first.next(late(gate, saying(GOOD)))
    with within(0.5, monkeypatch):
        found = ask()
    gate.set()
    assert (found.provider, noted.attempts[0].code) == ("anthropic", "answer_timed_out")
    assert timedelta(seconds=0.4) < noted.attempts[0].took < timedelta(seconds=10)


def test_each_provider_has_thirty_seconds():
    assert timedelta(seconds=30) == asking.WITHIN


def test_a_malformed_answer_is_mended_once_and_the_model_is_told_why(ask, noted, first):
    first.next(BAD, saying(GOOD))
    assert holds(ask())
    once, again = first.asked
    assert again.user.startswith(once.user)
    assert "$.claims[0].strength" in again.user.removeprefix(once.user)
    assert "certain" not in again.user
    assert [(one.outcome, one.is_repair) for one in noted.attempts] == [("malformed", False), ("answered", True)]
    assert all(one.tokens_in for one in noted.attempts)


def test_two_malformed_answers_are_enough(ask, noted, first, second):
    first.next(BAD, BAD, saying(GOOD))
    assert ask().provider == "anthropic"
    assert (len(first.asked), len(second.asked)) == (2, 1)


def test_an_answer_that_no_protocol_has_is_malformed_as_well(ask, noted, first):
    first.next(raw(b"<html>"), saying(GOOD))
    assert ask().provider == "openai"
    assert noted.told == ["malformed", "kept", "answered"]


def test_a_model_that_refuses_is_not_asked_again(ask, noted, first):
    first.next(refusing)
    assert ask().provider == "anthropic"
    assert (len(first.asked), noted.outcomes[0]) == (1, ("openai", "refused"))


def test_a_key_that_is_refused_leads_on_at_once(ask, noted, first):
    first.next(status(401))
    assert ask().provider == "anthropic"
    assert (len(first.asked), noted.outcomes[0]) == (1, ("openai", "declined"))


def test_rules_answer_where_no_model_does_and_it_is_said(ask, noted, first, second):
    first.next(status(500))
    second.next(status(500))
    found = ask()
    assert holds(found)
    assert (found.provider, found.model, found.prompt, found.is_degraded) == ("rules", None, None, True)
    assert [one[-1] for one in found.problems] == [".", "."]
    assert noted.outcomes == [("openai", "away"), ("anthropic", "away"), ("rules", "answered")]


def test_a_firm_that_wants_no_rules_in_their_place_is_told_why(ask, noted, first, second):
    first.next(status(500))
    second.next(reset)
    with pytest.raises(Transient) as failed:
        ask(without_answer="fail")
    assert failed.value.code == "models_away"
    assert "openai: 127.0.0.1" in failed.value.sentence
    assert "anthropic: 127.0.0.1" in failed.value.sentence
    assert len(noted.attempts) == 2


def test_what_would_fail_again_is_said_to(ask, first, second):
    first.next(status(401))
    second.next(status(404))
    with pytest.raises(Permanent) as failed:
        ask(without_answer="fail")
    assert failed.value.code == "models_decline"


def test_a_firm_without_models_has_rules_and_nobody_is_asked(ask, noted, first, second):
    found = ask(uses_models=False)
    assert holds(found)
    assert (found.provider, found.is_degraded, found.problems) == ("rules", False, [])
    assert (first.asked, second.asked, noted.outcomes) == ([], [], [("rules", "answered")])


def test_a_firm_that_named_nobody_has_rules(ask, noted):
    assert ask(steps=[]).is_degraded is False
    assert ask(steps=[Step(provider="rules")], without_answer="fail").provider == "rules"


def test_a_provider_that_there_is_not_leads_on(ask, noted, steps):
    found = ask(steps=[Step(provider="opnai", model="m"), *steps])
    assert (found.provider, noted.attempts[0].code) == ("openai", "provider_unknown")


def test_an_answer_that_was_kept_is_read_and_nobody_is_asked(ask, noted, first):
    ask()
    [heard] = noted.kept
    again = ask(heard=heard)
    assert (holds(again), again.provider, len(first.asked)) == (True, "openai", 1)
    assert len(noted.attempts) == 1


@pytest.mark.parametrize(
    "change", [{"prompt": "0"}, {"answer": Answer(text="{", model="m", tokens_in=1, tokens_out=1)}]
)
def test_an_answer_that_cannot_be_used_any_more_is_asked_for_again(ask, noted, first, change):
    from msgspec.structs import replace

    ask()
    assert holds(ask(heard=replace(noted.kept[0], **change)))
    assert len(first.asked) == 2


def test_a_provider_that_fails_most_of_the_time_is_left_alone(ask, noted, first, second):
    first.otherwise = status(500)
    for _ in range(5):
        assert ask().provider == "anthropic"
    assert len(first.asked) == 5
    ask()
    assert (len(first.asked), len(second.asked)) == (5, 6)
    assert noted.attempts[-2].outcome == "rests"
    assert noted.attempts[-2].took == timedelta(0)
    noted.now += 61
    first.otherwise = saying(GOOD)
    assert (ask().provider, ask().provider) == ("openai", "openai")


def test_refusals_and_answers_by_no_schema_are_no_failures_of_the_provider(ask, noted, first):
    first.otherwise = status(401)
    for _ in range(7):
        ask()
    first.otherwise = BAD
    for _ in range(7):
        ask()
    assert len(first.asked) == 21
    assert "rests" not in {one.outcome for one in noted.attempts}


def test_the_same_provider_elsewhere_is_another(ask, noted, first, steps):
    first.otherwise = status(500)
    for _ in range(6):
        ask(steps=steps[:1])
    elsewhere = Step(provider="openai", model="m", url=f"{first.at('openai')}/")
    ask(steps=[elsewhere])
    assert [one.outcome for one in noted.attempts if one.provider == "openai"][-2:] == ["rests", "away"]


def test_what_a_day_may_cost_is_not_passed(ask, noted, first, second):
    noted.spent = Spent(tokens=90_000)
    assert ask(most=Most(tokens=95_000)).provider == "rules"
    assert (first.asked, second.asked) == ([], [])
    assert {one.code for one in noted.attempts} == {"tokens_spent", None}
    noted.spent = Spent(cost=Decimal("0.99"))
    assert ask(most=Most(cost=Decimal(1))).is_degraded
    assert ask(most=Most(cost=Decimal(2))).provider == "openai"


def test_a_model_whose_price_nobody_knows_is_not_asked_where_cost_is_limited(ask, noted, steps):
    odd = Step(provider="openai", model="house-model", url=steps[0].url)
    assert ask(steps=[odd, steps[1]], most=Most(cost=Decimal(5))).provider == "anthropic"
    assert noted.attempts[0].code == "price_unknown"
    assert ask(steps=[odd]).provider == "openai"
    assert noted.attempts[-1].cost is None


def test_whoever_stops_waiting_ends_the_asking(ask, noted, first, monkeypatch):
    class Ending(Exception):  # noqa: N818 - a signal
        pass

    def stop(_span):
        raise Ending

    monkeypatch.setattr(noted, "_wait", stop)
    first.next(too_many(1))
    with pytest.raises(Ending):
        ask()
    assert noted.outcomes == [("openai", "too_many_requests")]


# ------------------------------------------------------------------------------------------------ begun again


def test_a_call_of_the_second_that_was_lost_is_made_again_and_the_first_is_left_alone(ask, noted, first, second):
    noted.left = asking.Left("anthropic", "claude-sonnet-5-5", is_repair=False)
    found = ask()
    assert (found.provider, first.asked, len(second.asked)) == ("anthropic", [], 1)


def test_a_mending_that_was_lost_is_asked_for_again_in_the_same_words(ask, noted, first):
    first.next(BAD)
    ask()
    [_, before], [mends] = first.asked, [one.mends for one in noted.attempts if one.mends]
    noted.left = asking.Left("openai", "gpt-5", is_repair=True, mends=mends, prompt="1")
    assert holds(ask())
    assert [one.raw for one in first.asked[2:]] == [before.raw]


@pytest.mark.parametrize(
    "left",
    [
        asking.Left("openai", "gpt-5", is_repair=True),  # from before it was kept what is to be mended
        asking.Left("openai", "gpt-5", is_repair=True, mends="It could not be used.", prompt="0"),
        asking.Left("openai", "a model that the firm wants no more", is_repair=False),
    ],
)
def test_what_cannot_be_asked_again_as_it_was_is_asked_from_the_beginning(ask, noted, first, left):
    noted.left = left
    found = ask()
    assert (found.provider, len(first.asked), "could not be used" in first.asked[0].user) == ("openai", 1, False)


def test_who_went_on_with_the_last_may_try_all_of_them_later(ask, noted, first, second):
    noted.left = asking.Left("anthropic", "claude-sonnet-5-5", is_repair=False)
    second.next(status(401))
    with pytest.raises(Transient, match=r"^No model answered; try again later\. anthropic: "):
        ask(without_answer="fail")
    assert first.asked == []
