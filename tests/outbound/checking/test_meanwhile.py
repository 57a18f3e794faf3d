"""What others do while a model thinks: they erase the person, take the check over, or ask at the same moment."""

from __future__ import annotations

import threading

import pytest
from helpers.model_double import saying, status
from helpers.servers import until
from sqlalchemy import text

from gateway.domain.people import erasure
from gateway.errors import TooOften
from gateway.office import Actor
from gateway.wings import ERASERS
from outbound.checking import working

AWARD = {"ref": "award.1", "field": "scope", "value": "international"}
CLAIM = {"visa": "EB1A", "criterion": "AWARD", "strength": "documented", "cites": [AWARD]}
ADA = Actor("staff", "ada@northgate.example")


@pytest.fixture
def asks(northgate, double):
    """A firm that asks a model."""
    double.otherwise = saying({"claims": [CLAIM]})
    northgate.wants(steps=[{"provider": "openai", "model": "gpt-5", "url": double.at("openai")}])
    return northgate


def calls(office):
    with office.db.system() as session:
        return session.execute(text("SELECT provider, outcome, sends FROM llm_calls ORDER BY at, number")).all()


def while_asked(double, do):
    """Have something done while the model thinks."""

    def way(handler, asked):
        do()
        double.otherwise(handler, asked)

    double.next(way)


def at_once(*work):
    threads = [threading.Thread(target=one, daemon=True) for one in work]
    for one in threads:
        one.start()
    return threads


def test_of_a_person_who_is_erased_while_the_model_thinks_nothing_is_kept(asks, double, office):
    whom = asks.person()
    check_id = asks.ask(whom, "EB1A")

    def erase():
        with asks.acting() as acting:
            erasure.erase(acting, whom, "Asked for", ERASERS)

    while_asked(double, erase)
    asks.work()
    seen = asks.seen(check_id)
    assert (seen.progress.state, seen.progress.error_code, len(double.asked)) == ("failed", "client_erased", 1)
    assert (seen.recommendations, seen.check.heard, seen.check.claims, seen.check.profile) == ([], None, None, [])
    assert calls(office) == [("openai", "answered", 1)]


def test_whoever_was_taken_for_dead_keeps_nothing(asks, double, office):
    check_id = asks.ask(asks.person(), "EB1A")

    def take_over():
        with office.db.system() as session:
            session.execute(text("UPDATE jobs SET worker = 'somebody else' WHERE about = :id"), {"id": check_id})

    while_asked(double, take_over)
    asks.work()
    seen = asks.seen(check_id)
    assert (seen.check.state, seen.check.heard, seen.recommendations) == ("open", None, [])
    assert calls(office) == [("openai", "begun", 1)]


def _answers(asks, double, whom):
    pass


def _declines(asks, double, whom):
    double.otherwise = status(401)
    asks.wants(without_answer="fail")


def _is_erased(asks, double, whom):
    with asks.acting() as acting:
        erasure.erase(acting, whom, "Asked for", ERASERS)


@pytest.mark.parametrize(("ends", "how"), [("settle", _answers), ("give_up", _declines), ("give_up", _is_erased)])
def test_whoever_was_taken_for_dead_at_the_very_end_ends_nothing(asks, double, office, monkeypatch, ends, how):
    whom = asks.person()
    check_id = asks.ask(whom, "EB1A")
    how(asks, double, whom)
    real = getattr(working, ends)

    def taken_over(*arguments):
        with office.db.system() as session:
            session.execute(text("UPDATE jobs SET worker = 'somebody else' WHERE about = :id"), {"id": check_id})
        real(*arguments)

    monkeypatch.setattr(working, ends, taken_over)
    asks.work()
    seen = asks.seen(check_id)
    assert (seen.check.state, seen.check.error_code, seen.recommendations) == ("open", None, [])


def test_calls_that_are_begun_at_the_same_moment_spend_no_more_together_than_they_may(asks, double, office, locks):
    asks.wants(most={"tokens": 20_000})  # one call may take 13,000 and more
    checks = [asks.ask(asks.person(), "EB1A") for _ in range(2)]

    def the_other_has_ended():
        return any(asks.seen(one).check.state != "open" for one in checks)

    while_asked(
        double, lambda: until(the_other_has_ended)
    )  # for what is answered counts as what it took, which is less
    with locks.held("llm_calls"):
        threads = at_once(asks.work, asks.work)
        until(lambda: locks.waiting() == 2)
    for one in threads:
        one.join()
    assert sorted(asks.seen(one).check.provider for one in checks) == ["openai", "rules"]
    assert len(double.asked) == 1


def test_who_asks_twice_at_the_same_moment_is_counted_twice(asks, locks):
    asks.wants(checks_per_hour=1)
    whom, came = asks.person(), []

    def ask():
        try:
            came.append(asks.ask(whom, "EB1A", actor=ADA))
        except TooOften as refused:
            came.append(refused.code)

    with locks.held("eligibility_checks"):
        threads = at_once(ask, ask)
        until(lambda: locks.waiting() == 2)
    for one in threads:
        one.join()
    assert (len(came), came.count("too_many_checks")) == (2, 1)


def test_the_hour_of_whoever_asked_too_often_begins_with_the_first_that_counts(asks, monkeypatch):
    asks.wants(checks_per_hour=2)
    whom = asks.person()
    for minute in ("00", "20"):
        monkeypatch.setenv("GATEWAY_NOW", f"2027-03-01T15:{minute}:00+00:00")
        asks.ask(whom, "EB1A", actor=ADA)
    with pytest.raises(TooOften) as refused:
        asks.ask(whom, "EB1A", actor=ADA)
    assert refused.value.seconds == 40 * 60


def test_an_answer_of_an_answer_is_not_older_than_thirty_days(asks, double, monkeypatch):
    whom = asks.person()
    for day, count in (("01", 1), ("20", 1), ("31", 2)):
        monkeypatch.setenv("GATEWAY_NOW", f"2027-03-{day}T15:00:01+00:00")
        asks.done(whom, "EB1A")
        assert len(double.asked) == count, day


def test_each_answer_is_only_for_the_one_it_is_about(asks, double):
    """Two of whom the same is known are two questions: what is known of them elsewhere is not the same."""
    shown = {"award": {"name": "Golden Gear", "scope": "international"}}
    for _ in range(2):
        asks.done(asks.person(shown), "EB1A")
    assert len(double.asked) == 2
