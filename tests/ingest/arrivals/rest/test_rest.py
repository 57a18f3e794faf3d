"""Pulling an HRIS: who changed, whom notices named, the past; budgets, failures, and answers out of order."""

import base64
import hmac
import itertools
import json
import os
import threading
from datetime import timedelta

import pytest
from helpers.callers import asking
from helpers.inbox import ME
from helpers.moving import Day
from helpers.servers import until
from helpers.webhooks import post, signed

from gateway import clock
from gateway.domain.partners.homes import find_home
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.wings import office_of
from ingest.arrivals.rest import control, pulling
from ingest.arrivals.rest.answers import records_in
from ingest.arrivals.rest.asking import ask
from ingest.arrivals.rest.sources import all_sources

_numbers = itertools.count(1)


def sources(office):
    with office.db.system() as session:
        return [*all_sources(session)]


def salaries(inbox):
    return {key: int(value) for key, value in inbox.clients().items()}


def row(inbox, columns):
    [found] = inbox.sql(f"SELECT {columns} FROM rest_sources")
    return found


def account(inbox, columns):
    [found] = inbox.sql(f"SELECT {columns} FROM rest_accounts")
    return found


def test_who_changed_is_asked_for_again_and_again_and_becomes_records(hris, connect, minutes):
    inbox = connect()
    minutes()
    assert salaries(inbox) == {}
    hris.change("E1", 50_000)
    minutes(5)
    assert salaries(inbox) == {"E1": 50_000}
    hris.change("E1", 60_000)
    hris.change("E2", 70_000)
    minutes(5)
    assert salaries(inbox) == {"E1": 60_000, "E2": 70_000}
    assert len(hris.calls("updatedSince=2026-05-04")) < 10
    assert inbox.sql("SELECT DISTINCT via FROM files") == [("rest",)]
    actors = inbox.sql("SELECT DISTINCT actor_kind, actor, origin FROM audit_log WHERE action = 'import.receive'")
    assert actors == [("system", "rest", hris.url)]


def test_an_answer_speaks_of_the_instant_at_which_it_was_asked_for(hris, connect, minutes):
    inbox = connect()
    hris.change("E1", 50_000)
    minutes()
    [(asked_at,)] = inbox.sql("SELECT as_of FROM imports")
    assert asked_at == hris.asked[0][0]


# ------------------------------------------------------------------------------------------------ notices


@pytest.fixture
def notice(opened):
    """Sends signed calls that say who changed."""
    with asking(opened) as http:

        def send(*people, call_id=None, body=None):
            body = body or json.dumps({"data": [{"employeeId": one} for one in people]}).encode()
            return post(http, body, signed(body, call_id or f"msg_{next(_numbers)}"), "/v1/webhooks/acme/workers")

        yield send


def test_whom_a_notice_names_is_asked_about_at_once(hris, connect, minutes, day, notice):
    inbox = connect()
    minutes()
    hris.change("E 1/ü?", 50_000)
    answer = notice("E 1/ü?", "E9")
    assert (answer.status_code, answer.json()) == (200, {"people": 2})
    day.work()
    assert salaries(inbox) == {"E 1/ü?": 50_000}
    assert set(hris.calls("/v1/employees/")) == {"/v1/employees/E%201%2F%C3%BC%3F", "/v1/employees/E9"}
    assert inbox.sql("SELECT count(*) FROM rest_persons WHERE person IS NOT NULL OR noticed_at IS NOT NULL") == [(0,)]


def test_a_notice_that_comes_again_asks_nobody(hris, connect, minutes, day, notice, all_rows):
    connect()
    minutes()
    hris.change("E1", 50_000)
    assert notice("E1", call_id="msg_a").json() == {"people": 1}
    assert "E1" not in "".join(all_rows()["rest_persons"]), "ids wait encrypted"
    day.work()
    again = notice("E1", call_id="msg_a")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    day.work()
    assert len(hris.calls("/v1/employees/E1")) == 1


def test_notices_in_any_order_end_in_the_newest_state(hris, connect, minutes, day, notice):
    inbox = connect()
    minutes()
    told = [notice_of(number) for number in range(3)]
    for salary in (50_000, 60_000, 70_000):
        day.move(seconds=1)
        hris.change("E1", salary)
    for body in reversed(told):
        notice(body=body)
    day.work()
    assert salaries(inbox) == {"E1": 70_000}


