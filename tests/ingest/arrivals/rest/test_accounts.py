"""Feeds of a partner that ask with one account at a provider: one budget, one breaker; other partners have theirs."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from helpers.hris import Hris, serving
from helpers.inbox import Inbox
from sqlalchemy import text

from gateway import clock
from gateway.config import ConfigError, read
from gateway.domain.upkeep.monitoring import figures
from ingest.arrivals.rest import notices, pulling, turns
from ingest.arrivals.rest.accounts import budgets_of
from ingest.arrivals.rest.asking import Unanswered, ask
from ingest.arrivals.rest.sources import all_sources, ensure
from ingest.arrivals.rest.spec import Budget, RestArrival
from ingest.arrivals.rest.turns import IN_A_ROW, NotNow
from ingest.feeds import FEEDS

WORKERS = """  workers:
    file: "workers_*.json"
"""


def two_feeds(text, **second):
    """The settings of acme with a second feed of the same HRIS, some words of which are changed."""
    feeds = text[text.index(WORKERS) :]
    other = feeds.replace("workers", "leavers").replace("/v1/employees", "/v1/leavers/employees")
    for old, new in second.items():
        assert old in other
        other = other.replace(old, new)
    return text + other.replace("      - {via: webhook, secret: HOOK, pull: {ids: data.employeeId}}\n", "")


@pytest.fixture
def share(connect, office, tenants):
    """Applies acme's settings with the second feed."""

    def apply(*changes, **second):
        inbox = connect(*changes)
        [(text,)] = inbox.sql("SELECT source FROM partner_configs WHERE active")
        inbox.apply(two_feeds(text, **second))
        return inbox

    return apply


def sources(office):
    with office.db.system() as session:
        return {(one.home.slug, one.feed): one for one in all_sources(session)}


def fill(hris, count):
    for number in range(count):
        hris.change(f"P{number:04}", 40_000, clock.now() - timedelta(days=50) * (number + 1) / (count + 1))


@pytest.mark.timeout(300)
def test_two_feeds_together_never_exceed_the_budget_of_their_account(hris, share, rounds):
    """Seventy minutes in fast motion, in which both feeds have far more to read than the account allows."""
    share(("hour: 150", "hour: 60"), ("target: 15", "target: 36"))
    hris.size = 1
    hris._page = lambda query: json.dumps(
        {"meta": {"next": str(int(query.get("cursor", 0)) + 1)}, "data": {"employees": []}}
    ).encode()
    rounds(31, pulling.HISTORY)
    assert hris.busiest() == 30, "the past of both takes its half"
    assert {"leavers" in path for path in hris.calls("updatedBefore")} == {True, False}, "both are read"
    rounds(40, pulling.POLL, pulling.HISTORY)
    assert hris.busiest() == 60
    assert len(hris.asked) > 60


def test_the_last_call_is_spent_once_however_many_workers_want_it(share, office, day):
    share(("hour: 150", "hour: 60"), ("target: 15", "target: 36"))
    both = list(sources(office).values())

    def turn(number):
        try:
            turns.take_turn(office, both[number % 2], "poll")
        except NotNow:
            return 0
        return 1

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(turn, range(90))) == 60


def test_what_a_feed_has_spent_is_not_forgotten_when_settings_no_longer_have_it(share, office, connect):
    inbox = share()
    one = sources(office)["acme", "leavers"]
    turns.take_turn(office, one, "poll")
    connect()
    other = sources(office)["acme", "workers"]
    with office.db.firm(inbox.firm_id) as session:
        ensure(session, other)
        assert turns.spent(session, other, clock.now() - timedelta(hours=1)) == 1


def test_feeds_that_name_accounts_of_their_own_have_budgets_of_their_own(hris, share, office):
    inbox = share(**{"        url:": "        account: second\n        url:"})
    both = sources(office)
    turns.take_turn(office, both["acme", "leavers"], "poll")
    with office.db.firm(inbox.firm_id) as session:
        told = {name: turns.spent(session, one, clock.now() - timedelta(hours=1)) for (_, name), one in both.items()}
    assert told == {"leavers": 1, "workers": 0}
    assert inbox.sql("SELECT account, hourly FROM rest_accounts") == [("second", 150)]


def test_an_open_breaker_rests_all_feeds_of_the_account_and_no_other_partners(
    hris, share, office, tenants, minutes, day
):
    share()
    [(text,)] = Inbox(office, tenants.northgate, "acme").sql("SELECT source FROM partner_configs WHERE active")
    other = Inbox(office, tenants.northgate, "globex")
    with serving(Hris()) as healthy:
        other.apply(text.replace("partner: acme", "partner: globex").replace(hris.url, healthy.url))
        hris.is_away = True
        minutes(5)
        opened = len(hris.asked)
        assert opened == IN_A_ROW, "five minutes of two feeds are ten failures"
        healthy.change("E1", 50_000)
        minutes(4)
        assert len(hris.asked) == opened
        assert other.clients().keys() == {"E1"}
        minutes()
        assert len(hris.asked) == opened + 1, "one call tries, of whichever feed"


def test_even_at_one_host_partners_do_not_share(hris, share, office, tenants):
    inbox = share()
    [(text,)] = inbox.sql("SELECT source FROM partner_configs WHERE active")
    Inbox(office, tenants.northgate, "globex").apply(text.replace("partner: acme", "partner: globex"))
    all_of_them = sources(office)
    for _ in range(IN_A_ROW):
        turns.failed(office, all_of_them["acme", "workers"], "It is away.")
    with pytest.raises(NotNow, match="calls failed"):
        turns.take_turn(office, all_of_them["acme", "leavers"], "poll")
    turns.take_turn(office, all_of_them["globex", "leavers"], "poll")


