"""Admins let people in, give them roles and let them in no more; a firm keeps one admin at least."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers.callers import ME
from helpers.servers import until
from helpers.signing_in import bearer, me, sign_in
from sqlalchemy import select

from gateway.db.models import AuditEntry
from gateway.domain.access import accounts
from gateway.errors import Conflict

pytestmark = pytest.mark.usefixtures("with_password")
URL = "/v1/staff"
ANA = {"email": " Ana@Northgate.example", "name": "Ana Li", "role": "paralegal"}
VIEWER = "viewer@northgate.example"


@pytest.fixture
def admin(as_staff):
    return as_staff("admin")


@pytest.fixture
def viewer(tenants) -> str:
    return f"{URL}/{tenants.staff['viewer']}"


def test_somebody_new_signs_in_with_the_password_that_one_answer_shows(http, admin):
    made = http.post(URL, json=ANA, headers=admin)
    told = made.json()
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert (told["email"], told["role"], told["active"]) == ("ana@northgate.example", "paralegal", True)
    assert sign_in(http, told["password"], told["email"]).status_code == 200
    again = http.get(made.headers["location"], headers=admin).json()
    assert again == {name: value for name, value in told.items() if name != "password"}


def test_a_lost_answer_comes_again_and_nobody_is_there_twice(http, admin):
    keyed = admin | {"Idempotency-Key": "one"}
    first, second = (http.post(URL, json=ANA, headers=keyed) for _ in range(2))
    assert (second.json(), second.headers["idempotency-replayed"]) == (first.json(), "true")
    assert http.post(URL, json=ANA, headers=admin).json()["error"] == "staff_exists"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"email": "ana"}, "email_wrong"),
        ({"role": "boss"}, "role_unknown"),
        ({"email": "a@b.c\x00"}, "invalid_request"),
    ],
)
def test_what_cannot_be_is_refused_and_nobody_is_added(http, admin, wrong, code):
    assert http.post(URL, json=ANA | wrong, headers=admin).json()["error"] == code
    assert len(http.get(URL, headers=admin).json()["data"]) == 4


def test_a_role_counts_from_the_next_request_on(http, admin, viewer, db):
    theirs = bearer(sign_in(http, email=VIEWER))
    assert http.get("/v1/audit", headers=theirs).status_code == 403
    assert http.put(f"{viewer}/role", json={"role": "admin"}, headers=admin).json()["role"] == "admin"
    assert http.get("/v1/audit", headers=theirs).status_code == 200
    http.put(f"{viewer}/role", json={"role": "admin"}, headers=admin)
    with db.system() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "staff.role"))
    assert (entry.changes[0]["old"], entry.changes[0]["new"]) == ({"role": "viewer"}, {"role": "admin"})


def test_whoever_is_let_in_no_more_is_out_at_once_until_let_in_again(http, admin, viewer):
    theirs = bearer(sign_in(http, email=VIEWER))
    assert http.post(f"{viewer}/deactivations", headers=admin).json()["active"] is False
    assert me(http, theirs).status_code == 401
    assert sign_in(http, email=VIEWER).status_code == 401
    shown = [http.get(URL, params={"active": word}, headers=admin).json()["data"] for word in ("false", "true")]
    assert ([one["email"] for one in shown[0]], len(shown[1])) == ([VIEWER], 3)
    assert http.post(f"{viewer}/reactivations", headers=admin).json()["active"] is True
    assert sign_in(http, email=VIEWER).status_code == 200
    assert me(http, theirs).status_code == 401


def test_whoever_forgot_the_password_gets_another_and_sessions_end(http, admin, viewer):
    theirs = bearer(sign_in(http, email=VIEWER))
    made = http.post(f"{viewer}/passwords", headers=admin)
    assert made.headers["cache-control"] == "no-store"
    assert (me(http, theirs).status_code, sign_in(http, email=VIEWER).status_code) == (401, 401)
    assert sign_in(http, made.json()["password"], VIEWER).status_code == 200


def test_somebody_is_signed_out_everywhere_and_may_come_back(http, admin, viewer):
    theirs = [bearer(sign_in(http, email=VIEWER)) for _ in range(2)]
    assert http.delete(f"{viewer}/sessions", headers=admin).status_code == 204
    assert [me(http, one).status_code for one in theirs] == [401, 401]
    assert (me(http, admin).status_code, sign_in(http, email=VIEWER).status_code) == (200, 200)


def test_nobody_takes_the_last_admin_from_a_firm(http, admin, tenants, viewer):
    only = f"{URL}/{tenants.staff['admin']}"
    for refused in (
        http.put(f"{only}/role", json={"role": "viewer"}, headers=admin),
        http.post(f"{only}/deactivations", headers=admin),
    ):
        assert (refused.status_code, refused.json()["error"]) == (409, "last_admin")
    http.put(f"{viewer}/role", json={"role": "admin"}, headers=admin)
    http.post(f"{viewer}/deactivations", headers=admin)  # who is let in no more does not count
    assert http.post(f"{only}/deactivations", headers=admin).status_code == 409
    http.post(f"{viewer}/reactivations", headers=admin)
    assert http.post(f"{only}/deactivations", headers=admin).status_code == 200


def test_two_who_take_each_others_leave_at_once_leave_one(office, tenants, locks):
    with office.acting(tenants.northgate, ME) as acting:
        accounts.change_role(acting, accounts.find_staff(acting, VIEWER), "admin")

    def demoted(email: str) -> None:
        with office.acting(tenants.northgate, ME) as acting:
            accounts.change_role(acting, accounts.find_staff(acting, email), "viewer")

    with ThreadPoolExecutor(1) as pool:
        with office.acting(tenants.northgate, ME) as acting:
            accounts.change_role(acting, accounts.find_staff(acting, VIEWER), "paralegal")
            acting.session.flush()
            second = pool.submit(demoted, "admin@northgate.example")
            until(locks.waiting)
        with pytest.raises(Conflict, match="only admin"):
            second.result(20)


def test_another_firms_people_are_not_there_and_others_may_not(http, as_staff, viewer):
    for method, path in (("GET", ""), ("POST", "/deactivations"), ("POST", "/passwords"), ("DELETE", "/sessions")):
        assert http.request(method, viewer + path, headers=as_staff("stranger")).status_code == 404
        assert http.request(method, viewer + path, headers=as_staff("attorney")).status_code == 403
    told = http.get(URL, headers=as_staff("stranger")).text
    assert "northgate" not in told