def notice_of(number):
    return json.dumps({"event": number, "data": {"employeeId": "E1"}}).encode()


def test_an_older_answer_that_comes_late_overwrites_nothing(hris, connect, minutes, day, office):
    """One process asked, stood still, and stores its answer when another has asked and stored since."""
    inbox = connect(('    as_of: {file_name: "workers_%Y-%m-%dT%H%M%S%z.json"}\n', ""))
    minutes()
    [source] = sources(office)
    answers = []
    for salary in (50_000, 60_000):
        day.move(seconds=10)
        hris.change("E1", salary)
        answers.append(ask(office, source, "/v1/employees", {}, "poll"))
    for told in reversed(answers):
        pulling._store(office, source, told, records_in(told.body, source.records), lambda _: None)
        day.work()
    assert salaries(inbox) == {"E1": 60_000}
    assert inbox.sql("SELECT counts -> 'rows' -> 'stale' FROM imports ORDER BY as_of") == [(1,), (0,)]


def test_a_poll_reconciles_what_notices_missed_and_answers_those_that_wait(hris, connect, minutes, day, notice):
    inbox = connect(
        ('person: {path: "/v1/employees/{id}", record: data.employee}', "target: 15"),
        ("        target: 15\n      - {via", "      - {via"),
    )
    minutes()
    hris.change("E1", 50_000)
    hris.change("E2", 60_000)
    assert notice("E1").json() == {"people": 1}
    minutes()
    assert salaries(inbox) == {"E1": 50_000, "E2": 60_000}
    assert hris.calls("/v1/employees/") == []
    assert inbox.sql("SELECT count(noticed_at) FROM rest_persons") == [(0,)]


def test_nobody_is_asked_about_more_often_than_the_budget_of_a_person_allows(hris, connect, minutes, day, notice):
    inbox = connect(("budget: {hour: 150}", "budget: {hour: 150, person: 2}"))
    minutes()
    for salary in (50_000, 60_000, 70_000):
        hris.change("E1", salary)
        notice("E1")
        day.work()
    assert len(hris.calls("/v1/employees/E1")) == 2
    minutes(5)
    assert salaries(inbox) == {"E1": 70_000}, "the poll tells"
    day.move(days=1)
    notice("E1")
    day.work()
    assert len(hris.calls("/v1/employees/E1")) == 3


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"[" * 2_000, json.dumps({"data": [{"employeeId": n} for n in range(1_001)]}).encode()]
)
def test_a_notice_that_cannot_be_read_is_told_so(connect, minutes, opened, body):
    connect()
    content = b"msg_1." + str(int(clock.now().timestamp())).encode() + b"." + body
    sign = base64.b64encode(hmac.new(b"the newest of all secrets", content, "sha256").digest()).decode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(clock.now().timestamp())),
        "webhook-signature": f"v1,{sign}",
    }
    with asking(opened) as http:
        answer = post(http, body, headers, "/v1/webhooks/acme/workers")
    assert (answer.status_code, answer.json()["error"]) == (400, "notice_unreadable")


def test_a_notice_that_comes_while_somebody_is_asked_about_waits_on(hris, connect, minutes, day, notice):
    inbox = connect()
    minutes()
    hris.change("E1", 50_000)
    real = hris._told

    def told(*request):
        answer = real(*request)
        hris._told = real
        day.move(seconds=1)  # the answer is on its way when the person changes once more
        hris.people["E1"] |= {"salary": 60_000}
        threading.Thread(target=notice, args=["E1"]).start()
        until(lambda: inbox.sql("SELECT count(*) FROM webhook_calls") == [(2,)])
        return answer

    hris._told = told
    notice("E1")
    day.work()
    assert len(hris.calls("/v1/employees/E1")) == 2
    assert salaries(inbox) == {"E1": 60_000}


def test_a_notice_that_comes_while_the_last_one_is_answered_is_seen_to_right_after(connect, minutes, notice, office):
    """Whoever answers has seen that nobody waits any more, and has not ended yet."""
    inbox = connect()
    minutes()
    notice("E1")
    running = Claims(office.db, "urgent", "tests", timedelta(minutes=5)).next()
    pulling.PULL.handler(Handling(office, running))
    notice("E2")
    notice("E3")
    pulls = "SELECT state FROM jobs WHERE kind = 'rest.pull' AND state <> 'done' ORDER BY state"
    assert inbox.sql(pulls) == [("running",), ("waiting",)]


