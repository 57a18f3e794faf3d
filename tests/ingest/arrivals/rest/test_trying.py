"""Ways in that are tried out: an HRIS that is asked once, and the secrets of calls; nothing is taken."""

from __future__ import annotations

import pytest
from helpers.inbox import ME

from ingest.arrivals import trying

OAUTH = "auth: {type: oauth2, token_url: URL/oauth/token, client_id: northgate, secret: HRIS_CLIENT}"
HRIS, CALLS = "HRIS of the feed workers", "calls to /v1/webhooks/acme/workers"


@pytest.fixture
def tried(office, tenants):
    def ping():
        return {one.place.partition(" (")[0]: one for one in trying.ping(office, tenants.northgate, ME, "acme")}

    return ping


def test_an_hris_is_asked_once_and_a_secret_of_calls_is_tried(connect, hris, tried):
    inbox = connect()
    found = tried()
    assert [one.problem for one in found.values()] == [None, None]
    assert [len(found[name].steps) for name in (HRIS, CALLS)] == [3, 1]
    assert "takes the key" in found[HRIS].steps[1]
    assert len(hris.asked) == 1
    assert inbox.sql("SELECT count(*) FROM imports") == [(0,)]
    assert inbox.sql("SELECT action FROM audit_log WHERE action = 'arrival.ping'") == [("arrival.ping",)]


def test_a_token_is_fetched(connect, hris, tried):
    connect(("auth: {type: key, secret: HRIS_KEY}", OAUTH.replace("URL", hris.url)))
    assert "token" in tried()[HRIS].steps[1]


@pytest.mark.parametrize(
    ("old", "new", "steps", "said"),
    [
        ("secret: HRIS_KEY", "secret: NOT_THERE", 0, "NOT_THERE"),
        ("secret: HRIS_KEY", "secret: HOOK", 1, "answered 401"),
        ("path: /v1/employees,", "path: /v1/nobody,", 1, "answered 404"),
    ],
)
def test_what_is_wrong_with_an_hris_is_told_in_plain_words(connect, tried, old, new, steps, said):
    connect((old, new))
    one = tried()[HRIS]
    assert len(one.steps) == steps
    assert said in one.problem.sentence


def test_an_answer_that_cannot_be_read_is_told(connect, hris, tried):
    connect()
    hris._page = lambda _query: b"<html>We are moving</html>"
    one = tried()[HRIS]
    assert (len(one.steps), one.problem.code) == (2, "hris_unreadable")


def test_a_secret_of_calls_that_is_missing_or_of_no_use_is_told(connect, tried, opened):
    connect(("secret: HOOK", "secret: [HOOK, NEXT]"))
    one = tried()[CALLS]
    assert (len(one.steps), one.problem.code) == (1, "secret_missing")
    assert "NEXT" in one.problem.sentence
    (opened.secrets_dir / "northgate" / "NEXT").write_text("not a key")
    assert tried()[CALLS].problem.code == "secret_unfit"


def test_an_hris_that_is_left_alone_is_not_asked(connect, hris, tried, minutes):
    inbox = connect()
    minutes()
    inbox.sql("UPDATE rest_sources SET disconnected_at = now()")
    asked = len(hris.asked)
    assert "left alone" in tried()[HRIS].steps[0]
    assert len(hris.asked) == asked
