"""A session that is used goes on, for twelve hours at most."""

import re
from datetime import timedelta

import pytest
from helpers.callers import ME, PASSWORD
from helpers.signing_in import EMAIL, at, bearer, cookies_of, me, sign_in

from gateway.db.models import StaffSession
from gateway.domain.access import sessions
from gateway.domain.access.accounts import deactivate_staff, find_staff, set_password

pytestmark = pytest.mark.usefixtures("with_password")


def test_a_session_that_is_used_goes_on_for_twelve_hours_at_most(http, monkeypatch):
    mine = bearer(sign_in(http))
    for minutes in range(50, 12 * 60, 50):
        at(monkeypatch, minutes)
        assert me(http, mine).status_code == 200, minutes
    at(monkeypatch, 12 * 60 - 1)
    assert me(http, mine).status_code == 200
    at(monkeypatch, 12 * 60 + 1)
    assert me(http, mine).status_code == 401


def test_a_session_that_was_used_ends_an_hour_after_that(http, monkeypatch):
    mine = bearer(sign_in(http))
    at(monkeypatch, 40)
    assert me(http, mine).status_code == 200
    at(monkeypatch, 99)
    assert me(http, mine).status_code == 200
    at(monkeypatch, 160)
    assert me(http, mine).status_code == 401


def expiry(db):
    with db.system() as session:
        return session.query(StaffSession).one().expires_at


def test_a_session_is_written_every_five_minutes_at_most(http, db, monkeypatch):
    mine, first = bearer(sign_in(http)), expiry(db)
    for minutes in (1, 4):
        at(monkeypatch, minutes)
        assert me(http, mine).status_code == 200
        assert expiry(db) == first
    at(monkeypatch, 6)
    assert me(http, mine).status_code == 200
    assert timedelta(minutes=5, seconds=50) < expiry(db) - first < timedelta(minutes=6, seconds=30)


@pytest.mark.parametrize("how", ["signed out", "deactivated", "another password"])
def test_a_session_that_goes_on_ends_at_once_all_the_same(http, office, tenants, monkeypatch, how):
    mine = bearer(sign_in(http))
    at(monkeypatch, 50)
    assert me(http, mine).status_code == 200
    at(monkeypatch, 90)
    if how == "signed out":
        assert http.post("/v1/auth/logout", headers=mine).status_code == 204
    else:
        with office.acting(tenants.northgate, ME) as acting:
            one = find_staff(acting, EMAIL)
            deactivate_staff(acting, one) if how == "deactivated" else set_password(acting, one, "a new long one")
    assert me(http, mine).status_code == 401
    with office.db.firm(tenants.northgate) as session:
        session_id = session.query(StaffSession).one().id
        assert sessions.renew(session, session_id) is None
    assert me(http, mine).status_code == 401


def in_a_browser(answer):
    """The header with both cookies of a new session, and the CSRF token."""
    token, csrf = answer.json()["access_token"], answer.json()["csrf_token"]
    return {"Cookie": f"__Host-gateway_session={token}; __Host-gateway_csrf={csrf}"}, csrf


def test_a_browser_is_given_its_cookies_again_when_the_session_goes_on(http, monkeypatch):
    signed_in = sign_in(http)
    cookies, csrf = in_a_browser(signed_in)
    assert cookies_of(me(http, cookies)) == {}
    at(monkeypatch, 30)
    again = cookies_of(me(http, cookies))
    assert again == cookies_of(signed_in), "the same values, for another hour"
    assert cookies_of(me(http, cookies)) == {}, "not at each request"
    at(monkeypatch, 80)
    answer = http.put("/v1/me/password", json={"current": PASSWORD, "new": "another-fig-tree-lamp"}, headers=cookies)
    assert answer.status_code == 403, "the CSRF token is asked for still"
    assert cookies_of(answer) == {}
    body = {"current": PASSWORD, "new": "another-fig-tree-lamp"}
    answer = http.put("/v1/me/password", json=body, headers=cookies | {"X-CSRF-Token": csrf})
    assert (answer.status_code, set(cookies_of(answer))) == (204, set(again))


def test_a_browser_that_signs_out_is_given_no_cookie_again(http, monkeypatch):
    cookies, csrf = in_a_browser(sign_in(http))
    at(monkeypatch, 30)
    answer = http.post("/v1/auth/logout", headers=cookies | {"X-CSRF-Token": csrf})
    assert len(answer.headers.get_list("set-cookie")) == 2
    assert all("Max-Age=0" in one for one in cookies_of(answer).values())


def test_cookies_end_with_the_session_and_a_strange_csrf_cookie_is_not_given_again(http, monkeypatch):
    cookies, _ = in_a_browser(sign_in(http))
    for minutes in (*range(45, 12 * 60 - 60, 50), 12 * 60 - 70):
        at(monkeypatch, minutes)
        assert me(http, cookies).status_code == 200
    at(monkeypatch, 12 * 60 - 20)
    token_only = cookies["Cookie"].partition(";")[0] + "; __Host-gateway_csrf=somebody-elses"
    [(name, one)] = cookies_of(me(http, {"Cookie": token_only})).items()
    seconds = int(re.search(r"Max-Age=(\d+)", one)[1])
    assert (name, 1150 < seconds <= 1200) == ("__Host-gateway_session", True)


def test_a_token_in_a_header_brings_no_cookies(http, monkeypatch):
    mine = bearer(sign_in(http))
    at(monkeypatch, 30)
    assert cookies_of(me(http, mine)) == {}