def test_no_clock_asks_an_hris_whose_name_is_one_for_examples(hris, connect, minutes):
    inbox = connect((hris.url, "https://api.hooli.example"))
    minutes(3)
    assert inbox.sql("SELECT count(*) FROM jobs WHERE kind LIKE 'rest.%%' AND kind <> 'rest.look'") == [(0,)]


def test_a_notice_that_names_nobody_is_taken(connect, notice):
    connect()
    assert notice(body=b'{"ping": true}').json() == {"people": 0}


# ------------------------------------------------------------------------------------------------ the past


def fill(hris, count, *, days):
    """So many people, who changed evenly within so many days before now."""
    for number in range(count):
        hris.change(f"P{number:04}", 40_000, clock.now() - timedelta(days=days) * (number + 1) / (count + 1))


def test_the_past_is_read_in_windows_that_work_backwards_and_then_all_before_them(hris, connect, minutes):
    inbox = connect()
    fill(hris, 300, days=100)
    minutes(12)
    assert len(salaries(inbox)) == 300
    asked = [path for path in hris.calls("updatedBefore") if "cursor" not in path]
    assert [path.partition("?")[2].count("updatedSince") for path in asked] == [1, 1, 1, 0]
    assert row(inbox, "history_done_at IS NOT NULL") == (True,)
    minutes(3)
    assert len(hris.calls("updatedBefore")) == len(set(hris.calls("updatedBefore"))), "no page is read twice"


def test_without_windows_the_past_is_one_list(hris, connect, minutes):
    inbox = connect(("until: updatedBefore, ", ""))
    fill(hris, 120, days=100)
    minutes(5)
    assert len(salaries(inbox)) == 120
    assert row(inbox, "history_done_at IS NOT NULL") == (True,)
    assert hris.calls("updatedBefore") == []


def test_the_past_waits_while_somebody_waits_today(hris, connect, minutes, day, notice):
    connect()
    fill(hris, 100, days=10)
    day.move(minutes=1)
    with_poll = len(hris.calls("updatedBefore"))
    minutes()
    assert len(hris.calls("updatedBefore")) == with_poll, "the first look polls"
    hris.is_away = True
    notice("E1")
    minutes(2)
    assert len(hris.calls("updatedBefore")) == with_poll
    hris.is_away = False
    minutes(8)
    assert len(hris.calls("updatedBefore")) > with_poll


def test_whoever_is_killed_between_two_pages_goes_on_with_the_next(hris, connect, minutes, day):
    inbox = connect()
    minutes()
    for number in range(170):
        hris.change(f"E{number:03}", 50_000)
    real, asked = hris._page, []

    def page(query):
        if "updatedBefore" in query:
            return real(query)
        asked.append(query.get("cursor", "/").partition("/")[2])
        if len(asked) == 3:
            raise ConnectionAbortedError
        return real(query)

    hris._page = page
    minutes(5)
    assert asked == ["", "E049", "E099"]
    minutes()
    assert asked == ["", "E049", "E099", "E099", "E149"]
    assert len(salaries(inbox)) == 170


def test_a_page_that_the_hris_does_not_know_any_more_begins_the_list_anew(hris, connect, minutes):
    inbox = connect()
    minutes()
    for number in range(120):
        hris.change(f"E{number}", 50_000)
    hris.size = 50
    real = hris._told

    def told(method, parts, headers, body):
        if "cursor=" in parts.query and not any("gone" in path for path in hris.calls()):
            hris.asked.append((clock.now(), "gone"))
            return 410, {}, b"{}"
        return real(method, parts, headers, body)

    hris._told = told
    minutes(7)
    assert len(salaries(inbox)) == 120


def test_pages_may_be_numbered(hris, connect, minutes):
    hris.by_number = True
    inbox = connect(("{by: cursor, parameter: cursor, next: meta.next}", "{by: page, parameter: page, size: 50}"))
    minutes()
    for number in range(100):
        hris.change(f"E{number}", 50_000)
    minutes(6)
    assert len(salaries(inbox)) == 100
    assert [path[-6:] for path in hris.calls("page=")] == ["page=2", "page=3"]


