"""Attempts at a file: those that brought down their process count against it, those that met a problem do not."""

import pytest
from helpers.inbox import SENDER, as_csv, people
from sqlalchemy import text

from gateway.domain.partners.homes import find_home
from gateway.errors import Full, Transient
from ingest.arrival import Asked
from ingest.reception import receive
from ingest.running import MOST_ATTEMPTS, finish


@pytest.fixture
def home(office, inbox):
    return find_home(office, "acme")


def received(office, home, name, count):
    return receive(office, home, name, [as_csv(people(count))], via="test", by=SENDER, asked=Asked())


def ending_in(problem):
    def fence(_session):
        raise problem

    return fence


def full(session):
    """A disk that is full as the server tells it."""
    session.execute(text("DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$"))


@pytest.mark.parametrize("fence", [ending_in(Transient("locked", "Locked.")), full])
def test_what_ends_in_a_problem_is_not_held_against_the_file(office, inbox, home, fence):
    first = received(office, home, "roster_20260301.csv", 3)
    for _ in range(MOST_ATTEMPTS + 1):
        with pytest.raises(Transient):
            finish(office, home, first, fence=fence)
    second = received(office, home, "roster_20260302.csv", 4)
    finish(office, home, second)
    assert [inbox.account(one)["state"] for one in (first, second)] == ["loaded", "loaded"]


def test_a_full_disk_is_met_once_for_nobody_makes_room_in_a_moment(office, inbox, home):
    met = []

    def fence(session):
        met.append(session)
        full(session)

    arrival = received(office, home, "roster_20260301.csv", 3)
    with pytest.raises(Full):
        finish(office, home, arrival, fence=fence)
    assert len(met) == 1
