"""A provider that fails most of the time is left alone for a minute, and then tried by one."""

import threading

import pytest

from outbound.llm.base import NotNow
from outbound.llm.breaking import LEAST, REST, WINDOW, Breakers


class Hour:
    def __init__(self):
        self.now = 0.0
        self.breakers = Breakers(lambda: self.now)

    def open(self, key="p"):
        try:
            self.breakers.enter(key)
        except NotNow as problem:
            return problem.wait.total_seconds()
        return None

    def fail(self, times=1):
        for _ in range(times):
            self.breakers.enter("p")
            self.breakers.fails("p")

    def work(self):
        self.breakers.enter("p")
        self.breakers.works("p")


@pytest.fixture
def hour():
    return Hour()


def test_too_few_calls_say_nothing(hour):
    hour.fail(LEAST - 1)
    assert hour.open() is None


def test_half_failing_is_not_most(hour):
    for _ in range(10):
        hour.work()
        hour.fail()
    assert hour.open() is None
    hour.fail()
    assert hour.open() == REST.total_seconds()


def test_another_provider_is_asked_all_the_same(hour):
    hour.fail(LEAST)
    assert (hour.open(), hour.open("q")) == (60, None)


def test_what_lies_long_back_is_forgotten(hour):
    hour.fail(LEAST - 1)
    hour.now += WINDOW.total_seconds() + 1
    hour.fail()
    assert hour.open() is None


def test_after_its_rest_one_tries_and_the_others_wait(hour):
    hour.fail(LEAST)
    hour.now += 59
    assert hour.open() == 1
    hour.now += 1
    assert hour.open() is None
    assert hour.open() > 0


def test_a_trial_that_works_opens_it_to_all(hour):
    hour.fail(LEAST)
    hour.now += 60
    hour.work()
    assert (hour.open(), hour.open()) == (None, None)
    hour.fail()
    assert hour.open() is None


def test_a_trial_that_fails_closes_it_again(hour):
    hour.fail(LEAST)
    hour.now += WINDOW.total_seconds() + 60
    hour.fail()
    assert hour.open() == 60


def test_a_trial_of_which_nothing_is_heard_is_followed_by_another(hour):
    hour.fail(LEAST)
    hour.now += 60
    assert hour.open() is None
    hour.now += 90
    assert hour.open() is None


def test_of_many_threads_one_tries(hour):
    hour.fail(LEAST)
    hour.now += 60
    through, together = [], threading.Barrier(8)

    def enter():
        together.wait()
        through.append(hour.open())

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert through.count(None) == 1
