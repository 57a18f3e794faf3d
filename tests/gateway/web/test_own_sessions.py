"""People see where they are signed in, and end what they left open; nobody ends anybody else's."""

from __future__ import annotations

import pytest
from helpers.callers import asking
from helpers.signing_in import bearer, me, sign_in
from sqlalchemy import select

from gateway.db.models import AuditEntry

pytestmark = pytest.mark.usefixtures("with_password")
URL = "/v1/me/sessions"


def test_one_is_told_where_one_is_signed_in_and_which_is_this(http, settings):
    with asking(settings, "10.9.9.9") as elsewhere:
        first = bearer(sign_in(elsewhere))
    here = bearer(sign_in(http))
    sign_in(http, email="viewer@northgate.example")
    told = http.get(URL, headers=here).json()
    assert [(one["origin"], one["is_this"]) for one in told] == [("10.0.0.1", True), ("10.9.9.9", False)]
    assert [one["is_this"] for one in http.get(URL, headers=first).json()] == [False, True]


def test_one_of_them_ends_at_once_and_the_others_go_on(http, db):
    left_open, here = bearer(sign_in(http)), bearer(sign_in(http))
    other = next(one for one in http.get(URL, headers=here).json() if not one["is_this"])
    assert http.delete(f"{URL}/{other['id']}", headers=here).status_code == 204
    assert (me(http, left_open).status_code, me(http, here).status_code) == (401, 200)
    assert len(http.get(URL, headers=here).json()) == 1
    assert http.delete(f"{URL}/{other['id']}", headers=here).status_code == 404
    with db.system() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "session.end"))
        assert entry.changes == [
            {"kind": "session", "id": other["id"], "action": "ended", "old": {"origin": "10.0.0.1"}}
        ]


def test_all_others_end_and_this_one_goes_on(http):
    others, here = [bearer(sign_in(http)) for _ in range(2)], bearer(sign_in(http))
    colleague = bearer(sign_in(http, email="viewer@northgate.example"))
    assert http.delete(URL, headers=here).status_code == 204
    assert [me(http, one).status_code for one in (*others, here, colleague)] == [401, 401, 200, 200]


def test_a_colleagues_session_is_not_there(http):
    theirs = bearer(sign_in(http, email="viewer@northgate.example"))
    [one] = http.get(URL, headers=theirs).json()
    assert http.delete(f"{URL}/{one['id']}", headers=bearer(sign_in(http))).status_code == 404
    assert me(http, theirs).status_code == 200
