"""Who follows an import hears of it as long as they may, and not a moment longer; over real sockets."""

import json
import threading
import time
from contextlib import contextmanager

import pytest
from helpers.callers import ME
from sqlalchemy import text

from gateway.domain.access.accounts import deactivate_staff, find_staff, set_password
from gateway.domain.people import walls
from gateway.domain.people.walls import NewWall

BOUND = 8  # seconds, within which a stream must have ended; it looks every two


def sent(web, headers):
    answer = web.post("/v1/files", files={"file": ("roster_20260301.csv", b"EMP_ID\nE1\n")}, headers=headers)
    return answer.json()["imports"][0]["status_url"]


@contextmanager
def following(web, url, headers):
    with web.stream("GET", f"{url}/events", headers=headers) as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        assert next(lines) == "event: progress"
        yield lines


def left_of(lines):
    """What comes until the stream ends: the names of events with what they tell, and the seconds that it took."""
    begun, told = time.monotonic(), [line for line in lines if line]
    names = [line.removeprefix("event: ") for line in told if line.startswith("event: ")]
    return (
        names,
        [json.loads(line.removeprefix("data: ")) for line in told[1:] if line.startswith("data: ")],
        (time.monotonic() - begun),
    )


def sql(office, statement, **values):
    with office.db.system() as session:
        session.execute(text(statement), values)


def a_wall(office, tenants):
    with office.acting(tenants.northgate, ME) as acting:
        walls.add(acting, NewWall(tenants.staff["viewer"], None, tenants.acme, "her brother works there"))


def somebody(office, tenants, change):
    with office.acting(tenants.northgate, ME) as acting:
        change(acting, find_staff(acting, "viewer@northgate.example"))


ENDINGS = {
    "the key is revoked": ("key", lambda o, _: sql(o, "UPDATE credentials SET revoked_at = gateway_now()")),
    "the key expires": ("key", lambda o, _: sql(o, "UPDATE credentials SET expires_at = gateway_now()")),
    "the key may see less": ("key", lambda o, _: sql(o, "UPDATE credentials SET scopes = '{files:write}'")),
    "the partner ends": ("key", lambda o, _: sql(o, "UPDATE partners SET status = 'deactivated'")),
    "the partner's firm ends": ("key", lambda o, _: sql(o, "UPDATE firms SET status = 'deactivated'")),
    "the session is ended": ("staff", lambda o, _: sql(o, "UPDATE sessions SET ended_at = gateway_now()")),
    "the session expires": ("staff", lambda o, _: sql(o, "UPDATE sessions SET expires_at = gateway_now()")),
    "the password changes": ("staff", lambda o, t: somebody(o, t, lambda a, s: set_password(a, s, "a new long one"))),
    "the person leaves": ("staff", lambda o, t: somebody(o, t, deactivate_staff)),
    "the firm ends": ("staff", lambda o, _: sql(o, "UPDATE firms SET status = 'deactivated'")),
    "a wall is put up": ("staff", a_wall),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_stream_ends_with_what_let_it_begin(web, acme_key, as_staff, office, tenants, ending):
    whose, act = ENDINGS[ending]
    url = sent(web, acme_key)
    with following(web, url, acme_key if whose == "key" else as_staff("viewer")) as lines:
        act(office, tenants)
        names, told, seconds = left_of(lines)
    assert (names, seconds < BOUND) == (["closed"], True)
    assert set(told[-1]) == {"message"}


def test_a_stream_ends_when_its_owner_signs_out(web, acme_key, as_staff):
    viewer, url = as_staff("viewer"), sent(web, acme_key)
    with following(web, url, viewer) as lines:
        assert web.post("/v1/auth/logout", headers=viewer).status_code == 204
        names, _, seconds = left_of(lines)
    assert (names, seconds < BOUND) == (["closed"], True)


def test_an_event_after_the_end_is_not_told(web, acme_key, office, tenants):
    url = sent(web, acme_key)
    with following(web, url, acme_key) as lines:
        with office.db.system() as session:  # both at once, so that the news of the one meets the other
            session.execute(text("UPDATE credentials SET revoked_at = gateway_now()"))
            session.execute(text("UPDATE imports SET state = 'refused', finished_at = gateway_now()"))
            session.execute(text("NOTIFY gateway_progress"))
        names, *_ = left_of(lines)
    assert names == ["closed"]


def test_others_streams_go_on_and_following_prolongs_no_session(web, acme_key, as_staff, office, tenants):
    url, viewer, admin = sent(web, acme_key), as_staff("viewer"), as_staff("admin")
    sql(office, "UPDATE sessions SET expires_at = gateway_now() + interval '20 minutes'")
    with following(web, url, viewer) as walled, following(web, url, admin) as lines, following(web, url, acme_key):
        before = expiries(office)
        threading.Timer(0.1, a_wall, (office, tenants)).start()
        assert left_of(walled)[0] == ["closed"]
        assert expiries(office) == before
        sql(office, "UPDATE imports SET state = 'refused', finished_at = gateway_now()")
        assert left_of(lines)[0] == ["end"]


def expiries(office):
    with office.db.system() as session:
        return session.execute(text("SELECT id, expires_at FROM sessions ORDER BY id")).all()