# ------------------------------------------------------------------------------------------------ failures


def test_ten_failures_in_a_row_open_the_breaker_and_one_call_tries_after_five_minutes(hris, connect, minutes):
    inbox = connect(("target: 15", "target: 3"), ("hour: 150", "hour: 1000"))
    minutes()
    hris.is_away = True
    before = len(hris.asked)
    minutes(10)
    assert len(hris.asked) == before + 10
    assert account(inbox, "opened_at IS NOT NULL") == (True,)
    assert row(inbox, "last_problem") == ("The HRIS answered 500.",)
    minutes(4)
    assert len(hris.asked) == before + 10
    minutes(6)
    assert len(hris.asked) == before + 12, "one each five minutes"
    hris.is_away = False
    hris.change("E1", 50_000)
    minutes(5)
    assert salaries(inbox) == {"E1": 50_000}
    assert account(inbox, "failures, opened_at") == (0, None)
    assert row(inbox, "last_problem") == (None,)


def test_half_of_the_calls_of_five_minutes_open_the_breaker(hris, connect, minutes, day, notice):
    inbox = connect()
    minutes()
    hris.change("E1", 50_000)
    for fails in [0, 1, 1] * 5:
        hris.answers = [(500, {})] * fails
        notice("E1")
        day.work()
    assert account(inbox, "failures < 10") == (True,)
    assert account(inbox, "opened_at IS NOT NULL") == (True,)


@pytest.mark.parametrize(
    ("status", "said", "wait"),
    [(429, "120", 2), (503, "180", 3), (429, None, 1), (429, "Mon, 04 May 2026 08:10:00 GMT", 9), (429, "soon", 1)],
)
def test_an_hris_that_asks_to_be_left_alone_is(hris, connect, minutes, status, said, wait):
    connect()
    hris.answers = [(status, {"Retry-After": said} if said else {})]
    minutes()
    assert len(hris.asked) == 1
    minutes(wait - 1)
    assert len(hris.asked) == 1
    minutes()
    assert len(hris.asked) == 2


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"data": {"employees": 5}}', b'{"data": 7}', b"\xff"])
def test_an_answer_that_is_not_as_agreed_is_a_failure(hris, connect, minutes, body):
    inbox = connect()
    hris._page = lambda _: body
    minutes()
    assert "did not answer as agreed" in row(inbox, "last_problem")[0]
    assert inbox.sql("SELECT count(*) FROM imports") == [(0,)]


def test_a_page_that_follows_itself_does_not_go_on_for_ever(hris, connect, minutes):
    inbox = connect()
    hris._page = lambda _: b'{"meta": {"next": "7"}, "data": {"employees": []}}'
    minutes()
    assert len(hris.asked) == 2
    assert "the next one is the same" in row(inbox, "last_problem")[0]


def test_a_secret_that_is_missing_is_told_and_nobody_is_asked(hris, connect, minutes, opened):
    (opened.secrets_dir / "northgate" / "HRIS_KEY").unlink()
    inbox = connect()
    minutes()
    assert "NORTHGATE__HRIS_KEY" in row(inbox, "last_problem")[0]
    assert hris.asked == []


def test_tokens_are_fetched_with_the_clients_secret_used_until_they_end_and_kept_encrypted(
    hris, connect, minutes, all_rows
):
    oauth = "auth: {type: oauth2, token_url: URL/oauth/token, client_id: northgate, secret: HRIS_CLIENT}"
    inbox = connect(("auth: {type: key, secret: HRIS_KEY}", oauth.replace("URL", hris.url)))
    minutes()
    hris.change("E1", 50_000)
    minutes(5)
    assert salaries(inbox) == {"E1": 50_000}
    assert len(hris.calls("/oauth/token")) == 1
    assert "token-1" not in "".join(all_rows()["rest_sources"])
    hris.revoked = hris.tokens  # and the first one is not good any more
    minutes(6)
    assert len(hris.calls("/oauth/token")) == 2
    minutes(20)
    assert len(hris.calls("/oauth/token")) == 3, "it lasts 15 minutes"


