"""An HRIS that answers oddly, or means harm: nobody is lost, nothing old wins, no token leaves, and calls end."""

import json
from datetime import timedelta

import pytest
from helpers.hris import Hris, serving

from gateway import clock
from ingest.arrivals.rest.asking import MOST_BYTES
from ingest.arrivals.rest.turns import IN_A_ROW

pytestmark = pytest.mark.timeout(300)

KEYED = ("field: updatedAt}", "field: updatedAt, key: employeeId}")


def salaries(inbox):
    return {key: int(value) for key, value in inbox.clients().items()}


def person(name, salary, at):
    return {"employeeId": name, "last": name, "salary": salary, "updatedAt": at.isoformat()}


def answer(people, following=None):
    return json.dumps({"meta": {"next": following}, "data": {"employees": people}}).encode()


def polls_answer(hris, page):
    """Who changed is answered so; the past is empty."""
    hris._page = lambda query: answer([]) if "updatedBefore" in query else page(query)


def test_an_older_version_that_comes_later_is_not_taken(hris, connect, minutes):
    """Pages out of order, from a replica that is behind: of E1 the second page has an older version than the first."""
    inbox, now = connect(KEYED), clock.now()
    new, old = person("E1", 70_000, now), person("E1", 50_000, now - timedelta(days=1))
    other = person("E2", 60_000, now - timedelta(days=2))
    polls_answer(hris, lambda query: answer([old, other]) if "cursor" in query else answer([new], "2"))
    minutes(6)
    assert salaries(inbox) == {"E1": 70_000, "E2": 60_000}
    hris.people["E1"] = old
    minutes()
    assert salaries(inbox)["E1"] == 70_000


def test_of_two_versions_in_one_answer_the_newer_is_taken_whichever_comes_first(hris, connect, minutes):
    inbox, now = connect(KEYED), clock.now()
    old, new = person("E1", 50_000, now - timedelta(days=1)), person("E1", 70_000, now)
    polls_answer(hris, lambda _: answer([new, old, new]))
    minutes()
    assert salaries(inbox) == {"E1": 70_000}


def test_an_hris_whose_clock_is_ahead_is_not_asked_about_the_future(hris, connect, minutes):
    inbox = connect(KEYED)
    hris.change("E1", 50_000, clock.now() + timedelta(days=9_999))
    minutes()
    hris.change("E1", 60_000)
    hris.change("E2", 60_000)
    minutes(6)
    assert salaries(inbox) == {"E1": 60_000, "E2": 60_000}


def test_pages_that_lead_in_a_circle_are_left_alone_after_ten_rounds(hris, connect, rounds):
    inbox = connect()
    polls_answer(hris, lambda query: answer([], {"a": "b", "b": "c", "c": "a"}[query.get("cursor", "a")]))
    rounds(12)
    asked = len(hris.asked)
    assert asked <= IN_A_ROW * 8
    assert "again and again" in inbox.sql("SELECT last_problem FROM rest_sources")[0][0]
    rounds(2)
    assert len(hris.asked) == asked
    polls_answer(hris, lambda _: answer([person("E1", 50_000, clock.now())]))
    rounds(3)
    assert inbox.sql("SELECT failures, last_problem FROM rest_sources") == [(0, None)], "read once it is well"


def test_a_cursor_that_is_never_known_is_not_asked_for_without_end(hris, connect, rounds):
    connect()
    real = hris._told
    polls_answer(hris, lambda _: answer([], "x"))
    hris._told = lambda method, parts, headers, body: (
        (410, {}, b"{}") if "cursor" in parts.query else real(method, parts, headers, body)
    )
    rounds(20)
    assert len(hris.asked) <= 2 * IN_A_ROW + 6


def test_a_next_page_on_another_host_is_not_gone_to(hris, connect, minutes):
    connect()
    with serving(Hris()) as other:
        link = f"{other.url}/v1/employees?cursor=2"
        polls_answer(hris, lambda query: answer([]) if "cursor" in query else answer([], link))
        hris.answers = []
        minutes(2)
        assert other.asked == []
    assert len(hris.calls("cursor=http%3A%2F%2F")) == 1, "it is a word like any other, for the same host"


def test_a_redirect_is_not_followed(hris, connect, minutes):
    inbox = connect()
    with serving(Hris()) as other:
        hris.answers = [(302, {"Location": f"{other.url}/v1/employees"})]
        minutes()
        assert other.asked == []
    assert inbox.sql("SELECT last_problem FROM rest_sources") == [("The HRIS answered 302.",)]


def test_an_answer_that_is_too_large_stops_the_feed_and_not_the_machine(hris, connect, minutes):
    inbox = connect()
    polls_answer(hris, lambda _: b" " * (MOST_BYTES + 1))
    minutes()
    assert "more than" in inbox.sql("SELECT last_problem FROM rest_sources")[0][0]
    assert inbox.sql("SELECT failures FROM rest_accounts") == [(0,)]


@pytest.mark.parametrize("body", [answer([person("E1", 1, clock.now())])[:-9], b'{"data": ' + b"[" * 100_000])
def test_an_answer_that_breaks_off_or_goes_too_deep_is_asked_for_again(hris, connect, minutes, body):
    inbox = connect()
    polls_answer(hris, lambda _: body)
    minutes()
    assert "did not answer as agreed" in inbox.sql("SELECT last_problem FROM rest_sources")[0][0]
    polls_answer(hris, lambda _: answer([person("E1", 50_000, clock.now())]))
    minutes()
    assert salaries(inbox) == {"E1": 50_000}


def test_a_token_that_ends_between_two_pages_costs_a_minute_and_no_page(hris, connect, minutes):
    oauth = f"auth: {{type: oauth2, token_url: {hris.url}/oauth/token, client_id: northgate, secret: HRIS_CLIENT}}"
    inbox = connect(("auth: {type: key, secret: HRIS_KEY}", oauth))

    def page(query):
        if "cursor" in query:
            return answer([person("E2", 60_000, clock.now())])
        hris.revoked = hris.tokens  # whatever was given out is not good any more
        return answer([person("E1", 50_000, clock.now())], "2")

    polls_answer(hris, page)
    minutes(2)
    assert salaries(inbox) == {"E1": 50_000, "E2": 60_000}
    assert len(hris.calls("cursor=2")) == 2