def test_an_hris_that_asks_one_feed_to_wait_is_left_alone_by_all(hris, share, minutes):
    share()
    hris.answers = [(429, {"Retry-After": "180"})]
    minutes(3)
    assert len(hris.asked) == 1
    minutes()
    assert len(hris.asked) > 1


def test_a_feed_whose_answers_are_not_as_agreed_rests_alone(hris, share, minutes):
    inbox = share()
    hris._told = lambda method, parts, headers, body, told=hris._told: (
        (200, {}, b"{") if "leavers" in parts.path else told(method, parts, headers, body)
    )
    minutes(20)
    assert len(hris.calls("leavers")) <= IN_A_ROW + 2, "and then one each five minutes"
    hris.change("E1", 50_000)
    minutes(6)
    assert inbox.clients().keys() == {"E1"}


def test_the_budget_about_one_person_is_the_accounts_too(hris, share, office, minutes, day):
    inbox = share(("budget: {hour: 150}", "budget: {hour: 150, person: 3}"))
    minutes()
    both = sources(office).values()
    hris.change("E1", 50_000)
    for _ in range(2):
        for one in both:
            with office.acting(one.home.firm_id, one.actor) as acting:
                notices.note(acting, one.feed_id, ["E1"])
                pulling.queue(acting.session, pulling.PULL, *one.key)
        day.work()
    assert len(hris.calls("/employees/E1")) == 3
    assert inbox.clients().keys() == {"E1"}


def test_whoever_could_not_be_asked_about_has_not_been(hris, share, office, minutes, day):
    """An outage must not use up how often somebody may be asked about."""
    inbox = share(("budget: {hour: 150}", "budget: {hour: 150, person: 3}"))
    minutes()
    one = sources(office)["acme", "workers"]
    turns.pause(office, one, clock.now() + timedelta(minutes=30), "It asked for it.")
    with office.acting(one.home.firm_id, one.actor) as acting:
        notices.note(acting, one.feed_id, ["E1"])
    minutes(6)
    assert inbox.sql("SELECT asked FROM rest_persons") == [(0,)]


def test_budgets_breakers_and_waiting_notices_are_told_as_figures(hris, share, office, day):
    share()
    both = sources(office)
    for _ in range(IN_A_ROW):
        turns.take_turn(office, both["acme", "workers"], "poll")
    for _ in range(IN_A_ROW):
        turns.failed(office, both["acme", "leavers"], "It is away.")
    one = both["acme", "leavers"]
    with office.acting(one.home.firm_id, one.actor) as acting:
        ensure(acting.session, one)
        notices.note(acting, one.feed_id, ["E1"])
    day.move(minutes=2)
    account = f'partner="acme",account="{one.arrival.provider}"'
    told = figures(office, [])
    assert f'gateway_hris_budget_left{{{account},span="hour"}} 140.0' in told
    assert f"gateway_hris_resting{{{account}}} 1.0" in told
    assert 'gateway_hris_notice_age_seconds{partner="acme",feed="leavers"} 120.0' in told
    day.move(hours=2)
    assert not any(line.startswith("gateway_hris_resting{") for line in figures(office, [])), "nobody tries any more"


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ({"hour: 150": "hour: 200"}, "allows the account 127.0.0.1"),
        ({"target: 15": "target: 9"}, "ask who changed 32 times in this span"),
    ],
)
def test_feeds_that_do_not_agree_about_their_account_are_told_so(share, second, sentence):
    with pytest.raises(ConfigError, match=sentence):
        share(**second)


def test_of_disagreeing_settings_of_former_times_the_least_counts(agreed):
    feeds = FEEDS.decoded(read(two_feeds(agreed, **{"hour: 150": "day: 9000"})))
    arrivals = {name: one for name, feed in feeds.items() for one in feed.arrivals if isinstance(one, RestArrival)}
    assert budgets_of(arrivals) == {"hris.example": Budget(hour=150, day=9000)}


OAUTH = "auth: {type: oauth2, token_url: URL/oauth/token, client_id: northgate, secret: HRIS_CLIENT}"


@pytest.fixture
def by_token(share, hris):
    """Both feeds ask with tokens."""
    return lambda **second: share(("auth: {type: key, secret: HRIS_KEY}", OAUTH.replace("URL", hris.url)), **second)


def test_feeds_that_share_an_account_share_its_token(by_token, hris, minutes):
    by_token()
    minutes(3)
    assert {"leavers" in path for path in hris.calls("updatedSince")} == {True, False}
    assert hris.tokens == 1


def test_two_feeds_that_need_a_token_at_once_fetch_one(by_token, hris, office, minutes):
    by_token()
    minutes()
    hris.tokens, hris.asked[:] = 0, []
    both = list(sources(office).values())
    with office.db.firm(both[0].home.firm_id) as session:
        session.execute(text("UPDATE rest_sources SET token = NULL, token_until = NULL"))
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda one: ask(office, one, one.arrival.list.path, {}, "poll").body, both))
    assert len(found) == 2
    assert hris.tokens == 1


def test_a_token_that_the_provider_refuses_is_used_by_no_feed_any_more(by_token, hris, office, minutes):
    by_token()
    minutes()
    hris.revoked = hris.tokens
    both = list(sources(office).values())
    with pytest.raises(Unanswered):
        ask(office, both[0], both[0].arrival.list.path, {}, "poll")
    fetched = hris.tokens
    for one in both:
        assert ask(office, one, one.arrival.list.path, {}, "poll").body
    assert hris.tokens == fetched + 1


def test_feeds_of_an_account_with_logins_of_their_own_have_tokens_of_their_own(by_token, hris, minutes):
    by_token(**{"secret: HRIS_CLIENT}": "secret: HRIS_CLIENT, scope: leavers}"})
    minutes(3)
    assert hris.tokens == 2