def test_a_private_address_is_refused_unless_the_operator_allows_it(hris, connect, minutes, db, settings, monkeypatch):
    inbox = connect()
    closed = Day(office_of(db, settings), monkeypatch, clock.now())
    closed.minute(pulling.LOOK)
    assert hris.asked == []
    assert "this machine itself" in row(inbox, "last_problem")[0]


# ------------------------------------------------------------------------------------------------ budgets, a day


@pytest.mark.parametrize(("most", "span", "target"), [(20, "hour", 60), (120, "day", 720)])
def test_a_budget_is_never_exceeded_and_polls_have_their_part_of_it(
    hris, connect, minutes, day, notice, most, span, target
):
    inbox = connect(("hour: 150", f"{span}: {most}"), ("target: 15", f"target: {target}"))
    minutes()
    people = [f"E{number}" for number in range(most * 2)]
    for person in people:
        hris.change(person, 50_000)
    notice(*people)
    day.work()
    assert len(hris.asked) == most * 80 // 100
    hris.size = 1_000
    day.move(minutes=target / 3)
    minutes()
    assert len(salaries(inbox)) == most * 2, "the next poll brings everybody"
    notice("somebody")
    day.work()
    assert hris.calls("/somebody") == []
    day.move(**{f"{span}s": 1})
    notice("somebody")
    day.work()
    assert len(hris.calls("/somebody")) == 1
    assert hris.busiest(timedelta(**{f"{span}s": 1})) <= most


def test_a_disconnected_hris_is_not_asked_and_goes_on_where_it_was(hris, connect, minutes, office):
    inbox = connect()
    minutes()
    home = find_home(office, "acme")
    with office.acting(home.firm_id, ME) as acting:
        control.disconnect(acting, control.find(office, home, "workers"))
    before = len(hris.asked)
    hris.change("E1", 50_000)
    minutes(20)
    assert len(hris.asked) == before
    with office.acting(home.firm_id, ME) as acting:
        control.reconnect(acting, control.find(office, home, "workers"))
    minutes()
    assert salaries(inbox) == {"E1": 50_000}
    acts = inbox.sql("SELECT action FROM audit_log WHERE action LIKE 'arrival.%%' ORDER BY id")
    assert acts == [("arrival.disconnect",), ("arrival.reconnect",)]


PEOPLE = int(os.environ.get("HRIS_PEOPLE", "1500"))  # 5000 takes minutes


@pytest.mark.timeout(600)
def test_a_history_behind_a_budget_never_delays_a_change_of_today(hris, connect, minutes, notice):
    """Of 5,000 people five hours in fast motion, two of them without an answer.

    Every third notice gets lost, the others come twice, late and in the wrong order; who changed changes again.
    """
    inbox, span = connect(), PEOPLE * 300 // 5_000
    hris.hourly, hris.size = 150, 40
    fill(hris, PEOPLE, days=100)
    changed, away, late, held = {}, range(span // 5, span * 3 // 5), [], []
    for minute in range(span):
        hris.is_away = minute in away
        if minute % 4 == 0:
            person, salary = f"P{minute // 8 * 259 % PEOPLE:04}", 50_000 + minute
            hris.change(person, salary)
            changed[person] = (salary, minute)
            held += [person, person] if minute % 3 else []
        if minute % 12 == 11:
            while held:
                notice(held.pop())
        minutes()
        for person, salary in inbox.sql(PAY, list(changed)):
            if changed[person][0] == salary:
                late.append((changed[person][1], minute))
                del changed[person]
    minutes(15)  # what changed last has its target too
    in_peace = [here - since for since, here in late if since + 15 < away.start or since >= away.stop]
    through = [here for since, here in late if away.start - 15 <= since < away.stop]
    assert max(in_peace) <= 15
    assert max(through) <= away.stop + 15, "what changed meanwhile is here soon after"
    assert {person for person, (_, since) in changed.items() if since < span - 15} == set(), "nothing is lost"
    assert hris.busiest() <= 150
    assert hris.refused == 0
    assert salaries(inbox) == {person: told["salary"] for person, told in hris.people.items()}, "the newest, of all"
    assert row(inbox, "history_done_at IS NOT NULL") == (True,)


PAY = "SELECT employee_id, annual_salary::int FROM clients WHERE employee_id = ANY(%s)"
